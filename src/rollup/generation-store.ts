/** The SQL of AI generations in the drain. */
import type { GenerationFill } from '../ai/generation-fill.ts';
import { isJsonField, PAYLOADS, PERSONAL_FIELDS, TOKEN_KINDS } from '../ai/generation-row.ts';
import { formatQuantity } from '../core/decimal.ts';
import { formatInstant } from '../core/time.ts';
import { bareArray, instantArray, textArray } from '../db/array-literal.ts';
import type { LedgerTransaction } from '../db/ledger.ts';
import { FILLABLE_FIELDS, type FillableField } from '../ingest/fill.ts';
import type { HotEvent } from './hot-event.ts';
import type { BookedGeneration, ListedFill, StatisticSum } from './ports.ts';
import { instantOf, shareRows } from './share-rows.ts';

export async function listWithoutPayloads(
  tx: LedgerTransaction,
  organisationIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await tx.query<{ id: string }>(
    'SELECT id FROM organisations WHERE id = ANY ($1::uuid[]) AND NOT store_ai_payloads',
    [bareArray(organisationIds)],
  );
  return new Set(rows.map(({ id }) => id));
}

/** A column of an insert that is one of the rows' own: its name, its type, and its values as an array. */
interface OwnColumn {
  readonly name: string;
  readonly type: 'text' | 'jsonb' | 'bigint' | 'numeric' | 'uuid';
  readonly array: (booked: readonly BookedGeneration[]) => string;
}

const bare =
  (ofRow: (booked: BookedGeneration) => string | number | bigint | null) =>
  (booked: readonly BookedGeneration[]): string =>
    bareArray(booked.map((each) => ofRow(each)?.toString() ?? null));
const texts =
  (ofRow: (booked: BookedGeneration) => string | null) =>
  (booked: readonly BookedGeneration[]): string =>
    textArray(booked.map(ofRow));

const OWN_COLUMNS: readonly OwnColumn[] = [
  { name: 'idempotency_key', type: 'text', array: texts(({ event }) => event.idempotency_key) },
  {
    name: 'client_key',
    type: 'text',
    array: texts(({ event, row }) =>
      row.idempotency_key === event.idempotency_key ? null : row.idempotency_key,
    ),
  },
  { name: 'user_id', type: 'text', array: texts(({ row }) => row.user_id) },
  { name: 'response_id', type: 'text', array: texts(({ row }) => row.response_id) },
  ...FILLABLE_FIELDS.map(
    (name): OwnColumn => ({
      name,
      type: isJsonField(name) ? 'jsonb' : 'text',
      array: texts(({ row }) => row[name]),
    }),
  ),
  ...TOKEN_KINDS.map(
    (kind): OwnColumn => ({
      name: `${kind}_tokens`,
      type: 'bigint',
      array: bare(({ row }) => row.tokens[kind]),
    }),
  ),
  { name: 'duration_ms', type: 'bigint', array: bare(({ row }) => row.duration_ms) },
  {
    name: 'cost_usd',
    type: 'numeric',
    array: bare(({ row }) => (row.cost_usd === null ? null : formatQuantity(row.cost_usd))),
  },
];

/** A column that is null throughout a batch is left out of it, as most are that a caller does not use. */
const isEmpty = (array: string, rows: number): boolean =>
  array.length === rows * 5 + 1 && array.startsWith('{NULL') && !/[^NUL{},]/.test(array);

export async function insertGenerations(
  tx: LedgerTransaction,
  booked: readonly BookedGeneration[],
): Promise<void> {
  const { heads, slots } = shareRows(booked, ({ event, row, hour, day, adjustment_ids }) =>
    [
      event.organisation_id,
      event.project_id,
      row.provider,
      row.model,
      row.generation_type,
      row.status,
      row.service_tier,
      row.cost_source,
      row.price_ids,
      hour,
      day,
      adjustment_ids && JSON.stringify(adjustment_ids),
    ].join('\0'),
  );
  const own = OWN_COLUMNS.map(({ name, type, array }) => ({ name, type, array: array(booked) })).filter(
    ({ array }) => !isEmpty(array, booked.length),
  );
  const names = own.map(({ name }) => name);
  const from = 4 + own.length;
  await tx.execute(
    `INSERT INTO ai_generations (organisation_id, project_id, provider, model, generation_type, status, service_tier,
       cost_source, price_ids, hour, day, adjustment_ids, id, occurred_at, ingested_at, ${names.join(', ')})
     SELECT organisation_id, project_id, provider, model, generation_type, status, service_tier, cost_source, price_ids::uuid[], hour, day,
       adjustment_ids, id, ${instantOf('occurred_at')}, ${instantOf('ingested_at')}, ${names.join(', ')}
     FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::int[],
         ${own.map(({ type }, index) => `$${index + 5}::${type}[]`).join(', ')})
       AS r(id, occurred_at, ingested_at, slot, ${names.join(', ')})
     JOIN unnest(${HEAD_TYPES.map((type, index) => `$${from + index + 1}::${type}[]`).join(', ')})
       WITH ORDINALITY AS head(organisation_id, project_id, provider, model, generation_type, status, service_tier,
         cost_source, price_ids, hour, day, adjustment_ids, slot) USING (slot)`,
    [
      bareArray(booked.map(({ event }) => event.id)),
      bareArray(booked.map(({ event }) => event.timestamp)),
      bareArray(booked.map(({ event }) => event.ingested_at)),
      bareArray(slots),
      ...own.map(({ array }) => array),
      bareArray(heads.map(({ event }) => event.organisation_id)),
      bareArray(heads.map(({ event }) => event.project_id)),
      textArray(heads.map(({ row }) => row.provider)),
      textArray(heads.map(({ row }) => row.model)),
      textArray(heads.map(({ row }) => row.generation_type)),
      textArray(heads.map(({ row }) => row.status)),
      textArray(heads.map(({ row }) => row.service_tier)),
      textArray(heads.map(({ row }) => row.cost_source)),
      textArray(heads.map(({ row }) => row.price_ids && bareArray(row.price_ids))),
      instantArray(heads.map(({ hour }) => hour)),
      bareArray(heads.map(({ day }) => day)),
      textArray(heads.map(({ adjustment_ids }) => adjustment_ids && JSON.stringify(adjustment_ids))),
    ],
  );
}

