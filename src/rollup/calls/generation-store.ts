/** The SQL of AI generations in the drain. */

import { FILLABLE_FIELDS, type FillableField } from '../../ai/fillable-fields.ts';
import type { GenerationFill } from '../../ai/generation-fill.ts';
import {
  isJsonField,
  PAYLOADS,
  PERSONAL_FIELDS,
  TOKEN_KINDS,
  type TokenKind,
} from '../../ai/generation-row.ts';
import { formatQuantity, parseQuantity } from '../../core/decimal.ts';
import { bareArray, instantArray, textArray } from '../../db/array-literal.ts';
import { columns, type RowOf } from '../../db/columns.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import type { Row } from '../../db/rows.ts';
import type { HotEvent } from '../hot-event.ts';
import {
  type BookedGeneration,
  type KnownEvent,
  keyOf,
  type ListedFill,
  type UncountedCall,
} from '../ports.ts';
import { instantOf, shareRows } from '../share-rows.ts';
import { hasSameHead, headOf } from './generation-head.ts';

export async function listWithoutPayloads(
  tx: LedgerTransaction,
  organisationIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await tx.query<Pick<Row<'organisations'>, 'id'>>(
    'SELECT id FROM organisations WHERE id = ANY ($1::uuid[]) AND NOT store_ai_payloads',
    [bareArray(organisationIds)],
  );
  return new Set(rows.map(({ id }) => id));
}

type CallRow = Row<'ai_generations'>;

/** A column of an insert that is one of the rows' own: its name, its type, and its values as an array. */
interface OwnColumn {
  readonly name: keyof CallRow;
  readonly type: 'text' | 'jsonb' | 'bigint' | 'numeric' | 'uuid';
  readonly array: (booked: readonly BookedGeneration[]) => string;
  /** Where all rows may have none: whether they have. Such a column is left out, as most are that a caller does not use. */
  readonly isNull?: (booked: BookedGeneration) => boolean;
}

const OWN_COLUMNS: readonly OwnColumn[] = [
  {
    name: 'idempotency_key',
    type: 'text',
    array: (booked) => textArray(booked.map(({ event }) => event.idempotency_key)),
  },
  {
    name: 'client_key',
    type: 'text',
    array: (booked) =>
      textArray(
        booked.map(({ event, row }) =>
          row.idempotency_key === event.idempotency_key ? null : row.idempotency_key,
        ),
      ),
    isNull: ({ event, row }) => row.idempotency_key === event.idempotency_key,
  },
  ...(['user_id', 'response_id', ...FILLABLE_FIELDS] as const).map(
    (name): OwnColumn => ({
      name,
      type: isJsonField(name) ? 'jsonb' : 'text',
      array: (booked) => textArray(booked.map(({ row }) => row[name])),
      isNull: ({ row }) => row[name] === null,
    }),
  ),
  ...TOKEN_KINDS.map(
    (kind): OwnColumn => ({
      name: `${kind}_tokens` as const,
      type: 'bigint',
      array: (booked) => bareArray(booked.map(({ row }) => wholeText(row.tokens[kind]))),
    }),
  ),
  {
    name: 'duration_ms',
    type: 'bigint',
    array: (booked) => bareArray(booked.map(({ row }) => row.duration_ms?.toString() ?? null)),
    isNull: ({ row }) => row.duration_ms === null,
  },
  {
    name: 'cost_usd',
    type: 'numeric',
    array: (booked) =>
      bareArray(booked.map(({ row }) => (row.cost_usd === null ? null : formatQuantity(row.cost_usd)))),
    isNull: ({ row }) => row.cost_usd === null,
  },
];

/** Most kinds of most calls have none. */
const wholeText = (count: bigint): string => (count === 0n ? '0' : count.toString());

