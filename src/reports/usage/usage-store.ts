/** The SQL of usage as customers and admins read it. */
import { METERED_METRICS } from '../../ai/metered-quantities.ts';
import type { Page, PageInput } from '../../core/page.ts';
import { isDay } from '../../core/time.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import { listRows } from '../../db/list-rows.ts';

export interface UsageFilter {
  readonly organisation_id: string;
  readonly project_id: string;
  readonly metric_name?: string | undefined;
  readonly unit?: string | undefined;
  /** [from, to): RFC 3339 instants, or days of the organisation's zone. An hour that `from` lies in is wholly in. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

export interface UsageRow {
  /** The local hour's first instant, the local day, or the month as `YYYY-MM`. */
  readonly period: string;
  readonly metric_name: string;
  readonly unit: string;
  readonly total_value: string;
  readonly event_count: number;
}

const PERIODS = {
  hour: `to_char(hour AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.000"Z"')`,
  day: `to_char(day, 'YYYY-MM-DD')`,
  month: `to_char(day, 'YYYY-MM')`,
} as const;

export type Granularity = keyof typeof PERIODS;

const FIRST_DAY = '0001-01-01';
const LAST_DAY = '9999-12-31';

/** Usage that came after its period was closed is usage all the same: adjustments are added in. */
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

export interface UsageAggregate {
  readonly organisation_id: string;
  readonly id: string;
  readonly project_id: string;
  readonly metric_name: string;
  readonly unit: string;
  readonly total_value: string;
  readonly event_count: number;
  readonly year: number;
  readonly month: number;
}

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
  listRows(
    tx,
    {
      select:
        'organisation_id, id, project_id, metric_name, unit, trim_scale(total_value)::text AS total_value, event_count, year, month, created_at, updated_at',
      from: 'usage_aggregates',
      filters: [
        ['organisation_id =', filter.organisation_id],
        ['project_id =', filter.project_id],
        ['metric_name =', filter.metric_name],
        ['unit =', filter.unit],
        ['year =', filter.year],
        ['month =', filter.month],
      ],
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

export const listUsageEvents = (
  tx: LedgerTransaction,
  filter: UsageEventFilter,
  page: PageInput,
): Promise<Page<object>> =>
  listRows(
    tx,
    {
      select:
        'organisation_id, project_id, id, metric_name, trim_scale(metric_value)::text AS metric_value, unit, timestamp, user_id, metadata, idempotency_key, ingested_at, day, adjustment_id',
      // By one of these metrics each call has one row at most; together they would share its id.
      from: METERED_METRICS.some((metric) => metric === filter.metric_name)
        ? 'metered_events'
        : 'counted_events',
      filters: [
        ['organisation_id =', filter.organisation_id],
        ['project_id =', filter.project_id],
        ['metric_name =', filter.metric_name],
        ['user_id =', filter.user_id],
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

export const listEventConflicts = (
  tx: LedgerTransaction,
  filter: ConflictFilter,
  page: PageInput,
): Promise<Page<object>> =>
  listRows(
    tx,
    {
      select:
        'organisation_id, project_id, id, idempotency_key, kind, fingerprint, event, first_event_id, received_at, created_at',
      from: 'event_conflicts',
      filters: [
        ['organisation_id =', filter.organisation_id],
        ['project_id =', filter.project_id],
        ['kind =', filter.kind],
        ['idempotency_key =', filter.idempotency_key],
      ],
      key: 'id',
      order: 'asc',
    },
    page,
  );

export interface QuarantineFilter extends TenantFilter {
  readonly reason?: string | undefined;
}

export const listQuarantine = (
  tx: LedgerTransaction,
  filter: QuarantineFilter,
  page: PageInput,
): Promise<Page<object>> =>
  listRows(
    tx,
    {
      select:
        'id, shard, organisation_id, project_id, idempotency_key, event, reason, detail, received_at, resolved_at, created_at',
      from: 'event_quarantine',
      filters: [
        ['organisation_id =', filter.organisation_id],
        ['project_id =', filter.project_id],
        ['reason =', filter.reason],
      ],
      key: 'id',
      order: 'asc',
    },
    page,
  );
