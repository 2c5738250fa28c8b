/** The SQL of the cursors: how far each shard's streams are drained, and what may be purged from them. */
import { formatInstant } from '../core/time.ts';
import { columns, insertOf, type RowOf, updateOf } from '../db/columns.ts';
import { type Ledger, type LedgerTransaction, PLATFORM } from '../db/ledger.ts';
import type { Row } from '../db/rows.ts';
import type { Stream } from './hot-event.ts';
import type { Cursor } from './ports.ts';
import type { PurgeLedger } from './purge-hot-events.ts';

const CURSOR = columns('rollup_cursors', ['shard', 'stream', 'epoch', 'last_seq', 'last_id']);

export async function readCursor(tx: LedgerTransaction, shard: number, stream: Stream): Promise<Cursor> {
  const [row] = await tx.query<
    RowOf<typeof CURSOR> & { stream: Stream } & Pick<Row<'rollup_cursors'>, 'halted_at'>
  >(`SELECT ${CURSOR}, halted_at FROM rollup_cursors WHERE shard = $1 AND stream = $2`, [shard, stream]);
  if (row) {
    const { halted_at, ...cursor } = row;
    return { ...cursor, halted: halted_at !== null };
  }
  const { text, values } = insertOf('rollup_cursors', { shard, stream });
  await tx.execute(`${text} ON CONFLICT DO NOTHING`, values);
  return await readCursor(tx, shard, stream);
}

/**
 * Blocks the drain of the shard's events until the transaction ends. Fills require this: otherwise a generation
 * and its fill could be committed at the same time without seeing each other.
 */
export async function holdEventsCursor(tx: LedgerTransaction, shard: number): Promise<void> {
  await tx.query(`SELECT 1 FROM rollup_cursors WHERE shard = $1 AND stream = 'events' FOR SHARE`, [shard]);
}

/**
 * Blocks the drain of both streams until the transaction ends, in the order in which the drain of conflicts locks
 * them. Creates a cursor that no drain has used yet, because otherwise there would be no row to lock.
 */
export async function holdCursors(tx: LedgerTransaction, shard: number): Promise<void> {
  for (const stream of ['conflicts', 'events'] as const) {
    await readCursor(tx, shard, stream);
    await tx.query('SELECT 1 FROM rollup_cursors WHERE shard = $1 AND stream = $2 FOR SHARE', [
      shard,
      stream,
    ]);
  }
}

/** Both streams of the shard halt together, because a restore affects the whole database. */
export async function haltShard(
  tx: LedgerTransaction,
  cursor: Cursor,
  reason: string,
  now: number,
): Promise<boolean> {
  const { shard, stream, epoch, last_seq } = cursor;
  const halted = await tx.execute(
    `UPDATE rollup_cursors SET halted_at = $5, halt_reason = $6, updated_at = $5
     WHERE shard = $1 AND halted_at IS NULL AND EXISTS (
       SELECT 1 FROM rollup_cursors WHERE shard = $1 AND stream = $2 AND epoch = $3 AND last_seq = $4)`,
    [shard, stream, epoch, last_seq, formatInstant(now), reason],
  );
  return halted > 0;
}

/** Restarts the shard from its first row under a new epoch. Returns false if it is not halted. */
export async function restartShard(tx: LedgerTransaction, shard: number, now: number): Promise<boolean> {
  const restarted = await tx.execute(
    `UPDATE rollup_cursors SET epoch = epoch + 1, last_seq = 0, last_id = '', halted_at = NULL, halt_reason = NULL,
       updated_at = $2
     WHERE shard = $1 AND EXISTS (SELECT 1 FROM rollup_cursors WHERE shard = $1 AND halted_at IS NOT NULL)`,
    [shard, formatInstant(now)],
  );
  return restarted > 0;
}

export type CursorRow = Readonly<Row<'rollup_cursors'>> & { readonly stream: Stream };

export const listCursors = (tx: LedgerTransaction): Promise<CursorRow[]> =>
  tx.query<CursorRow>('SELECT * FROM rollup_cursors ORDER BY shard, stream');

type BatchRow = Row<'rollup_batches'> & { stream: Stream };

export function purgeLedger(ledger: Ledger): PurgeLedger {
  return {
    async readPosition(shard, stream, horizon) {
      const [position] = await ledger.transaction(PLATFORM, (tx) =>
        tx.query<Pick<Row<'rollup_batches'>, 'epoch' | 'to_seq'>>(
          `SELECT b.epoch, b.to_seq FROM rollup_batches b
           JOIN rollup_cursors c ON c.shard = b.shard AND c.stream = b.stream AND c.epoch = b.epoch
           WHERE b.shard = $1 AND b.stream = $2 AND b.committed_at <= $3 AND c.halted_at IS NULL
           ORDER BY b.to_seq DESC LIMIT 1`,
          [shard, stream, formatInstant(horizon)],
        ),
      );
      return position ?? null;
    },
    listPurgeable: (shard, stream, { epoch, to_seq }, limit) =>
      ledger.transaction(PLATFORM, (tx) =>
        tx.query<BatchRow>(
          `SELECT * FROM rollup_batches
           WHERE shard = $1 AND stream = $2 AND epoch = $3 AND to_seq < $4 AND purged_at IS NULL
           ORDER BY to_seq LIMIT $5`,
          [shard, stream, epoch, to_seq, limit],
        ),
      ),
    // The share lock blocks a resync between the count and the delete.
    whileEpochHolds: ({ shard, stream, epoch, to_seq }, now, work) =>
      ledger.transaction(PLATFORM, async (tx) => {
        const [cursor] = await tx.query<RowOf<typeof CURSOR> & { stream: Stream; halted: boolean }>(
          `SELECT ${CURSOR}, false AS halted FROM rollup_cursors
           WHERE shard = $1 AND stream = $2 AND epoch = $3 AND last_seq > $4 AND halted_at IS NULL FOR SHARE`,
          [shard, stream, epoch, to_seq],
        );
        if (!cursor) return false;
        if ((await work(cursor)) === 'purged') {
          const batch = { shard, stream, epoch, to_seq };
          const { text, values } = updateOf('rollup_batches', { purged_at: formatInstant(now) }, batch);
          await tx.execute(text, values);
        }
        return true;
      }),
  };
}
