/** The SQL of reminders. Needs platform reach. */
import { columns, type RowOf } from '../../db/columns.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import type { Row } from '../../db/rows.ts';

const OF_ORGANISATION = columns(
  'organisations',
  ['timezone', 'billing_email', 'reminder_days_before', 'reminder_days_after'],
  'o',
);

export interface UnpaidInvoice
  extends Readonly<Pick<Row<'invoices'>, 'organisation_id' | 'id'>>,
    Readonly<RowOf<typeof OF_ORGANISATION>> {
  readonly document_id: Row<'documents'>['id'];
  /** Not null, because the invoice is issued. */
  readonly due_date: NonNullable<Row<'invoices'>['due_date']>;
}

/**
 * Unpaid invoices that may be due a reminder not sent yet, sorted by id. `day` is the day in UTC, and both bounds
 * are one day wider: the organisation's time zone decides its actual day.
 */
export async function listUnpaidInvoices(
  tx: LedgerTransaction,
  page: { readonly day: string; readonly after: string | null; readonly limit: number },
): Promise<UnpaidInvoice[]> {
  return await tx.query<UnpaidInvoice>(
    `SELECT i.organisation_id, i.id, d.id AS document_id, i.due_date, ${OF_ORGANISATION}
     FROM invoices i JOIN organisations o ON o.id = i.organisation_id
     JOIN documents d ON d.organisation_id = i.organisation_id AND d.subject_id = i.id
     JOIN invoice_balances b ON b.organisation_id = i.organisation_id AND b.invoice_id = i.id
     WHERE i.status = 'finalized' AND ($2::uuid IS NULL OR i.id > $2::uuid)
       AND ((i.due_date - o.reminder_days_before <= $1::date + 1 AND i.due_date >= $1::date
           AND ${hasNone('reminder_before')})
         OR (i.due_date + o.reminder_days_after <= $1::date + 1 AND ${hasNone('reminder_after')}))
       AND b.amount_due > 0
     ORDER BY i.id LIMIT $3`,
    [page.day, page.after, page.limit],
  );
}

const hasNone = (kind: string): string =>
  `NOT EXISTS (SELECT 1 FROM outbox x
     WHERE x.organisation_id = i.organisation_id AND x.dedupe_key = '${kind}:' || i.id)`;
