import { appendAudit } from '../access/audit/append-audit.ts';
import { AppError, notFound } from '../core/error.ts';
import { isUuid, uuidv7 } from '../core/id.ts';
import { formatInstant, type Month } from '../core/time.ts';
import type { Ctx } from '../db/ctx.ts';
import { tenant } from '../db/ledger.ts';
import { isUniqueViolation } from '../db/sql-state.ts';
import { insertPeriods } from '../tenants/period-store.ts';
import { saveProposals } from './credit-notes/save-proposals.ts';
import { decideInvoice, type InvoiceContent } from './decide-invoice.ts';
import { claimAdjustments } from './draft.ts';
import { type Invoice, openBalance } from './invoice.ts';
import { type InvoicePeriod, loadPeriod } from './load-billing.ts';
import { loadInvoice } from './load-invoice.ts';
import { findAccount, insertInvoice } from './store.ts';

export interface CreateInvoiceInput extends Month {
  readonly organisation_id: string;
}

/**
 * Creates the draft for an organisation's month and claims the open adjustments on it. Throws `not_found`,
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
      const options = { invoiceId: null, at: ctx.now, lock: 'none' } as const;
      const loaded = await loadInvoice(tx, account, period, options);

      const decision = decideInvoice(loaded);
      if (decision.refusals.draft) throw decision.refusals.draft;
      const invoice = draftOf(ctx, period, account.billing_entity_id, decision.content);

      const saved = await saveProposals(tx, ctx, decision.proposals, null);
      if (toInsert) await insertPeriods(tx, [toInsert]);
      await insertInvoice(
        tx,
        invoice,
        invoice.line_items.map(() => uuidv7(ctx.now)),
      );
      if (decision.claims.size > 0) await claimAdjustments(tx, invoice, decision, saved);
      for (const entry of saved.audit) await appendAudit(tx, ctx, entry);
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
  new AppError('invoice_exists', 'The organisation already has an invoice for this month.');

function draftOf(
  { now }: Ctx,
  period: InvoicePeriod,
  billing_entity_id: string,
  content: InvoiceContent,
): Invoice {
  return {
    ...period,
    id: uuidv7(now),
    billing_entity_id,
    invoice_number: null,
    status: 'draft',
    ...content,
    ...openBalance({ status: 'draft', total: content.total, currency: period.currency }),
    template_id: null,
    pdf_url: null,
    pdf_sha256: null,
    pdf_generated_at: null,
    issued_at: null,
    due_date: null,
    paid_at: null,
    cancelled_at: null,
    created_at: formatInstant(now),
    updated_at: formatInstant(now),
  };
}
