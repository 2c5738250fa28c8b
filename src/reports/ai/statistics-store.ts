/** The SQL of daily statistics per user. */
import { type Page, type PageInput, pageOf } from '../../core/page.ts';
import { makeBindings } from '../../db/bindings.ts';
import { columns } from '../../db/columns.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import type { Row } from '../../db/rows.ts';
import type { CallFilter } from './call-filter.ts';
import { COMPLETION_TOKENS, dayConditions, organisationsOf, PROMPT_TOKENS } from './source-store.ts';

/** One user's calls of one type or model on one day. */
export interface PartOfDay {
  readonly requests: number;
  readonly success: number;
  readonly failed: number;
  readonly tokens: string;
  readonly cost: string;
}

type StatisticsRow = Row<'ai_statistics_daily'>;

export interface DayStatistics
  extends Readonly<
    Pick<StatisticsRow, 'organisation_id' | 'total_requests' | 'success_requests' | 'failed_requests'>
  > {
  /** Derived from the organisation, the day and the user. */
  readonly id: string;
  readonly user_id: StatisticsRow['user_id'] | null;
  readonly date: StatisticsRow['day'];
  readonly total_prompt_tokens: string;
  readonly total_completion_tokens: string;
  readonly total_tokens: string;
  readonly total_cost: string;
  readonly scene_stats: Readonly<Record<string, PartOfDay>>;
  readonly model_stats: Readonly<Record<string, PartOfDay>>;
  /** Milliseconds, half away from zero, over calls with a known duration; null if there are none. */
  readonly avg_duration: number | null;
  readonly updated_at: StatisticsRow['updated_at'];
}

const KEY = columns('ai_statistics_daily', ['day', 'organisation_id', 'user_id']);
const TOKENS = `sum(${PROMPT_TOKENS} + ${COMPLETION_TOKENS})`;
const NEWEST_FIRST = 'ORDER BY day DESC, organisation_id DESC, user_id DESC';

/** A UUID of the free form (version 8), derived from the key. */
const DAY_ID = `overlay(overlay(md5(json_build_array(organisation_id, day, user_id)::text) PLACING '8' FROM 13)
         PLACING 'a' FROM 17)::uuid`;

/** The parts of the page's row `p`, grouped by a column. */
const partsBy = (column: string): string =>
  `(SELECT jsonb_object_agg(name, part) FROM (
     SELECT ${column} AS name, jsonb_build_object('requests', sum(total_requests), 'success', sum(success_requests),
       'failed', sum(failed_requests), 'tokens', ${TOKENS}::text, 'cost', trim_scale(sum(cost_usd))::text) AS part
     FROM ai_statistics_daily s WHERE (s.organisation_id, s.day, s.user_id) = (p.organisation_id, p.day, p.user_id)
     GROUP BY ${column}) AS parts)`;

/** Newest day first. */
export async function listStatistics(
  tx: LedgerTransaction,
  filter: Pick<CallFilter, 'organisation_id' | 'user_id' | 'from' | 'to'>,
  page: PageInput,
): Promise<Page<DayStatistics>> {
  const bindings = makeBindings();
  const { bind } = bindings;
  const organisations = organisationsOf(filter, bindings);
  let conditions = dayConditions(filter, bindings);
  if (page.after !== null) {
    const key = `${bind(page.after)}::jsonb`;
    conditions += ` AND day <= (${key} ->> 0)::date
      AND (${KEY}) < ((${key} ->> 0)::date, (${key} ->> 1)::uuid, ${key} ->> 2)`;
  }
  const limit = bind(page.limit + 1);
  const rows = await tx.query<DayStatistics & { page_key: string }>(
    `SELECT ${DAY_ID} AS id, organisation_id,
       NULLIF(user_id, '') AS user_id, day AS date, total_requests, success_requests, failed_requests,
       prompt::text AS total_prompt_tokens, completion::text AS total_completion_tokens,
       (prompt + completion)::text AS total_tokens, trim_scale(cost)::text AS total_cost,
       ${partsBy('generation_type')} AS scene_stats, ${partsBy('model')} AS model_stats,
       div(2 * duration + timed, NULLIF(2 * timed, 0))::bigint AS avg_duration, updated_at,
       json_build_array(day, organisation_id, user_id)::text AS page_key
     FROM (
       SELECT d.* FROM ${organisations} CROSS JOIN LATERAL (
         SELECT organisation_id, day, user_id, sum(total_requests)::bigint AS total_requests,
           sum(success_requests)::bigint AS success_requests, sum(failed_requests)::bigint AS failed_requests,
           sum(${PROMPT_TOKENS}) AS prompt, sum(${COMPLETION_TOKENS}) AS completion, sum(cost_usd) AS cost,
           sum(duration_ms_sum) AS duration, sum(duration_count) AS timed, max(updated_at) AS updated_at
         FROM ai_statistics_daily WHERE ${conditions}
         GROUP BY organisation_id, day, user_id ${NEWEST_FIRST} LIMIT ${limit}) AS d
       ${NEWEST_FIRST} LIMIT ${limit}
     ) AS p ORDER BY p.day DESC, p.organisation_id DESC, p.user_id DESC`,
    bindings.values,
  );
  const { data, nextAfter } = pageOf(rows, page.limit, (row) => row.page_key);
  return { data: data.map(({ page_key: _, ...row }) => row), nextAfter };
}
