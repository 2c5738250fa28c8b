/** The SQL of deleting a user: names are replaced by a pseudonym, personal data is removed, figures stay. */
import { PERSONAL_FIELDS } from '../../ai/generation-row.ts';
import type { ErasedUser } from '../../ai/redact-event.ts';
import { bareArray, textArray } from '../../db/array-literal.ts';
import { CLOCK, columns, insertOf, pick, type RowOf, updateOf } from '../../db/columns.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import type { Row } from '../../db/rows.ts';

const NAMES = [
  'organisation_id',
  'id',
  'user_id',
  'pseudonym',
  'events_seq',
  'conflicts_seq',
] as const satisfies readonly (keyof Row<'user_erasures'>)[];
const ERASURE = columns('user_erasures', NAMES, 'e');

/** An open erasure. */
export type Erasure = Readonly<RowOf<typeof ERASURE>> &
  ErasedUser &
  Readonly<Pick<Row<'organisations'>, 'shard'>>;

type OfUser = ErasedUser & { readonly organisation_id: string };

/**
 * Serialises operations that change thousands of an organisation's calls: otherwise they would lock the same
 * rows in different orders. The drain does not wait for it.
 */
export async function lockCalls(tx: LedgerTransaction, organisationId: string): Promise<void> {
  await tx.query('SELECT 1 FROM organisations WHERE id = $1 FOR NO KEY UPDATE', [organisationId]);
}

/** The shard that receives the organisation's events. */
export async function findShard(tx: LedgerTransaction, organisationId: string): Promise<number | null> {
  const [row] = await tx.query<Pick<Row<'organisations'>, 'shard'>>(
    'SELECT shard FROM organisations WHERE id = $1',
    [organisationId],
  );
  return row?.shard ?? null;
}

export async function insertErasure(tx: LedgerTransaction, erasure: Omit<Erasure, 'shard'>): Promise<void> {
  const { text, values } = insertOf('user_erasures', pick(erasure, NAMES));
  await tx.execute(text, values);
}

/** Oldest first. Platform reach. */
export const listOpenErasures = (tx: LedgerTransaction): Promise<Erasure[]> =>
  tx.query<Erasure>(
    `SELECT ${ERASURE}, o.shard
     FROM user_erasures e JOIN organisations o ON o.id = e.organisation_id WHERE e.done_at IS NULL ORDER BY e.id`,
  );

/** Deletes the user's id. False if another run did it. */
export async function finishErasure(
  tx: LedgerTransaction,
  { organisation_id, id }: Pick<Erasure, 'organisation_id' | 'id'>,
): Promise<boolean> {
  const done = { done_at: CLOCK, user_id: null };
  const { text, values } = updateOf('user_erasures', done, { organisation_id, id });
  return (await tx.execute(`${text} AND done_at IS NULL`, values)) > 0;
}

const eventsOf = ({ organisation_id, user_id }: OfUser) => ({ organisation_id, user_id });

export async function renameEvents(tx: LedgerTransaction, user: OfUser): Promise<number> {
  const { text, values } = updateOf('usage_events', { user_id: user.pseudonym }, eventsOf(user));
  return await tx.execute(text, values);
}

const NOTHING_PERSONAL = Object.fromEntries(PERSONAL_FIELDS.map((name) => [name, null])) as Record<
  (typeof PERSONAL_FIELDS)[number],
  null
>;

export async function eraseGenerations(tx: LedgerTransaction, user: OfUser): Promise<number> {
  const { text, values } = updateOf(
    'ai_generations',
    { user_id: user.pseudonym, erased_at: CLOCK, ...NOTHING_PERSONAL },
    eventsOf(user),
  );
  return await tx.execute(text, values);
}

const STATISTIC_KEY = [
  'organisation_id',
  'day',
  'user_id',
  'generation_type',
  'provider',
  'model',
] as const satisfies readonly (keyof Row<'ai_statistics_daily'>)[];
type Figure = Exclude<keyof Row<'ai_statistics_daily'>, (typeof STATISTIC_KEY)[number] | 'updated_at'>;
/** Every other column is a figure that can be summed; a column missing here does not compile. */
const FIGURES: Readonly<Record<Figure, true>> = {
  total_requests: true,
  success_requests: true,
  failed_requests: true,
  input_tokens: true,
  output_tokens: true,
  cache_read_tokens: true,
  cache_write_5m_tokens: true,
  cache_write_1h_tokens: true,
  reasoning_tokens: true,
  cost_usd: true,
  cost_count: true,
  duration_ms_sum: true,
  duration_count: true,
};
export const STATISTIC_FIGURES = Object.keys(FIGURES);

