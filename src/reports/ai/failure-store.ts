/** The SQL of calls that did not succeed. */
import type { Page, PageInput } from '../../core/page.ts';
import { makeBindings } from '../../db/bindings.ts';
import { columns, type RowOf } from '../../db/columns.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import type { Row } from '../../db/rows.ts';
import type { CallFilter } from './call-filter.ts';
import { pageOfGroups, placeOf, selectGroups } from './group-page-store.ts';
import { fromEither, fromGenerations } from './source-store.ts';

const NAMES = ['status', 'error_code', 'provider', 'model'] as const;
const GROUP = columns('ai_generations', NAMES);

export interface FailureRow extends Readonly<RowOf<typeof GROUP>> {
  readonly calls: number;
  /** All calls of the model, whatever their status. */
  readonly model_calls: number;
  readonly users: number;
  readonly first_seen: Row<'ai_generations'>['occurred_at'];
  readonly last_seen: Row<'ai_generations'>['occurred_at'];
  /** The message of the last failure. */
  readonly last_message: Row<'ai_generations'>['error_message'];
}

const ORDER = { largest: 'calls' };

// `newest` is the greatest text of a call's time, organisation and id, so that only its message is looked up.
export async function listFailures(
  tx: LedgerTransaction,
  filter: CallFilter,
  page: PageInput,
): Promise<Page<FailureRow>> {
  const bindings = makeBindings();
  const { status: _, error_code: __, ...ofModels } = filter;
  const rows = await tx.query<FailureRow & { page_key: string }>(
    `WITH failed AS (
       SELECT ${GROUP}, count(*) AS calls,
         count(DISTINCT (organisation_id, user_id)) FILTER (WHERE user_id IS NOT NULL) AS users,
         min(occurred_at) AS first_seen, max(occurred_at) AS last_seen,
         max((to_char(occurred_at AT TIME ZONE 'UTC', 'YYYYMMDDHH24MISSUS ') || organisation_id || ' ' || c.id) COLLATE "C") AS newest,
         ${placeOf(NAMES)}
       FROM ${fromGenerations(filter, `${GROUP}, organisation_id, user_id, occurred_at, id`, bindings, 'failures')}
       GROUP BY ${GROUP}
     ), page AS (${selectGroups('failed', ORDER, page, bindings)}
     ), models AS (
       SELECT provider, model, sum(calls)::bigint AS model_calls FROM ${fromEither(ofModels, bindings)} GROUP BY provider, model
     )
     SELECT page.*, model_calls, (
         SELECT error_message FROM ai_generations WHERE organisation_id = split_part(newest, ' ', 2)::uuid
           AND id = split_part(newest, ' ', 3)::uuid LIMIT 1) AS last_message
     FROM page JOIN models USING (provider, model) ORDER BY calls DESC, place`,
    bindings.values,
  );
  return pageOfGroups(rows, page);
}
