/** The SQL of individual calls. */
import { type Page, type PageInput, pageOf } from '../../core/page.ts';
import { makeBindings } from '../../db/bindings.ts';
import { columns } from '../../db/columns.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import type { Row } from '../../db/rows.ts';
import type { CallFilter } from './call-filter.ts';
import { COMPLETION_TOKENS, callScope, organisationsOf, PROMPT_TOKENS } from './source-store.ts';

/** A call as stored in the ledger, without payloads; the last three token columns are sums of the others. */
export interface ListedGeneration
  extends Readonly<Pick<Row<'ai_generations'>, 'organisation_id' | 'project_id' | 'id'>> {
  /** The file with its payloads; null while they are in the ledger, if there are none, and for a deleted user. */
  readonly archive_id: Row<'ai_generations'>['archive_id'];
  readonly [column: string]: unknown;
}

const CALL = columns('ai_generations', [
  'organisation_id',
  'project_id',
  'id',
  'idempotency_key',
  'client_key',
  'provider',
  'model',
  'generation_type',
  'scene_description',
  'user_id',
  'session_id',
  'application_id',
  'sku',
  'request_id',
  'response_id',
  'status',
  'error_code',
  'error_message',
  'duration_ms',
  'service_tier',
  'input_tokens',
  'output_tokens',
  'cache_read_tokens',
  'cache_write_5m_tokens',
  'cache_write_1h_tokens',
  'reasoning_tokens',
  'cost_source',
  'price_ids',
  'input_summary',
  'output_summary',
  'ip_address',
  'user_agent',
  'occurred_at',
  'ingested_at',
  'day',
]);

const SELECTED = `${CALL}, generation_type AS scene, trim_scale(cost_usd)::text AS cost_usd,
  CASE WHEN erased_at IS NULL THEN archive_id END AS archive_id,
  ${PROMPT_TOKENS} AS prompt_tokens, ${COMPLETION_TOKENS} AS completion_tokens,
  ${PROMPT_TOKENS} + ${COMPLETION_TOKENS} AS total_tokens`;
const NEWEST_FIRST = 'ORDER BY occurred_at DESC, id DESC';

/** Newest first. Late arrivals are sorted by when they happened, and move no row from one page to another. */
export async function listGenerations(
  tx: LedgerTransaction,
  filter: CallFilter,
  page: PageInput,
): Promise<Page<ListedGeneration>> {
  const bindings = makeBindings();
  const { bind } = bindings;
  const scope = callScope(filter, bindings);
  let { conditions } = scope;
  if (page.after !== null) {
    const key = `${bind(page.after)}::jsonb`;
    conditions += ` AND (occurred_at, id) < ((${key} ->> 0)::timestamptz, (${key} ->> 1)::uuid)`;
  }
  const limit = bind(page.limit + 1);
  const rows = await tx.query<ListedGeneration & { page_key: string }>(
    `SELECT c.* FROM ${scope.each} CROSS JOIN LATERAL (
       SELECT ${SELECTED}, json_build_array(occurred_at::text, id)::text AS page_key
       FROM ai_generations WHERE ${conditions} ${NEWEST_FIRST} LIMIT ${limit}) AS c
     ${NEWEST_FIRST} LIMIT ${limit}`,
    bindings.values,
  );
  const { data, nextAfter } = pageOf(rows, page.limit, (row) => row.page_key);
  return { data: data.map(({ page_key: _, ...row }) => row as ListedGeneration), nextAfter };
}

export async function findGeneration(
  tx: LedgerTransaction,
  { id, organisation_id }: { readonly id: string; readonly organisation_id: string | undefined },
): Promise<ListedGeneration | null> {
  const bindings = makeBindings();
  const [row] = await tx.query<ListedGeneration>(
    `SELECT c.* FROM ${organisationsOf({ organisation_id }, bindings)} CROSS JOIN LATERAL (
       SELECT ${SELECTED} FROM ai_generations WHERE organisation_id = o.id AND id = ${bindings.bind(id)} LIMIT 1) AS c`,
    bindings.values,
  );
  return row ?? null;
}

export type Payloads = Readonly<Pick<Row<'ai_generations'>, 'request_data' | 'response_data'>>;

export async function readStoredPayloads(
  tx: LedgerTransaction,
  { organisation_id, id }: Pick<ListedGeneration, 'organisation_id' | 'id'>,
): Promise<Payloads> {
  const [row] = await tx.query<Payloads>(
    'SELECT request_data, response_data FROM ai_generations WHERE organisation_id = $1 AND id = $2 LIMIT 1',
    [organisation_id, id],
  );
  return row ?? { request_data: null, response_data: null };
}
