/** Reads what an issue, a credit and a payment left in the tables, to check that the row counts are exact. */
import { expect } from 'vitest';
import type { Suite } from '../../invoicing/ledger-of-suite.ts';

/** Runs statements one after the other on the owner's single connection. */
export function rowsIn(suite: Suite) {
  let before: Promise<unknown> = Promise.resolve();
  return async (text: string, values: readonly unknown[] = []) => {
    const result = before.then(() => suite.owner.query(text, [...values]));
    before = result.catch(() => undefined);
    return (await result).rows;
  };
}
export type Rows = ReturnType<typeof rowsIn>;

/** Checks that each series of each financial year is numbered 1 to n. Returns n for each series. */
export async function readSeries(
  rowsOf: Rows,
  table: 'invoices' | 'credit_notes',
): Promise<Record<string, number>> {
  const column = table === 'invoices' ? 'invoice_number' : 'credit_note_number';
  const rows = await rowsOf(
    `SELECT ${column} AS number FROM ${table} WHERE ${column} IS NOT NULL ORDER BY 1`,
  );
  const series = Map.groupBy(rows, ({ number }) => number.slice(0, -7));
  for (const [name, numbered] of series) {
    expect(numbered.map(({ number }) => number)).toEqual(
      numbered.map((_, index) => `${name}-${String(index + 1).padStart(6, '0')}`),
    );
  }
  return Object.fromEntries([...series].map(([name, numbered]) => [name, numbered.length]));
}

export const invoicesOf = (rowsOf: Rows, month: number) =>
  rowsOf(
    `SELECT i.organisation_id, i.status, i.total, i.issued_at, i.due_date::text,
       (SELECT count(*)::int FROM documents d WHERE d.subject_id = i.id AND d.model->>'number' = i.invoice_number) AS documents,
       (SELECT count(*)::int FROM outbox o JOIN documents d ON d.id::text = o.payload->>'document_id'
        WHERE d.subject_id = i.id AND o.topic = 'document.render') AS renders,
       (SELECT count(*)::int FROM outbox o JOIN documents d ON d.id::text = o.payload->>'document_id'
        WHERE d.subject_id = i.id AND o.topic = 'email.send') AS emails,
       (SELECT count(*)::int FROM outbox o WHERE o.topic = 'invoice.finalized'
        AND o.payload->>'invoice_id' = i.id::text AND o.payload->>'invoice_number' = i.invoice_number) AS announced,
       (SELECT count(*)::int FROM audit_logs a WHERE a.entity_id = i.id::text AND a.action = 'invoice.finalize') AS audited,
       (SELECT count(*)::int FROM usage_adjustments a WHERE a.invoice_id = i.id) AS claimed,
       (SELECT count(*)::int FROM usage_adjustments a WHERE a.source_invoice_id = i.id) AS carried,
       (SELECT count(*)::int FROM credit_notes n WHERE n.organisation_id = i.organisation_id AND n.status = 'proposed') AS proposed,
       (SELECT array_agg(concat_ws(' ', l.kind, l.metric_name, l.total) ORDER BY l.line_number)
        FROM invoice_line_items l WHERE l.invoice_id = i.id) AS lines,
       (SELECT sum(l.total - l.discount_amount + l.tax_amount) = i.total
        FROM invoice_line_items l WHERE l.invoice_id = i.id) AS adds_up
     FROM invoices i WHERE i.month = $1 ORDER BY i.id`,
    [month],
  );

export const notesOf = (rowsOf: Rows, invoiceId: string) =>
  rowsOf(
    `SELECT n.id, n.total,
       (SELECT count(*)::int FROM credit_note_lines l WHERE l.credit_note_id = n.id) > 0 AS has_lines,
       (SELECT sum(l.total - l.discount_amount + l.tax_amount) = n.total
        FROM credit_note_lines l WHERE l.credit_note_id = n.id) AS adds_up,
       (SELECT count(*)::int FROM documents d WHERE d.subject_id = n.id AND d.model->>'number' = n.credit_note_number) AS documents,
       (SELECT array_agg(o.topic ORDER BY o.topic) FROM outbox o
        WHERE o.topic <> 'invoice.paid' AND (o.payload->>'credit_note_id' = n.id::text
          OR o.payload->>'document_id' = (SELECT d.id::text FROM documents d WHERE d.subject_id = n.id))) AS topics,
       (SELECT count(*)::int FROM audit_logs a WHERE a.entity_id = n.id::text AND a.action = 'credit_note.issue') AS audited
     FROM credit_notes n WHERE n.invoice_id = $1 AND n.status = 'issued' ORDER BY n.total`,
    [invoiceId],
  );
export const NOTED = {
  has_lines: true,
  adds_up: true,
  documents: 1,
  topics: ['credit_note.issued', 'document.render', 'email.send'],
  audited: 1,
};
export const paidOf = async (rowsOf: Rows, id: string) => {
  const [row] = await rowsOf(
    `SELECT status, (SELECT count(*)::int FROM outbox o WHERE o.topic = 'invoice.paid' AND o.payload->>'invoice_id' = i.id::text) AS told,
       (SELECT count(*)::int FROM audit_logs a WHERE a.action = 'invoice.paid' AND a.entity_id = i.id::text) AS audited
     FROM invoices i WHERE id = $1`,
    [id],
  );
  return row;
};
