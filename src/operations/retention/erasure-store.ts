/** The SQL of deleting a user: what names him gets a pseudonym, what tells of him goes, the figures stay. */
import { PERSONAL_FIELDS } from '../../ai/generation-row.ts';
import type { ErasedUser } from '../../ai/redact-event.ts';
import { bareArray, textArray } from '../../db/array-literal.ts';
import { columnsOf } from '../../db/columns-of.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import { aiStatisticsDaily } from '../../db/tables/ai.ts';

export interface Erasure extends ErasedUser {
  readonly organisation_id: string;
  readonly id: string;
  readonly shard: number;
  readonly events_seq: number;
  readonly conflicts_seq: number;
}

type OfUser = ErasedUser & { readonly organisation_id: string };

/**
 * Makes what changes calls of an organisation by the thousand wait for one another: they would else lock the same rows, each
 * in its own order. The drain does not wait for it.
 */
export async function lockCalls(tx: LedgerTransaction, organisationId: string): Promise<void> {
  await tx.query('SELECT 1 FROM organisations WHERE id = $1 FOR NO KEY UPDATE', [organisationId]);
}

/** Where the organisation's events come in. */
export async function findShard(tx: LedgerTransaction, organisationId: string): Promise<number | null> {
  const [row] = await tx.query<{ shard: number }>('SELECT shard FROM organisations WHERE id = $1', [
    organisationId,
  ]);
  return row?.shard ?? null;
}

export async function insertErasure(tx: LedgerTransaction, erasure: Omit<Erasure, 'shard'>): Promise<void> {
  await tx.execute(
    `INSERT INTO user_erasures (organisation_id, id, user_id, pseudonym, events_seq, conflicts_seq)
     VALUES ($1, $2, $3, $4, $5, $6)`,
    [
      erasure.organisation_id,
      erasure.id,
      erasure.user_id,
      erasure.pseudonym,
      erasure.events_seq,
      erasure.conflicts_seq,
    ],
  );
}

/** The oldest first. Platform reach. */
export const listOpenErasures = (tx: LedgerTransaction): Promise<Erasure[]> =>
  tx.query<Erasure>(
    `SELECT e.organisation_id, e.id, e.user_id, e.pseudonym, e.events_seq, e.conflicts_seq, o.shard
     FROM user_erasures e JOIN organisations o ON o.id = e.organisation_id WHERE e.done_at IS NULL ORDER BY e.id`,
  );

/** Forgets whose it was. False where another run did it. */
export async function finishErasure(
  tx: LedgerTransaction,
  { organisation_id, id }: Pick<Erasure, 'organisation_id' | 'id'>,
): Promise<boolean> {
  const finished = await tx.execute(
    `UPDATE user_erasures SET done_at = clock_timestamp(), user_id = NULL
     WHERE organisation_id = $1 AND id = $2 AND done_at IS NULL`,
    [organisation_id, id],
  );
  return finished > 0;
}

export const renameEvents = (tx: LedgerTransaction, user: OfUser): Promise<number> =>
  tx.execute('UPDATE usage_events SET user_id = $3 WHERE organisation_id = $1 AND user_id = $2', [
    user.organisation_id,
    user.user_id,
    user.pseudonym,
  ]);

export const eraseGenerations = (tx: LedgerTransaction, user: OfUser): Promise<number> =>
  tx.execute(
    `UPDATE ai_generations SET user_id = $3, erased_at = clock_timestamp(),
       ${PERSONAL_FIELDS.map((name) => `${name} = NULL`).join(', ')}
     WHERE organisation_id = $1 AND user_id = $2`,
    [user.organisation_id, user.user_id, user.pseudonym],
  );

const STATISTIC_KEY = ['organisation_id', 'day', 'user_id', 'generation_type', 'provider', 'model'];
/** Every other column is a figure that adds up: one that is new tomorrow moves with the others, or fails in the statement. */
export const STATISTIC_FIGURES = columnsOf(aiStatisticsDaily).filter(
  (name) => !STATISTIC_KEY.includes(name) && name !== 'updated_at',
);

/** There may be rows under the pseudonym, of an earlier pass: they add up. Answers how many rows moved. */
export async function moveStatistics(tx: LedgerTransaction, user: OfUser): Promise<number> {
  const columns = STATISTIC_KEY.map((name) => (name === 'user_id' ? '$3' : name));
  const added = STATISTIC_FIGURES.map((name) => `${name} = ai_statistics_daily.${name} + excluded.${name}`);
  return await tx.execute(
    `WITH moved AS (
       DELETE FROM ai_statistics_daily WHERE organisation_id = $1 AND user_id = $2 RETURNING *
     )
     INSERT INTO ai_statistics_daily (${STATISTIC_KEY.join(', ')}, ${STATISTIC_FIGURES.join(', ')}, updated_at)
     SELECT ${columns.join(', ')}, ${STATISTIC_FIGURES.join(', ')}, clock_timestamp() FROM moved
     ON CONFLICT (${STATISTIC_KEY.join(', ')}) DO UPDATE SET ${added.join(', ')}, updated_at = excluded.updated_at`,
    [user.organisation_id, user.user_id, user.pseudonym],
  );
}

export interface ListedEvent {
  readonly id: string;
  /** JSON text. */
  readonly event: string;
  /** Of a call whose row has the pseudonym already. */
  readonly is_by_user: boolean;
}

// A call's later arrivals are found by the key that they share with it, as the drain finds what they fill; one in conflict
// with it that names another user is that user's.
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

/** Rows in which the user may be named; of an id that JSON writes in another way, all. */
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

/** Archives that hold a line of a deleted user, by his pseudonym. */
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
