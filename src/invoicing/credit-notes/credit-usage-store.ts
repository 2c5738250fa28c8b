/** The SQL of the late usage that credit notes settle, and of withdrawing it with its invoice. */
import { bareArray } from '../../db/array-literal.ts';
import { columns, type RowOf, updateOf } from '../../db/columns.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import { ADJUSTMENT, type AdjustmentRow } from '../book-store.ts';
import type { CreditedAdjustment, CreditNoteRow } from './credit-note.ts';

/** Assigns late usage to a credit note, also usage claimed by the draft. Returns the number of adjustments. */
export function claimForCreditNote(
  tx: LedgerTransaction,
  { organisation_id, id }: Pick<CreditNoteRow, 'organisation_id' | 'id'>,
  adjustmentIds: readonly string[],
  draftId: string | null,
): Promise<number> {
  const { bind, text, values } = updateOf(
    'usage_adjustments',
    { invoice_id: null, credit_note_id: id },
    { organisation_id, kind: 'late' },
  );
  return tx.execute(
    `${text} AND id = ANY (${bind(bareArray(adjustmentIds))}::uuid[]) AND credit_note_id IS NULL
       AND (invoice_id IS NULL OR invoice_id = ${bind(draftId)})`,
    values,
  );
}

/** The late usage of a credit note, without what it carried over itself. */
export const listCreditedAdjustments = (
  tx: LedgerTransaction,
  organisationId: string,
  creditNoteId: string,
): Promise<CreditedAdjustment[]> =>
  tx.query<AdjustmentRow>(
    `SELECT ${ADJUSTMENT} FROM usage_adjustments
     WHERE organisation_id = $1 AND credit_note_id = $2 AND source_credit_note_id IS DISTINCT FROM $2
     ORDER BY year, month, metric_name, unit, day, id`,
    [organisationId, creditNoteId],
  );

const CLAIMANT = columns('usage_adjustments', ['credit_note_id']);

/**
 * Reopens the late usage of a proposal and voids what it carried over by assigning those rows to the note itself,
 * like voidCarried. Returns the number of rows claimed by an invoice; those are unchanged.
 */
export async function releaseFromCreditNote(
  tx: LedgerTransaction,
  organisationId: string,
  creditNoteId: string,
): Promise<number> {
  await tx.execute(
    `UPDATE usage_adjustments
     SET ${CLAIMANT} = CASE WHEN source_credit_note_id = $2 AND invoice_id IS NULL THEN $2::uuid END
     WHERE organisation_id = $1 AND (credit_note_id = $2 OR source_credit_note_id = $2)`,
    [organisationId, creditNoteId],
  );
  const [row] = await tx.query<{ n: number }>(
    `SELECT count(*) AS n FROM usage_adjustments
     WHERE organisation_id = $1 AND source_credit_note_id = $2 AND invoice_id IS NOT NULL`,
    [organisationId, creditNoteId],
  );
  return row?.n ?? 0;
}

const NOTE = columns('credit_notes', ['id', 'status', 'total'], 'c');

export interface Withdrawal {
  readonly notes: readonly (Pick<CreditNoteRow, 'id' | 'status' | 'total'> & {
    /** Whether another note has the late usage that lowered one of its lines. */
    readonly is_led: boolean;
  })[];
  readonly has_payment: boolean;
}

/** What prevents the cancellation of an invoice. */
export async function readWithdrawal(
  tx: LedgerTransaction,
  organisationId: string,
  invoiceId: string,
): Promise<Withdrawal> {
  const notes = await tx.query<RowOf<typeof NOTE> & Withdrawal['notes'][number]>(
    `WITH lines AS (
       SELECT c.id AS note, c.invoice_id, l.quantity, i.year, i.month, i.pricing_plan_id AS plan
       FROM credit_notes c
       JOIN credit_note_lines l ON l.organisation_id = c.organisation_id AND l.credit_note_id = c.id
       JOIN invoice_line_items i ON i.organisation_id = c.organisation_id AND i.invoice_id = c.invoice_id
         AND i.line_number = l.invoice_line_number
       WHERE c.organisation_id = $1 AND c.origin = 'late_usage')
     SELECT ${NOTE}, EXISTS (SELECT 1 FROM lines led JOIN lines lead USING (year, month, plan)
       WHERE led.note = c.id AND led.quantity = 0 AND lead.invoice_id <> $2 AND lead.quantity <> 0) AS is_led
     FROM credit_notes c WHERE c.organisation_id = $1 AND c.invoice_id = $2 ORDER BY c.id`,
    [organisationId, invoiceId],
  );
  const [balance] = await tx.query<{ has_payment: boolean }>(
    `SELECT paid_total + unapplied_total > 0 AS has_payment FROM invoice_balances
     WHERE organisation_id = $1 AND invoice_id = $2`,
    [organisationId, invoiceId],
  );
  return { notes, has_payment: balance?.has_payment ?? false };
}