const HEAD_TYPES = [
  'uuid',
  'uuid',
  'text',
  'text',
  'text',
  'text',
  'text',
  'text',
  'text',
  'timestamptz',
  'date',
  'jsonb',
] as const;

const STATISTIC_KEY = 'organisation_id, day, user_id, generation_type, provider, model';
const STATISTICS = [
  'total_requests',
  'success_requests',
  'failed_requests',
  ...TOKEN_KINDS.map((kind) => `${kind}_tokens`),
  'cost_usd',
  'duration_ms_sum',
  'duration_count',
];

export async function addStatistics(
  tx: LedgerTransaction,
  sums: readonly StatisticSum[],
  now: number,
): Promise<void> {
  const types = STATISTICS.map((_, index) => `$${index + 8}::numeric[]`).join(', ');
  const added = STATISTICS.map((name) => `${name} = ai_statistics_daily.${name} + excluded.${name}`).join(
    ', ',
  );
  await tx.execute(
    `INSERT INTO ai_statistics_daily (${STATISTIC_KEY}, ${STATISTICS.join(', ')}, updated_at)
     SELECT r.*, $1::timestamptz
     FROM unnest($2::uuid[], $3::date[], $4::text[], $5::text[], $6::text[], $7::text[], ${types}) AS r
     ON CONFLICT (${STATISTIC_KEY}) DO UPDATE SET ${added}, updated_at = excluded.updated_at`,
    [
      formatInstant(now),
      bareArray(sums.map((sum) => sum.organisation_id)),
      bareArray(sums.map((sum) => sum.day)),
      textArray(sums.map((sum) => sum.user_id)),
      textArray(sums.map((sum) => sum.generation_type)),
      textArray(sums.map((sum) => sum.provider)),
      textArray(sums.map((sum) => sum.model)),
      bareArray(sums.map((sum) => sum.total_requests)),
      bareArray(sums.map((sum) => sum.success_requests)),
      bareArray(sums.map((sum) => sum.failed_requests)),
      ...TOKEN_KINDS.map((kind) => bareArray(sums.map((sum) => sum.tokens[kind].toString()))),
      bareArray(sums.map((sum) => formatQuantity(sum.cost_usd))),
      bareArray(sums.map((sum) => sum.duration_ms_sum.toString())),
      bareArray(sums.map((sum) => sum.duration_count)),
    ],
  );
}

// The index holds fills alone, and they are few.
export const readFills = (tx: LedgerTransaction, events: readonly HotEvent[]): Promise<ListedFill[]> =>
  tx.query<ListedFill>(
    `SELECT organisation_id, project_id, idempotency_key, event::text AS event FROM event_conflicts
     WHERE kind = 'fill' AND project_id = ANY ($1::uuid[]) AND (project_id, idempotency_key) IN (
       SELECT * FROM unnest($2::uuid[], $3::text[]))
     ORDER BY received_at, id`,
    [
      bareArray([...new Set(events.map((event) => event.project_id))]),
      bareArray(events.map((event) => event.project_id)),
      textArray(events.map((event) => event.idempotency_key)),
    ],
  );

/** A payload that was archived is not begun anew, and nothing tells again of a user who was deleted. */
function filledBy(name: FillableField): string {
  const isOf = (fields: readonly FillableField[]): boolean => fields.includes(name);
  if (!isOf(PERSONAL_FIELDS)) return `coalesce(g.${name}, f.${name})`;
  const archived = isOf(PAYLOADS) ? ' AND g.archive_id IS NULL' : '';
  return `coalesce(g.${name}, CASE WHEN g.erased_at IS NULL${archived} THEN f.${name} END)`;
}

// The key's own row gives the partition.
export async function applyFills(tx: LedgerTransaction, fills: readonly GenerationFill[]): Promise<void> {
  const types = FILLABLE_FIELDS.map(
    (name, index) => `$${index + 4}::${isJsonField(name) ? 'jsonb' : 'text'}[]`,
  );
  await tx.execute(
    `UPDATE ai_generations g SET ${FILLABLE_FIELDS.map((name) => `${name} = ${filledBy(name)}`).join(', ')}
     FROM unnest($1::uuid[], $2::text[], $3::uuid[], ${types.join(', ')})
       AS f(project_id, idempotency_key, organisation_id, ${FILLABLE_FIELDS.join(', ')})
     JOIN event_keys k USING (organisation_id, project_id, idempotency_key)
     WHERE g.organisation_id = k.organisation_id AND g.id = k.event_id AND g.ingested_at = k.ingested_at`,
    [
      bareArray(fills.map((fill) => fill.project_id)),
      textArray(fills.map((fill) => fill.idempotency_key)),
      bareArray(fills.map((fill) => fill.organisation_id)),
      ...FILLABLE_FIELDS.map((name) => textArray(fills.map(({ fields }) => fields[name]))),
    ],
  );
}
