/** The SQL of repricing. */
import { TOKEN_KINDS, type TokenKind } from '../../ai/generation-row.ts';
import { formatQuantity, parseQuantity } from '../../core/decimal.ts';
import { formatInstant } from '../../core/time.ts';
import { bareArray, textArray } from '../../db/array-literal.ts';
import { columns, type RowOf } from '../../db/columns.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import type { Row } from '../../db/rows.ts';
import { tokensOf } from '../calls/generation-store.ts';
import { instantOf } from '../share-rows.ts';
import type { CostAdjustment, CountedCall, RepricedCall } from './repricing.ts';

export interface RepricedOrganisation extends Readonly<Pick<Row<'organisations'>, 'id' | 'shard'>> {
  /** Per million tokens. Null if calls without a price cost nothing. */
  readonly ceiling: Row<'organisations'>['ai_ceiling_price_per_million'];
  readonly projects: readonly Row<'projects'>['id'][];
}

/** All organisations, or only the given one. */
export const listRepricedOrganisations = (
  tx: LedgerTransaction,
  organisationId: string | null,
): Promise<RepricedOrganisation[]> =>
  tx.query<RepricedOrganisation>(
    `SELECT id, shard, ai_ceiling_price_per_million AS ceiling,
       ARRAY(SELECT p.id FROM projects p WHERE p.organisation_id = o.id ORDER BY p.id) AS projects
     FROM organisations o WHERE $1::uuid IS NULL OR id = $1 ORDER BY id`,
    [organisationId],
  );

/** Blocks the drain of the shard's events and any other repricing of the shard until the transaction ends. */
export async function lockEventsCursor(tx: LedgerTransaction, shard: number): Promise<void> {
  await tx.query(`SELECT 1 FROM rollup_cursors WHERE shard = $1 AND stream = 'events' FOR UPDATE`, [shard]);
}

/** Calls are ordered by the instant at which they happened, then by id. */
export interface CallPlace {
  readonly occurred_at: number;
  readonly id: string;
}

export interface CallRange {
  readonly organisation_id: string;
  readonly project_id: string;
  /** [from, to), epoch milliseconds. */
  readonly from: number;
  readonly to: number;
  readonly model: string | null;
}

const CALL = columns('ai_generations', [
  'organisation_id',
  'id',
  'project_id',
  'idempotency_key',
  'provider',
  'model',
  'generation_type',
  'user_id',
  'service_tier',
  'cost_usd',
  'cost_source',
  'price_ids',
  'occurred_at',
  'ingested_at',
  'hour',
  'day',
]);
// The driver returns a bigint as a number, but token counts must be bigints.
const TOKENS = TOKEN_KINDS.map((kind) => `${kind}_tokens::text`).join(', ');
type CallRow = RowOf<typeof CALL> &
  Pick<CountedCall, 'cost_source' | 'is_metered'> &
  Record<keyof Pick<Row<'ai_generations'>, `${TokenKind}_tokens`>, string>;

/** A project's calls without a reported cost that come after a place, in index order. */
export async function listCountedCalls(
  tx: LedgerTransaction,
  { organisation_id, project_id, from, to, model }: CallRange,
  after: CallPlace | null,
  limit: number,
): Promise<CountedCall[]> {
  const rows = await tx.query<CallRow>(
    `SELECT ${CALL}, ${TOKENS}, first_cost_usd IS NOT NULL OR coalesce(cost_usd, 0) <> 0 AS is_metered
     FROM ai_generations
     WHERE organisation_id = $1 AND project_id = $8 AND occurred_at >= $2 AND occurred_at < $3 AND cost_source <> 'reported'
       AND ($4::text IS NULL OR model = $4) AND occurred_at >= $5 AND (occurred_at, id) > ($5, $6)
     ORDER BY occurred_at, id LIMIT $7`,
    [
      organisation_id,
      formatInstant(from),
      formatInstant(to),
      model,
      formatInstant(after?.occurred_at ?? from),
      after?.id ?? '00000000-0000-0000-0000-000000000000',
      limit,
      project_id,
    ],
  );
  return rows.map(callOf);
}

