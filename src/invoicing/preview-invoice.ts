import { notFound } from '../core/error.ts';
import { isUuid } from '../core/id.ts';
import type { Ctx } from '../db/ctx.ts';
import { holdSnapshot, tenant } from '../db/ledger.ts';
import type { CreateInvoiceInput } from './create-invoice.ts';
import { decideInvoice } from './decide-invoice.ts';
import { type InvoicePreview, openBalance } from './invoice.ts';
import { loadPeriod } from './load-billing.ts';
import { loadInvoice } from './load-invoice.ts';
import { findAccount } from './store.ts';

/**
 * What the month's draft would be now, down to the last line; without lines if there is nothing to bill. Saves
 * nothing. A price that changes within the month gives separate segments, each rated in full and without proration.
 * Throws `not_found`, `currency_mismatch`.
 */
export async function previewInvoice(ctx: Ctx, input: CreateInvoiceInput): Promise<InvoicePreview> {
  const { organisation_id } = input;
  if (!isUuid(organisation_id)) throw notFound('organisation');
  return await ctx.ledger.transaction(tenant(organisation_id), async (tx) => {
    await holdSnapshot(tx);
    const account = await findAccount(tx, organisation_id, input, false);
    if (!account) throw notFound('organisation');
    const { period } = await loadPeriod(tx, account, input);
    const options = { invoiceId: account.draft_id, at: ctx.now, lock: 'none' } as const;
    const loaded = await loadInvoice(tx, account, period, options);

    const { content } = decideInvoice(loaded);
    return {
      ...period,
      id: null,
      billing_entity_id: account.billing_entity_id,
      invoice_number: null,
      status: 'preview',
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
      created_at: null,
      updated_at: null,
    };
  });
}
