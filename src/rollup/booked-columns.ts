/** The columns that a drain writes, in statement order. */
import { columns } from '../db/columns.ts';

export const KEY = columns('event_keys', [
  'organisation_id',
  'project_id',
  'idempotency_key',
  'event_id',
  'fingerprint',
  'occurred_at',
  'ingested_at',
]);
export const OWNED = columns('event_keys', ['project_id', 'idempotency_key', 'event_id', 'fingerprint'], 'k');
export const EVENT = columns('usage_events', [
  'organisation_id',
  'id',
  'project_id',
  'metric_name',
  'metric_value',
  'unit',
  'timestamp',
  'user_id',
  'metadata',
  'idempotency_key',
  'ingested_at',
  'hour',
  'day',
  'adjustment_id',
]);
const USED = ['organisation_id', 'project_id', 'metric_name', 'unit'] as const;
const TOTALS = ['total_value', 'event_count'] as const;
export const HOUR = columns('usage_hourly', [...USED, 'hour', 'day', ...TOTALS]);
export const DAY = columns('usage_daily', [...USED, 'day', ...TOTALS, 'updated_at']);
export const MONTH = columns('usage_aggregates', [
  'organisation_id',
  'id',
  'project_id',
  'metric_name',
  'unit',
  'year',
  'month',
  ...TOTALS,
]);
export const ADJUSTMENT = columns('usage_adjustments', [
  'id',
  ...USED,
  'hour',
  'day',
  'year',
  'month',
  'quantity',
  'event_count',
  'kind',
  'created_at',
]);
export const KNOWN = columns('event_conflicts', [
  'organisation_id',
  'id',
  'project_id',
  'idempotency_key',
  'kind',
  'fingerprint',
  'event',
  'first_event_id',
  'received_at',
]);
export const QUARANTINED = columns('event_quarantine', [
  'id',
  'organisation_id',
  'project_id',
  'idempotency_key',
  'event',
  'keyed',
  'reason',
  'detail',
  'received_at',
  'shard',
]);
export const BATCH = columns('rollup_batches', [
  'shard',
  'stream',
  'epoch',
  'from_seq',
  'to_seq',
  'n_in',
  'n_counted',
  'n_duplicate',
  'n_conflict',
  'n_quarantined',
  'committed_at',
]);
