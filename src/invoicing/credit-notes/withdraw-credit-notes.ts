import { appendAudit } from '../../access/audit/append-audit.ts';
import { AppError } from '../../core/error.ts';
import type { Ctx } from '../../db/ctx.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import type { InvoiceRow } from '../invoice.ts';
import { deleteProposal } from './credit-store.ts';
import { readWithdrawal, releaseFromCreditNote } from './credit-usage-store.ts';

/**
 * Withdraws the proposals of an issued invoice that is being cancelled and reopens their late usage. Throws
 * `invalid_state` if the invoice has a payment or an issued note, if a proposal continues the credit of a later
 * invoice, or if a later invoice bills what a proposal carried over.
 */
export async function withdrawCreditNotes(
  tx: LedgerTransaction,
  ctx: Ctx,
  { organisation_id, id: invoice_id }: InvoiceRow,
): Promise<void> {
  const { notes, has_payment } = await readWithdrawal(tx, organisation_id, invoice_id);
  if (has_payment) throw refused('The invoice has a payment. Refund it or credit the invoice instead.');
  if (notes.some((note) => note.status === 'issued'))
    throw refused('The invoice has an issued credit note and cannot be cancelled.');
  if (notes.some((note) => note.is_led))
    throw refused(
      'A proposal on this invoice continues the credit of a later invoice. Cancel the later invoice first.',
    );
  for (const note of notes.filter(({ status }) => status === 'proposed')) {
    const passedOn = await releaseFromCreditNote(tx, organisation_id, note.id);
    if (passedOn > 0)
      throw refused(
        'A later invoice bills a quantity that a proposal on this invoice carried over. Cancel the later invoice first.',
      );
    await deleteProposal(tx, { organisation_id, id: note.id });
    await appendAudit(tx, ctx, {
      organisation_id,
      entity_type: 'credit_note',
      entity_id: note.id,
      action: 'credit_note.withdraw',
      changes: { invoice_id, total: note.total },
    });
  }
}

const refused = (detail: string): AppError => new AppError('invalid_state', detail);
