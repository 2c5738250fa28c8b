/** The SQL of call costs, by group and in total. */
import type { Page, PageInput } from '../../core/page.ts';
import { makeBindings } from '../../db/bindings.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import type { CallFilter } from './call-filter.ts';
import { GROUP_COLUMNS, type Grouping, type GroupRow } from './call-group.ts';
import type { SummedCalls } from './call-sums.ts';
import { orderOf, pageOfGroups, placeOf, selectGroups } from './group-page-store.ts';
import { fromCalls, fromDays, fromEither, SUMS } from './source-store.ts';

type SpendRow = GroupRow & SummedCalls;

export interface SpendPage extends Page<SpendRow> {
  /** Over all groups, not only the page's. */
  readonly total: SummedCalls;
}

/** The sums over all groups, repeated on each row. */
interface WholeRow {
  readonly all_call_count: number;
  readonly all_cost_count: number;
  readonly all_total_cost: string;
  readonly all_input_tokens: string;
  readonly all_output_tokens: string;
}

const WHOLE = `coalesce(sum(call_count), 0)::bigint AS all_call_count, coalesce(sum(cost_count), 0)::bigint AS all_cost_count,
  coalesce(sum(total_cost), 0) AS all_total_cost, coalesce(sum(input_tokens), 0) AS all_input_tokens,
  coalesce(sum(output_tokens), 0) AS all_output_tokens`;

/** Groupings that the daily statistics do not have. */
const isOfCalls = (grouping: Grouping): boolean => grouping === 'project' || grouping === 'application';

// One statement reads the total and the page, so they cover the same calls.
export async function listSpend(
  tx: LedgerTransaction,
  filter: CallFilter,
  grouping: Grouping,
  page: PageInput,
): Promise<SpendPage> {
  const bindings = makeBindings();
  const columns = GROUP_COLUMNS[grouping];
  const order = { largest: grouping === 'day' ? null : 'total_cost' };
  const source = isOfCalls(grouping) ? fromCalls(filter, bindings) : fromEither(filter, bindings);
  const rows = await tx.query<SpendRow & WholeRow & { readonly page_key: string | null }>(
    `WITH grouped AS (
       SELECT ${columns.join(', ')}, ${SUMS}, ${placeOf(columns)} FROM ${source} GROUP BY ${columns.join(', ')}
     ), whole AS (SELECT ${WHOLE} FROM grouped)
     SELECT * FROM whole LEFT JOIN (${selectGroups('grouped', order, page, bindings)}) AS page ON true
     ORDER BY ${orderOf(order)}`,
    bindings.values,
  );
  const [first] = rows;
  if (!first) throw new Error('a sum has one row');
  const groups = rows.flatMap((row) => (row.page_key === null ? [] : [{ ...row, page_key: row.page_key }]));
  return { ...pageOfGroups(groups, page), total: totalOf(first) };
}

const totalOf = (row: WholeRow): SummedCalls => ({
  call_count: row.all_call_count,
  cost_count: row.all_cost_count,
  total_cost: row.all_total_cost,
  input_tokens: row.all_input_tokens,
  output_tokens: row.all_output_tokens,
});

/** The sums over several filters; no call may match two of them. */
export async function sumSpend(
  tx: LedgerTransaction,
  parts: readonly { readonly of: 'days' | 'calls'; readonly filter: CallFilter }[],
): Promise<SummedCalls> {
  const bindings = makeBindings();
  const sources = parts.map(({ of, filter }) => {
    const source = of === 'days' ? fromDays(filter, bindings) : fromCalls(filter, bindings);
    return `SELECT calls, costed, cost, prompt, completion FROM ${source}`;
  });
  const [row] = await tx.query<SummedCalls>(
    `SELECT ${SUMS} FROM (${sources.join(' UNION ALL ')}) AS parts`,
    bindings.values,
  );
  if (!row) throw new Error('a sum has one row');
  return row;
}
