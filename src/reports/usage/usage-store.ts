/** The SQL of usage for customers and admins. */
import { METERED_METRICS } from '../../ai/metered-quantities.ts';
import type { Page, PageInput } from '../../core/page.ts';
import { isDay } from '../../core/time.ts';
import { columns, matching, type RowOf } from '../../db/columns.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import { listRows } from '../../db/list-rows.ts';
import type { Row } from '../../db/rows.ts';

export interface UsageFilter {
  readonly organisation_id: string;
  readonly project_id: string;
  readonly metric_name?: string | undefined;
  readonly unit?: string | undefined;
  /**
   * [from, to): RFC 3339 instants, or days in the organisation's time zone. The hour that contains `from` is
   * included in full.
   */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

export interface UsageRow {
  /** The local hour's first instant, the local day, or the month as `YYYY-MM`. */
  readonly period: string;
  readonly metric_name: Row<'usage_hourly'>['metric_name'];
  readonly unit: Row<'usage_hourly'>['unit'];
  readonly total_value: Row<'usage_hourly'>['total_value'];
  readonly event_count: Row<'usage_hourly'>['event_count'];
}

const PERIODS = {
  hour: `to_char(hour AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.000"Z"')`,
  day: `to_char(day, 'YYYY-MM-DD')`,
  month: `to_char(day, 'YYYY-MM')`,
} as const;

export type Granularity = keyof typeof PERIODS;

const FIRST_DAY = '0001-01-01';
const LAST_DAY = '9999-12-31';

/** Includes adjustments: usage that arrived after its period was closed is still usage. */
export async function listUsage(
  tx: LedgerTransaction,
  filter: UsageFilter,
  granularity: Granularity,
  page: PageInput,
): Promise<Page<UsageRow>> {
  const period = PERIODS[granularity];
  const { from = FIRST_DAY, to = LAST_DAY } = filter;
  const within = `organisation_id = $1 AND project_id = $2
    AND ${isDay(from) ? 'day >= $3::date' : "hour > $3::timestamptz - interval '1 hour'"}
    AND ${isDay(to) ? 'day < $4::date' : 'hour < $4::timestamptz'}`;
  return await listRows<UsageRow>(
    tx,
    {
      select: 'period, metric_name, unit, trim_scale(total_value)::text AS total_value, event_count',
      from: `(SELECT period, metric_name, unit, sum(quantity) AS total_value, sum(event_count)::bigint AS event_count,
           jsonb_build_array(period, metric_name, unit)::text COLLATE "C" AS place
         FROM (
           SELECT ${period} AS period, metric_name, unit, total_value AS quantity, event_count
           FROM usage_hourly WHERE ${within}
           UNION ALL
           SELECT ${period}, metric_name, unit, quantity, event_count
           FROM usage_adjustments WHERE kind = 'late' AND ${within}
         ) used GROUP BY period, metric_name, unit) AS usage`,
      values: [filter.organisation_id, filter.project_id, from, to],
      filters: [
        ['metric_name =', filter.metric_name],
        ['unit =', filter.unit],
      ],
      key: 'place',
      order: 'asc',
    },
    page,
  );
}

export type UsageAggregate = Readonly<Row<'usage_aggregates'>>;

const OF_METRIC = columns('usage_aggregates', ['organisation_id', 'id', 'project_id', 'metric_name', 'unit']);
const OF_MONTH = columns('usage_aggregates', ['event_count', 'year', 'month', 'created_at', 'updated_at']);

interface TenantFilter {
  readonly organisation_id?: string | undefined;
  readonly project_id?: string | undefined;
}

export interface UsageAggregateFilter extends TenantFilter {
  readonly metric_name?: string | undefined;
  readonly unit?: string | undefined;
  readonly year?: number | undefined;
  readonly month?: number | undefined;
}

export const listUsageAggregates = (
  tx: LedgerTransaction,
  filter: UsageAggregateFilter,
  page: PageInput,
): Promise<Page<UsageAggregate>> =>
  listRows<UsageAggregate>(
    tx,
    {
      select: `${OF_METRIC}, trim_scale(total_value)::text AS total_value, ${OF_MONTH}`,
      from: 'usage_aggregates',
      filters: matching('usage_aggregates', filter, [
        'organisation_id',
        'project_id',
        'metric_name',
        'unit',
        'year',
        'month',
      ]),
      key: 'id',
      order: 'asc',
    },
    page,
  );

export interface UsageEventFilter extends TenantFilter {
  readonly metric_name?: string | undefined;
  readonly user_id?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** The views have the columns of the table for events other than AI calls. */
const WHICH = columns('usage_events', ['organisation_id', 'project_id', 'id', 'metric_name']);
const WHEN = columns('usage_events', [
  'unit',
  'timestamp',
  'user_id',
  'metadata',
  'idempotency_key',
  'ingested_at',
  'day',
  'adjustment_id',
]);
type EventRow = RowOf<typeof WHICH> & RowOf<typeof WHEN> & Pick<Row<'usage_events'>, 'metric_value'>;

export const listUsageEvents = (
  tx: LedgerTransaction,
  filter: UsageEventFilter,
  page: PageInput,
): Promise<Page<EventRow>> =>
  listRows<EventRow>(
    tx,
    {
      select: `${WHICH}, trim_scale(metric_value)::text AS metric_value, ${WHEN}`,
      // Filtered by one of these metrics, each call has at most one row; unfiltered, its rows would share an id.
      from: METERED_METRICS.some((metric) => metric === filter.metric_name)
        ? 'metered_events'
        : 'counted_events',
      filters: [
        ...matching('usage_events', filter, ['organisation_id', 'project_id', 'metric_name', 'user_id']),
        ['timestamp >=', filter.from],
        ['timestamp <', filter.to],
      ],
      key: 'id',
      order: 'asc',
    },
    page,
  );

export interface ConflictFilter extends TenantFilter {
  readonly kind?: string | undefined;
  readonly idempotency_key?: string | undefined;
}

const CONFLICT = columns('event_conflicts', [
  'organisation_id',
  'project_id',
  'id',
  'idempotency_key',
  'kind',
  'fingerprint',
  'event',
  'first_event_id',
  'received_at',
  'created_at',
]);

export const listEventConflicts = (
  tx: LedgerTransaction,
  filter: ConflictFilter,
  page: PageInput,
): Promise<Page<RowOf<typeof CONFLICT>>> =>
  listRows<RowOf<typeof CONFLICT>>(
    tx,
    {
      select: CONFLICT,
      from: 'event_conflicts',
      filters: matching('event_conflicts', filter, [
        'organisation_id',
        'project_id',
        'kind',
        'idempotency_key',
      ]),
      key: 'id',
      order: 'asc',
    },
    page,
  );

export interface QuarantineFilter extends TenantFilter {
  readonly reason?: string | undefined;
}

const QUARANTINED = columns('event_quarantine', [
  'id',
  'shard',
  'organisation_id',
  'project_id',
  'idempotency_key',
  'event',
  'reason',
  'detail',
  'received_at',
  'resolved_at',
  'created_at',
]);

export const listQuarantine = (
  tx: LedgerTransaction,
  filter: QuarantineFilter,
  page: PageInput,
): Promise<Page<RowOf<typeof QUARANTINED>>> =>
  listRows<RowOf<typeof QUARANTINED>>(
    tx,
    {
      select: QUARANTINED,
      from: 'event_quarantine',
      filters: matching('event_quarantine', filter, ['organisation_id', 'project_id', 'reason']),
      key: 'id',
      order: 'asc',
    },
    page,
  );
