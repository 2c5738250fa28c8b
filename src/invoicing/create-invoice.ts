import { appendAudit } from '../audit/append-audit.ts';
import { AppError, notFound } from '../core/error.ts';
import { isUuid, uuidv7 } from '../core/id.ts';
import { formatInstant, type Month } from '../core/time.ts';
import type { Ctx } from '../db/ctx.ts';
import { tenant } from '../db/ledger.ts';
import { isUniqueViolation } from '../db/sql-state.ts';
import { insertPeriods } from '../rollup/period-store.ts';
import { type BuiltInvoice, buildInvoice } from './build-invoice.ts';
import { assertInvoiceable, claimAdjustments } from './draft.ts';
import type { Invoice } from './invoice.ts';
import { type InvoicePeriod, loadBilling, loadPeriod } from './load-billing.ts';
import { findAccount, insertInvoice } from './store.ts';

export interface CreateInvoiceInput extends Month {
  readonly organisation_id: string;
}

/**
 * Makes the draft of an organisation's month and claims the open adjustments that it shows. Throws `not_found`,
 * `currency_mismatch`, `nothing_to_invoice`, `invoice_exists`.
 */
export async function createInvoice(ctx: Ctx, input: CreateInvoiceInput): Promise<Invoice> {
  const { organisation_id } = input;
  if (!isUuid(organisation_id)) throw notFound('organisation');
  try {
    return await ctx.ledger.transaction(tenant(organisation_id), async (tx) => {
      const account = await findAccount(tx, organisation_id, input, true);
      if (!account) throw notFound('organisation');
      if (account.is_invoiced) throw invoiceExists();
      const { period, toInsert } = await loadPeriod(tx, account, input);
      const built = buildInvoice(await loadBilling(tx, period, null));
      assertInvoiceable(built);

      const invoice = draftOf(ctx, period, account.billing_entity_id, built);
      if (toInsert) await insertPeriods(tx, [toInsert]);
      await insertInvoice(
        tx,
        invoice,
        invoice.line_items.map(() => uuidv7(ctx.now)),
      );
      if (built.claims.size > 0) await claimAdjustments(tx, invoice, built);
      await appendAudit(tx, ctx, {
        organisation_id,
        entity_type: 'invoice',
        entity_id: invoice.id,
        action: 'invoice.create',
        changes: {
          year: invoice.year,
          month: invoice.month,
          total: invoice.total,
          currency: invoice.currency,
        },
      });
      return invoice;
    });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw invoiceExists();
  }
}

const invoiceExists = (): AppError =>
  new AppError('invoice_exists', 'The organisation has an invoice for this month already.');

function draftOf(
  { now }: Ctx,
  period: InvoicePeriod,
  billing_entity_id: string,
  built: BuiltInvoice,
): Invoice {
  return {
    ...period,
    id: uuidv7(now),
    billing_entity_id,
    invoice_number: null,
    status: 'draft',
    total: built.total,
    unpriced: built.unpriced,
    issued_at: null,
    due_date: null,
    paid_at: null,
    cancelled_at: null,
    created_at: formatInstant(now),
    updated_at: formatInstant(now),
    line_items: built.lines,
  };
}