function callOf({ cost_usd, occurred_at, ingested_at, hour, ...row }: CallRow): CountedCall {
  return {
    ...row,
    tokens: tokensOf(row),
    cost_usd: cost_usd === null ? null : parseQuantity(cost_usd),
    occurred_at: Date.parse(occurred_at),
    ingested_at: Date.parse(ingested_at),
    hour: Date.parse(hour),
  };
}

// The first metered cost of a call is kept beside its new cost, because the difference is metered separately.
export async function setCosts(tx: LedgerTransaction, repriced: readonly RepricedCall[]): Promise<void> {
  await tx.execute(
    `UPDATE ai_generations g SET cost_usd = r.cost_usd, cost_source = r.cost_source, price_ids = r.price_ids::uuid[],
       first_cost_usd = CASE WHEN r.cost_usd = coalesce(g.cost_usd, 0) THEN g.first_cost_usd
         ELSE coalesce(g.first_cost_usd, g.cost_usd, 0) END
     FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::numeric[], $5::text[], $6::text[])
       AS r(organisation_id, id, ingested_at, cost_usd, cost_source, price_ids)
     WHERE g.organisation_id = r.organisation_id AND g.id = r.id AND g.ingested_at = ${instantOf('r.ingested_at')}`,
    [
      bareArray(repriced.map(({ call }) => call.organisation_id)),
      bareArray(repriced.map(({ call }) => call.id)),
      bareArray(repriced.map(({ call }) => call.ingested_at)),
      bareArray(repriced.map(({ cost_usd }) => formatQuantity(cost_usd))),
      bareArray(repriced.map(({ cost_source }) => cost_source)),
      textArray(repriced.map(({ price_ids }) => price_ids && bareArray(price_ids))),
    ],
  );
}

const COST_ADJUSTMENT = columns('ai_cost_adjustments', [
  'organisation_id',
  'id',
  'repricing_id',
  'generation_id',
  'project_id',
  'idempotency_key',
  'cost_usd',
  'event_count',
  'occurred_at',
  'ingested_at',
  'hour',
  'day',
  'adjustment_id',
  'created_at',
]);

export async function insertCostAdjustments(
  tx: LedgerTransaction,
  repricingId: string,
  adjustments: readonly CostAdjustment[],
  now: number,
): Promise<void> {
  await tx.execute(
    `INSERT INTO ai_cost_adjustments (${COST_ADJUSTMENT})
     SELECT organisation_id, id, $1, generation_id, project_id, idempotency_key, cost_usd, event_count, ${instantOf('occurred_at')},
       ${instantOf('ingested_at')}, ${instantOf('hour')}, day, adjustment_id, $2
     FROM unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::text[], $8::numeric[], $9::smallint[], $10::bigint[],
         $11::bigint[], $12::bigint[], $13::date[], $14::uuid[])
       AS r(organisation_id, id, generation_id, project_id, idempotency_key, cost_usd, event_count, occurred_at, ingested_at, hour,
         day, adjustment_id)`,
    [
      repricingId,
      formatInstant(now),
      bareArray(adjustments.map(({ call }) => call.organisation_id)),
      bareArray(adjustments.map(({ id }) => id)),
      bareArray(adjustments.map(({ call }) => call.id)),
      bareArray(adjustments.map(({ call }) => call.project_id)),
      textArray(adjustments.map(({ call }) => call.idempotency_key)),
      bareArray(adjustments.map(({ difference }) => formatQuantity(difference))),
      bareArray(adjustments.map(({ event_count }) => event_count)),
      bareArray(adjustments.map(({ call }) => call.occurred_at)),
      bareArray(adjustments.map(({ call }) => call.ingested_at)),
      bareArray(adjustments.map(({ call }) => call.hour)),
      bareArray(adjustments.map(({ call }) => call.day)),
      bareArray(adjustments.map(({ adjustment_id }) => adjustment_id)),
    ],
  );
}
