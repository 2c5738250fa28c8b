/** The SQL behind `locateEvent`. */
import { columns, type RowOf } from '../../db/columns.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import type { Row } from '../../db/rows.ts';
import type { EventPlace } from './event-place.ts';

/** `counted_events` has the columns of the table for events other than AI calls. */
const EVENT = columns(
  'usage_events',
  ['id', 'metric_name', 'metric_value', 'unit', 'timestamp', 'user_id', 'metadata', 'ingested_at', 'day'],
  'e',
);
const QUARANTINED = columns('event_quarantine', ['id', 'reason', 'detail', 'received_at', 'resolved_at']);
const KNOWN = columns('event_conflicts', ['id', 'kind', 'event', 'received_at']);

export interface EventRecord {
  readonly event:
    | (Readonly<RowOf<typeof EVENT>> & {
        /** Further metered quantities of an AI generation; null for any other event. */
        readonly quantities:
          | readonly Pick<Row<'usage_events'>, 'metric_name' | 'unit' | 'metric_value'>[]
          | null;
        readonly aggregate: Pick<Row<'usage_aggregates'>, 'year' | 'month'> | null;
        readonly adjustment: Pick<Row<'usage_adjustments'>, 'id' | 'year' | 'month' | 'day'> | null;
        readonly invoice: Pick<Row<'invoices'>, 'id' | 'invoice_number' | 'status'> | null;
        readonly credit_note: Pick<Row<'credit_notes'>, 'id' | 'credit_note_number' | 'status'> | null;
      })
    | null;
  readonly quarantined: Readonly<RowOf<typeof QUARANTINED>> | null;
  readonly known: readonly Readonly<RowOf<typeof KNOWN>>[];
}

export async function readEventRecord(
  tx: LedgerTransaction,
  { organisation_id, project_id, idempotency_key }: EventPlace,
  hotId: string | null,
): Promise<EventRecord> {
  const key = [organisation_id, project_id, idempotency_key];
  // The key's row gives the timestamp and the partition, so the event is found by index.
  const [event] = await tx.query<NonNullable<EventRecord['event']>>(
    `SELECT ${EVENT},
       (SELECT jsonb_agg(jsonb_build_object('metric_name', m.metric_name, 'unit', m.unit,
           'metric_value', trim_scale(m.metric_value)::text) ORDER BY m.metric_name)
         FROM metered_events m WHERE m.organisation_id = e.organisation_id AND m.id = e.id AND m.ingested_at = e.ingested_at
           AND m.metric_name <> e.metric_name) AS quantities,
       CASE WHEN e.adjustment_id IS NULL THEN jsonb_build_object('year', extract(year FROM e.day)::int,
         'month', extract(month FROM e.day)::int) END AS aggregate,
       CASE WHEN a.id IS NOT NULL THEN jsonb_build_object('id', a.id, 'year', a.year, 'month', a.month, 'day', a.day) END
         AS adjustment,
       (SELECT jsonb_build_object('id', i.id, 'invoice_number', i.invoice_number, 'status', i.status) FROM invoices i
         WHERE i.organisation_id = e.organisation_id AND i.status <> 'cancelled' AND CASE WHEN e.adjustment_id IS NULL
           THEN i.year = extract(year FROM e.day) AND i.month = extract(month FROM e.day) ELSE i.id = a.invoice_id END)
         AS invoice,
       (SELECT jsonb_build_object('id', c.id, 'credit_note_number', c.credit_note_number, 'status', c.status)
         FROM credit_notes c WHERE c.organisation_id = e.organisation_id AND c.id = a.credit_note_id) AS credit_note
     FROM event_keys k JOIN counted_events e ON e.organisation_id = k.organisation_id AND e.project_id = k.project_id
       AND e.timestamp = k.occurred_at AND e.ingested_at = k.ingested_at AND e.id = k.event_id
     LEFT JOIN usage_adjustments a ON a.organisation_id = e.organisation_id AND a.id = e.adjustment_id
     WHERE k.organisation_id = $1 AND k.project_id = $2 AND k.idempotency_key = $3`,
    key,
  );
  const [quarantined] = event
    ? []
    : await tx.query<NonNullable<EventRecord['quarantined']>>(
        `SELECT ${QUARANTINED} FROM event_quarantine
         WHERE organisation_id = $1 AND project_id = $2 AND (idempotency_key = $3 OR id = $4)
         ORDER BY created_at LIMIT 1`,
        [...key, hotId],
      );
  const known = await tx.query<EventRecord['known'][number]>(
    `SELECT ${KNOWN} FROM event_conflicts
     WHERE organisation_id = $1 AND project_id = $2 AND idempotency_key = $3 ORDER BY received_at, id LIMIT 100`,
    key,
  );
  return { event: event ?? null, quarantined: quarantined ?? null, known };
}
