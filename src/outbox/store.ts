/** The SQL of the outbox: rows are written with the change that causes them, and delivered later. */

import { textArray } from '../db/array-literal.ts';
import { columns, insertOf, type RowOf, updateOf } from '../db/columns.ts';
import type { LedgerTransaction } from '../db/ledger.ts';
import type { Row } from '../db/rows.ts';
import type { OutboxMessage } from './message.ts';

export interface NewOutboxMessage {
  readonly organisation_id: string;
  readonly id: string;
  readonly topic: string;
  readonly payload: Readonly<Record<string, unknown>>;
  /** Identifies an effect that must happen only once, however often it is requested. */
  readonly dedupe_key?: string;
  readonly created_at: string;
}

/** Due at once. False if a row with the same `dedupe_key` already existed. */
export async function insertOutbox(tx: LedgerTransaction, message: NewOutboxMessage): Promise<boolean> {
  const { text, values } = insertOf('outbox', { ...message, next_attempt_at: message.created_at });
  return (await tx.execute(`${text} ON CONFLICT (organisation_id, dedupe_key) DO NOTHING`, values)) === 1;
}

export type DueMessage = Pick<Row<'outbox'>, 'organisation_id' | 'id'>;

/**
 * Rows that are due, the first of every organisation before the second of any: a backlog of one delays no
 * other. Within an organisation, `document.render` comes before `email.send`, which waits for it. Platform
 * reach.
 */
export async function listDueMessages(
  tx: LedgerTransaction,
  due: { readonly topics: readonly string[]; readonly now: string; readonly limit: number },
): Promise<DueMessage[]> {
  return await tx.query<DueMessage>(
    `SELECT organisation_id, id FROM (
       SELECT organisation_id, id, next_attempt_at,
         row_number() OVER (PARTITION BY organisation_id ORDER BY topic, next_attempt_at, id) AS turn
       FROM outbox
       WHERE delivered_at IS NULL AND failed_at IS NULL AND topic = ANY ($1::text[]) AND next_attempt_at <= $2) AS due
     ORDER BY turn, next_attempt_at, organisation_id LIMIT $3`,
    [textArray(due.topics), due.now, due.limit],
  );
}

export interface UndeliveredCounts {
  readonly due: number;
  readonly failed: number;
  readonly oldest_due_at: string | null;
  readonly documents_waiting: number;
  readonly glyphs_missing: number;
}

/**
 * Undelivered effects of the topics that have a handler. `glyphsMissing` is the prefix of the error of a
 * document with missing glyphs. Platform reach, for an operator's page.
 */
export async function countUndelivered(
  tx: LedgerTransaction,
  {
    topics,
    now,
    glyphsMissing,
  }: { readonly topics: readonly string[]; readonly now: string; readonly glyphsMissing: string },
): Promise<UndeliveredCounts> {
  const isDue = 'failed_at IS NULL AND next_attempt_at <= $1';
  const isDocument = "topic = 'document.render'";
  const [counts] = await tx.query<UndeliveredCounts>(
    `SELECT count(*) FILTER (WHERE ${isDue})::int AS due,
       count(*) FILTER (WHERE failed_at IS NOT NULL)::int AS failed,
       min(next_attempt_at) FILTER (WHERE ${isDue}) AS oldest_due_at,
       count(*) FILTER (WHERE ${isDocument})::int AS documents_waiting,
       count(*) FILTER (WHERE ${isDocument} AND starts_with(last_error, $2))::int AS glyphs_missing
     FROM outbox WHERE delivered_at IS NULL AND topic = ANY ($3::text[])`,
    [now, glyphsMissing, textArray(topics)],
  );
  if (!counts) throw new Error('the outbox was not counted');
  return counts;
}

const MESSAGE = columns('outbox', [
  'organisation_id',
  'id',
  'topic',
  'payload',
  'attempts',
  'next_attempt_at',
]);

/** Begins an attempt and holds the row until `leaseEnd`; null if another run holds it or it is no longer due. */
export async function claimMessage(
  tx: LedgerTransaction,
  { organisation_id, id }: DueMessage,
  { now, leaseEnd }: { readonly now: string; readonly leaseEnd: string },
): Promise<OutboxMessage | null> {
  const [row] = await tx.query<RowOf<typeof MESSAGE> & Pick<OutboxMessage, 'payload'>>(
    `UPDATE outbox SET attempts = attempts + 1, next_attempt_at = $4
     WHERE (organisation_id, id) = (
       SELECT organisation_id, id FROM outbox
       WHERE organisation_id = $1 AND id = $2 AND delivered_at IS NULL AND failed_at IS NULL AND next_attempt_at <= $3
       FOR UPDATE SKIP LOCKED)
     RETURNING ${MESSAGE}`,
    [organisation_id, id, now, leaseEnd],
  );
  return row ?? null;
}

/** Any attempt that delivered the row marks it, even if its lease has expired meanwhile. */
export async function markDelivered(
  tx: LedgerTransaction,
  { organisation_id, id }: DueMessage,
  deliveredAt: string,
): Promise<void> {
  const delivered = { delivered_at: deliveredAt, failed_at: null };
  const { text, values } = updateOf('outbox', delivered, { organisation_id, id });
  await tx.execute(`${text} AND delivered_at IS NULL`, values);
}

/** Returns the attempt to the row's budget. Does nothing if a later attempt holds the row. */
export async function markPostponed(
  tx: LedgerTransaction,
  { organisation_id, id, attempts }: OutboxMessage,
  nextAttemptAt: string,
): Promise<void> {
  const postponed = { attempts: attempts - 1, next_attempt_at: nextAttemptAt };
  const { text, values } = updateOf('outbox', postponed, { organisation_id, id, attempts });
  await tx.execute(`${text} AND delivered_at IS NULL`, values);
}

/**
 * Exactly one of `nextAttemptAt` and `failedAt` is given. Does nothing if a later attempt holds the row. If
 * the row was revived during this attempt it stays due, because the missing prerequisite may exist by now.
 */
export async function markFailed(
  tx: LedgerTransaction,
  { organisation_id, id, attempts, next_attempt_at }: OutboxMessage,
  failure: {
    readonly error: string;
    readonly nextAttemptAt: string | null;
    readonly failedAt: string | null;
  },
): Promise<void> {
  await tx.execute(
    `UPDATE outbox SET last_error = $4,
       next_attempt_at = CASE WHEN next_attempt_at = $7 THEN coalesce($5, next_attempt_at) ELSE next_attempt_at END,
       failed_at = CASE WHEN next_attempt_at = $7 THEN $6::timestamptz END
     WHERE organisation_id = $1 AND id = $2 AND attempts = $3 AND delivered_at IS NULL`,
    [organisation_id, id, attempts, failure.error, failure.nextAttemptAt, failure.failedAt, next_attempt_at],
  );
}

/**
 * Makes rows of a topic due at once if their last error has this prefix; rows that were given up get all
 * attempts again. Platform reach.
 */
export async function reviveMessages(
  tx: LedgerTransaction,
  failed: { readonly topic: string; readonly errorPrefix: string; readonly now: string },
): Promise<number> {
  return await tx.execute(
    `UPDATE outbox SET attempts = CASE WHEN failed_at IS NULL THEN attempts ELSE 0 END, next_attempt_at = $3,
       failed_at = NULL
     WHERE topic = $1 AND starts_with(last_error, $2) AND delivered_at IS NULL`,
    [failed.topic, failed.errorPrefix, failed.now],
  );
}