/** An earlier pass may have left rows under the pseudonym: the figures are added. Returns how many rows moved. */
export async function moveStatistics(tx: LedgerTransaction, user: OfUser): Promise<number> {
  const key = STATISTIC_KEY.map((name) => (name === 'user_id' ? '$3' : name));
  const added = STATISTIC_FIGURES.map((name) => `${name} = ai_statistics_daily.${name} + excluded.${name}`);
  return await tx.execute(
    `WITH moved AS (
       DELETE FROM ai_statistics_daily WHERE organisation_id = $1 AND user_id = $2 RETURNING *
     )
     INSERT INTO ai_statistics_daily (${STATISTIC_KEY.join(', ')}, ${STATISTIC_FIGURES.join(', ')}, updated_at)
     SELECT ${key.join(', ')}, ${STATISTIC_FIGURES.join(', ')}, clock_timestamp() FROM moved
     ON CONFLICT (${STATISTIC_KEY.join(', ')}) DO UPDATE SET ${added.join(', ')}, updated_at = excluded.updated_at`,
    [user.organisation_id, user.user_id, user.pseudonym],
  );
}

export interface ListedEvent {
  readonly id: Row<'event_conflicts' | 'event_quarantine'>['id'];
  /** JSON text. */
  readonly event: Row<'event_conflicts' | 'event_quarantine'>['event'] & string;
  /** Of a call whose row already has the pseudonym. */
  readonly is_by_user: boolean;
}

// A call's later arrivals share its key, which is also how the drain finds the call that they fill. A
// conflicting arrival that names another user belongs to that user.
export const listConflictsOf = (tx: LedgerTransaction, user: OfUser): Promise<ListedEvent[]> =>
  tx.query<ListedEvent>(
    `SELECT id, event::text AS event, is_by_user FROM (
       SELECT c.id, c.event, (c.kind <> 'conflict' OR c.event ->> 'user_id' IS NULL) AND EXISTS (
         SELECT 1 FROM event_keys k JOIN ai_generations g
           ON g.organisation_id = k.organisation_id AND g.id = k.event_id AND g.ingested_at = k.ingested_at
         WHERE k.organisation_id = c.organisation_id AND k.project_id = c.project_id
           AND k.idempotency_key = c.idempotency_key AND g.user_id = $3 AND g.erased_at IS NOT NULL) AS is_by_user
       FROM event_conflicts c WHERE c.organisation_id = $1) AS listed
     WHERE is_by_user OR event ->> 'user_id' = $2 OR event -> 'generation' ->> 'user_id' = $2
       OR jsonb_typeof(event -> 'generation') = 'string'
     ORDER BY id`,
    [user.organisation_id, user.user_id, user.pseudonym],
  );

/** Rows that may name the user; all rows if JSON can write the id in another way. */
export const listQuarantinedOf = (
  tx: LedgerTransaction,
  { organisation_id, user_id }: OfUser,
): Promise<Omit<ListedEvent, 'is_by_user'>[]> =>
  tx.query<ListedEvent>(
    `SELECT id, event FROM event_quarantine
     WHERE organisation_id = $1 AND ($2::text IS NULL OR strpos(event, $2) > 0) ORDER BY id`,
    [organisation_id, JSON.stringify(user_id) === `"${user_id}"` ? user_id : null],
  );

export async function putConflictEvents(
  tx: LedgerTransaction,
  organisationId: string,
  rows: readonly Omit<ListedEvent, 'is_by_user'>[],
): Promise<void> {
  await tx.execute(
    `UPDATE event_conflicts c SET event = r.event FROM unnest($2::uuid[], $3::jsonb[]) AS r(id, event)
     WHERE c.organisation_id = $1 AND c.id = r.id`,
    [organisationId, bareArray(rows.map((row) => row.id)), textArray(rows.map((row) => row.event))],
  );
}

export async function putQuarantinedEvents(
  tx: LedgerTransaction,
  organisationId: string,
  rows: readonly Omit<ListedEvent, 'is_by_user'>[],
): Promise<void> {
  await tx.execute(
    `UPDATE event_quarantine q SET event = r.event FROM unnest($2::text[], $3::text[]) AS r(id, event)
     WHERE q.organisation_id = $1 AND q.id = r.id`,
    [organisationId, textArray(rows.map((row) => row.id)), textArray(rows.map((row) => row.event))],
  );
}

/** Archives that hold a line of a deleted user, by their pseudonym. */
export async function countArchivesOf(
  tx: LedgerTransaction,
  { organisation_id, pseudonym }: Pick<Erasure, 'organisation_id' | 'pseudonym'>,
): Promise<number> {
  const [row] = await tx.query<{ n: number }>(
    `SELECT count(DISTINCT archive_id) AS n FROM ai_generations
     WHERE organisation_id = $1 AND user_id = $2 AND erased_at IS NOT NULL AND archive_id IS NOT NULL`,
    [organisation_id, pseudonym],
  );
  return row?.n ?? 0;
}
