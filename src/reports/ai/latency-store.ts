/** The SQL of call durations. */
import type { Page, PageInput } from '../../core/page.ts';
import { makeBindings } from '../../db/bindings.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import type { Row } from '../../db/rows.ts';
import type { CallFilter } from './call-filter.ts';
import { GROUP_COLUMNS, type Grouping, type GroupRow } from './call-group.ts';
import { orderOf, pageOfGroups, placeOf, selectGroups } from './group-page-store.ts';
import { fromGenerations } from './source-store.ts';

/** Milliseconds; null if no duration in the group is known. */
export interface Latency {
  readonly calls: number;
  /** The number of calls with a duration; the figures cover only these. */
  readonly timed_calls: number;
  readonly p50: number | null;
  readonly p95: number | null;
  /** Half away from zero. */
  readonly avg: number | null;
  readonly max: Row<'ai_generations'>['duration_ms'];
}

// One sort for both percentiles.
const FIGURES = `count(*) AS calls, count(duration_ms) AS timed_calls, sum(duration_ms) AS duration, max(duration_ms) AS max,
  percentile_disc(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY duration_ms) AS percentiles`;

export async function listLatency(
  tx: LedgerTransaction,
  filter: CallFilter,
  grouping: Grouping,
  page: PageInput,
): Promise<Page<GroupRow & Latency>> {
  const bindings = makeBindings();
  const columns = GROUP_COLUMNS[grouping];
  const order = { largest: grouping === 'day' ? null : 'calls' };
  const source = fromGenerations(filter, `${columns.join(', ')}, duration_ms`, bindings);
  const rows = await tx.query<GroupRow & Latency & { page_key: string }>(
    `WITH grouped AS (
       SELECT ${columns.join(', ')}, ${FIGURES}, ${placeOf(columns)} FROM ${source} GROUP BY ${columns.join(', ')}
     )
     SELECT page.*, percentiles[1] AS p50, percentiles[2] AS p95,
       div(2 * duration + timed_calls, NULLIF(2 * timed_calls, 0))::bigint AS avg
     FROM (${selectGroups('grouped', order, page, bindings)}) AS page ORDER BY ${orderOf(order)}`,
    bindings.values,
  );
  return pageOfGroups(rows, page);
}
