import { appendAudit } from '../access/audit/append-audit.ts';
import { assert } from '../core/error.ts';
import { uuidv7 } from '../core/id.ts';
import { formatInstant } from '../core/time.ts';
import type { Ctx } from '../db/ctx.ts';
import type { LedgerTransaction } from '../db/ledger.ts';
import { insertOutbox } from '../outbox/store.ts';
import type { InvoiceRow } from './invoice.ts';
import { setPaid } from './store.ts';

/** The payment or credit note after which nothing is due, and the date of payment. */
type SettledBy = ({ readonly payment_id: string } | { readonly credit_note_id: string }) & {
  readonly paid_at: string;
};

/** Marks a finalized invoice as paid once nothing is due. Call with the invoice locked. */
export async function markPaid(
  tx: LedgerTransaction,
  ctx: Ctx,
  { organisation_id, id, invoice_number, total, currency }: InvoiceRow,
  by: SettledBy,
): Promise<void> {
  const isPaid = await setPaid(tx, organisation_id, id, by.paid_at);
  assert(isPaid, 'under its lock a finalized invoice stays one');
  await insertOutbox(tx, {
    organisation_id,
    id: uuidv7(ctx.now),
    topic: 'invoice.paid',
    payload: { invoice_id: id, invoice_number, total, currency, ...by },
    created_at: formatInstant(ctx.now),
  });
  await appendAudit(tx, ctx, {
    organisation_id,
    entity_type: 'invoice',
    entity_id: id,
    action: 'invoice.paid',
    changes: { status: { from: 'finalized', to: 'paid' }, ...by },
  });
}