export async function insertGenerations(
  tx: LedgerTransaction,
  booked: readonly BookedGeneration[],
): Promise<void> {
  const { heads, slots } = shareRows(booked, headOf, hasSameHead);
  // Token kinds that are zero in all calls are not sent per call.
  const zeros: (keyof CallRow)[] = TOKEN_KINDS.filter((kind) =>
    booked.every(({ row }) => row.tokens[kind] === 0n),
  ).map((kind) => `${kind}_tokens` as const);
  const own = OWN_COLUMNS.filter(
    ({ name, isNull }) => !zeros.includes(name) && !(isNull && booked.every(isNull)),
  ).map(({ name, type, array }) => ({ name, type, array: array(booked) }));
  const names = own.map(({ name }) => name);
  const from = 4 + own.length;
  // OFFSET 0 keeps the cast of price_ids below the join: once for each head instead of each row, a third of the time.
  await tx.execute(
    `INSERT INTO ai_generations (${HEAD_COLUMNS}, id, occurred_at, ingested_at, ${[...names, ...zeros].join(', ')})
     SELECT ${HEAD_COLUMNS}, id, ${instantOf('occurred_at')}, ${instantOf('ingested_at')},
       ${[...names, ...zeros.map(() => '0')].join(', ')}
     FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::int[],
         ${own.map(({ type }, index) => `$${index + 5}::${type}[]`).join(', ')})
       AS r(id, occurred_at, ingested_at, slot, ${names.join(', ')})
     JOIN (SELECT ${HEAD_COLUMNS.replace('price_ids', 'price_ids::uuid[] AS price_ids')}, slot
       FROM unnest(${HEAD_TYPES.map((type, index) => `$${from + index + 1}::${type}[]`).join(', ')})
         WITH ORDINALITY AS h(${HEAD_COLUMNS}, slot) OFFSET 0) AS head USING (slot)`,
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

const HEAD_COLUMNS = columns('ai_generations', [
  'organisation_id',
  'project_id',
  'provider',
  'model',
  'generation_type',
  'status',
  'service_tier',
  'cost_source',
  'price_ids',
  'hour',
  'day',
  'adjustment_ids',
]);
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

const FILL = columns('event_conflicts', ['organisation_id', 'project_id', 'idempotency_key']);

// The index has only fills, which are few: most batches are of projects without any, so their keys are not sent. No fill
// is added between the two statements, because adding one takes the cursor that this transaction has locked.
export async function readFills(tx: LedgerTransaction, events: readonly HotEvent[]): Promise<ListedFill[]> {
  const projects = [...new Set(events.map((event) => event.project_id))];
  const filled = await tx.query<Pick<Row<'event_conflicts'>, 'project_id'>>(
    `SELECT project_id FROM unnest($1::uuid[]) AS asked(project_id)
     WHERE EXISTS (SELECT 1 FROM event_conflicts f WHERE f.kind = 'fill' AND f.project_id = asked.project_id)`,
    [bareArray(projects)],
  );
  const known = new Set(filled.map(({ project_id }) => project_id));
  const asked = events.filter((event) => known.has(event.project_id));
  if (asked.length === 0) return [];
  return await tx.query<RowOf<typeof FILL> & Pick<ListedFill, 'event'>>(
    `SELECT ${FILL}, event::text AS event FROM event_conflicts
     WHERE kind = 'fill' AND project_id = ANY ($1::uuid[]) AND (project_id, idempotency_key) IN (
       SELECT * FROM unnest($2::uuid[], $3::text[]))
     ORDER BY received_at, id`,
    [
      bareArray([...known]),
      bareArray(asked.map((event) => event.project_id)),
      textArray(asked.map((event) => event.idempotency_key)),
    ],
  );
}

/** An archived payload is not stored again, and data of a deleted user does not come back. */
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

export async function listErased(
  tx: LedgerTransaction,
  rows: readonly KnownEvent[],
): Promise<ReadonlyMap<string, string>> {
  const erased = await tx.query<
    Pick<Row<'event_keys'>, 'project_id' | 'idempotency_key'> & { user_id: NonNullable<CallRow['user_id']> }
  >(
    `SELECT DISTINCT k.project_id, k.idempotency_key, g.user_id
     FROM unnest($1::uuid[], $2::text[], $3::uuid[]) AS f(project_id, idempotency_key, organisation_id)
     JOIN event_keys k USING (organisation_id, project_id, idempotency_key)
     JOIN ai_generations g ON g.organisation_id = k.organisation_id AND g.id = k.event_id AND g.ingested_at = k.ingested_at
     WHERE g.erased_at IS NOT NULL`,
    [
      bareArray(rows.map((row) => row.project_id)),
      textArray(rows.map((row) => row.idempotency_key)),
      bareArray(rows.map((row) => row.organisation_id)),
    ],
  );
  return new Map(erased.map((row) => [keyOf(row), row.user_id]));
}

const UNCOUNTED = columns(
  'ai_generations',
  [
    'organisation_id',
    'project_id',
    'idempotency_key',
    'id',
    'ingested_at',
    'day',
    'generation_type',
    'provider',
    'model',
    'status',
    'user_id',
    'cost_usd',
  ],
  'g',
);
type UncountedRow = RowOf<typeof UNCOUNTED> &
  Pick<UncountedCall, 'status'> &
  TokenTexts & { duration_ms: (CallRow['duration_ms'] & null) | string };

type TokenTexts = Record<keyof Pick<CallRow, `${TokenKind}_tokens`>, string>;

// bigint columns come as numbers, and counts of tokens are wanted as bigints.
export async function lockUncounted(
  tx: LedgerTransaction,
  fills: readonly GenerationFill[],
): Promise<UncountedCall[]> {
  const rows = await tx.query<UncountedRow>(
    `SELECT ${UNCOUNTED}, g.duration_ms::text,
       ${TOKEN_KINDS.map((kind) => `g.${kind}_tokens::text`).join(', ')}
     FROM unnest($1::uuid[], $2::text[], $3::uuid[]) AS f(project_id, idempotency_key, organisation_id)
     JOIN event_keys k USING (organisation_id, project_id, idempotency_key)
     JOIN ai_generations g ON g.organisation_id = k.organisation_id AND g.id = k.event_id AND g.ingested_at = k.ingested_at
     WHERE g.user_id IS NULL OR g.duration_ms IS NULL
     FOR UPDATE OF g`,
    [
      bareArray(fills.map((fill) => fill.project_id)),
      textArray(fills.map((fill) => fill.idempotency_key)),
      bareArray(fills.map((fill) => fill.organisation_id)),
    ],
  );
  return rows.map(({ duration_ms, cost_usd, ingested_at, ...row }) => ({
    ...row,
    tokens: tokensOf(row),
    duration_ms: duration_ms === null ? null : BigInt(duration_ms),
    cost_usd: cost_usd === null ? null : parseQuantity(cost_usd),
    ingested_at: Date.parse(ingested_at),
  }));
}

/** The tokens of a row, from columns named after their kinds. */
export const tokensOf = (
  row: { readonly [kind in `${TokenKind}_tokens`]: string },
): Record<TokenKind, bigint> =>
  Object.fromEntries(TOKEN_KINDS.map((kind) => [kind, BigInt(row[`${kind}_tokens`])])) as Record<
    TokenKind,
    bigint
  >;

export async function setCounted(tx: LedgerTransaction, calls: readonly UncountedCall[]): Promise<void> {
  await tx.execute(
    `UPDATE ai_generations g SET user_id = f.user_id, duration_ms = f.duration_ms
     FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::bigint[]) 
       AS f(organisation_id, id, ingested_at, user_id, duration_ms)
     WHERE g.organisation_id = f.organisation_id AND g.id = f.id AND g.ingested_at = ${instantOf('f.ingested_at')}`,
    [
      bareArray(calls.map((call) => call.organisation_id)),
      bareArray(calls.map((call) => call.id)),
      bareArray(calls.map((call) => call.ingested_at)),
      textArray(calls.map((call) => call.user_id)),
      bareArray(calls.map(({ duration_ms }) => duration_ms?.toString() ?? null)),
    ],
  );
}
