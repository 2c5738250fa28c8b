/** The ports of the roll-up on the in-memory ledger. Transactions run through the product's own `runTransaction`. */
import { runTransaction, type TransactionClient } from '../../src/db/ledger.ts';
import type { CutoffLedger, PeriodKey, PeriodTransaction } from '../../src/rollup/close-period.ts';
import type { Stream } from '../../src/rollup/hot-event.ts';
import type { Cursor, RollupLedger } from '../../src/rollup/ports.ts';
import type { PurgeLedger } from '../../src/rollup/purge-hot-events.ts';
import type { Weather } from './faults.ts';
import type { Tx } from './ledger-memory.ts';
import {
  batchKeyOf,
  cursorKeyOf,
  type LedgerMemory,
  periodKeyOf,
  type StoredBatch,
} from './ledger-tables.ts';
import { rollupTransactionOf } from './rollup-transaction.ts';
import { type Actor, LostConnection, Violation } from './scheduler.ts';

/** The connection of one process to the ledger. */
export class Connection {
  readonly ledger: LedgerMemory;
  readonly weather: Weather;
  readonly actor: Actor;

  constructor(ledger: LedgerMemory, weather: Weather, actor: Actor) {
    this.ledger = ledger;
    this.weather = weather;
    this.actor = actor;
  }

  call<T>(name: string, effect: () => T | Promise<T>): Promise<T> {
    return this.weather.call(this.actor, name, effect);
  }

  /** One statement of an open transaction. */
  statement<T>(tx: Tx, name: string, effect: () => T | Promise<T>): Promise<T> {
    return this.call(name, async () => {
      this.ledger.engine.use(tx);
      try {
        return await effect();
      } catch (error) {
        if (tx.state === 'open') tx.state = 'failed';
        throw error;
      } finally {
        tx.lastUsedAt = this.ledger.engine.scheduler.now;
      }
    });
  }

  /** A transaction of one statement, from BEGIN to COMMIT in one step. */
  single<T>(name: string, effect: (tx: Tx) => T | Promise<T>): Promise<T> {
    return this.call(name, async () => {
      const tx = this.ledger.engine.begin(this.actor);
      const result = await effect(tx);
      this.ledger.engine.use(tx);
      this.ledger.engine.commit(tx);
      return result;
    });
  }

  async transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const { engine } = this.ledger;
    let tx: Tx | undefined;
    let ended: 'committed' | 'rolled back' | undefined;
    const opened = (): Tx => {
      if (!tx) throw new Error('no transaction');
      return tx;
    };
    const client: TransactionClient = {
      query: (text) =>
        this.call(text, () => {
          if (text === 'BEGIN') {
            tx = engine.begin(this.actor);
            this.actor.onCrash = () => this.#disconnect(opened());
            return { command: 'BEGIN' };
          }
          const open = opened();
          if (open.state !== 'failed') engine.use(open);
          const abort = text === 'COMMIT' && this.weather.chance(0.01);
          if (abort) this.weather.count('silent abort');
          if (text === 'ROLLBACK' || abort || open.state === 'failed') {
            engine.end(open, 'ended');
            ended = 'rolled back';
            return { command: 'ROLLBACK' };
          }
          engine.commit(open);
          ended = 'committed';
          return { command: 'COMMIT' };
        }),
    };
    try {
      const result = await runTransaction(client, 'BEGIN', () => work(opened()));
      if (ended !== 'committed')
        throw new Violation(
          'what is taken for committed is committed',
          `a transaction was ${ended ?? 'left open'}`,
        );
      return result;
    } catch (error) {
      // The process continues without its broken connection. The server may notice the loss later.
      if (tx && (tx.state === 'open' || tx.state === 'failed')) this.#disconnect(tx);
      throw error;
    } finally {
      this.actor.onCrash = () => undefined;
    }
  }

  #disconnect(tx: Tx): void {
    const { engine } = this.ledger;
    if (!this.weather.chance(0.3)) {
      if (tx.state === 'open' || tx.state === 'failed') engine.end(tx, 'lost');
      return;
    }
    this.weather.count('connection outlives its process');
    engine.scheduler.at(engine.scheduler.now + this.weather.random.between(1, 120) * 60_000, () => {
      if (tx.state === 'open' || tx.state === 'failed') engine.end(tx, 'lost');
    });
  }
}

export interface LedgerObserver {
  /** Called when the shard is halted because of the last row of `cursor`. */
  halting(cursor: Cursor): void;
}

export function rollupLedgerOf(connection: Connection, observer: LedgerObserver): RollupLedger {
  const { ledger } = connection;
  const { engine, cursors } = ledger;
  return {
    readCursor: (shard, stream) =>
      connection.call(`read cursor of ${stream}`, () => ledger.cursor(null, shard, stream)),
    halt: (seen, reason) =>
      connection.single(`halt: ${reason}`, async (tx) => {
        const { epoch, last_seq } = ledger.cursor(null, seen.shard, seen.stream);
        if (epoch !== seen.epoch || last_seq !== seen.last_seq) return false;
        let halted = false;
        for (const stream of ['conflicts', 'events'] as const) {
          await engine.locks.acquire(tx, `cursors/${seen.shard} ${stream}`, 'exclusive');
          const cursor = ledger.cursor(null, seen.shard, stream);
          if (cursor.halted) continue;
          cursors.put(tx, cursorKeyOf(cursor), { ...cursor, halted: true });
          halted = true;
        }
        if (halted) observer.halting(ledger.cursor(null, seen.shard, seen.stream));
        return halted;
      }),
    ensurePartitions: () => connection.call('ensure partitions', () => undefined),
    transaction: (work) => connection.transaction((tx) => work(rollupTransactionOf(connection, tx))),
  };
}

/** The operator's resync after a restore. */
export const restartShard = (connection: Connection, shard: number): Promise<boolean> => {
  const { ledger } = connection;
  return connection.single('resync', async (tx) => {
    const streams = ['conflicts', 'events'] as const;
    for (const stream of streams)
      await ledger.engine.locks.acquire(tx, `cursors/${shard} ${stream}`, 'exclusive');
    if (!streams.some((stream) => ledger.cursor(null, shard, stream).halted)) return false;
    for (const stream of streams) {
      const cursor = ledger.cursor(null, shard, stream);
      const restarted = { ...cursor, epoch: cursor.epoch + 1, last_seq: 0, last_id: '', halted: false };
      ledger.cursors.put(tx, cursorKeyOf(cursor), restarted);
    }
    return true;
  });
};

/** How long the server lets a process that holds the cursor be idle, in milliseconds. */
export const IDLE_MAX = 60_000;

export function purgeLedgerOf(connection: Connection): PurgeLedger {
  const { ledger } = connection;
  const batchesOf = (stream: Stream, epoch: number): StoredBatch[] =>
    [...ledger.batches.committed.values()]
      .filter((batch) => batch.stream === stream && batch.epoch === epoch)
      .sort((a, b) => a.to_seq - b.to_seq);
  return {
    readPosition: (shard, stream, horizon) =>
      connection.call(`read position of ${stream} at the horizon`, () => {
        const { epoch, halted } = ledger.cursor(null, shard, stream);
        const committed = batchesOf(stream, epoch).filter((batch) => batch.committed_at <= horizon);
        return halted ? null : (committed.at(-1) ?? null);
      }),
    listPurgeable: (_shard, stream, { epoch, to_seq }, limit) =>
      connection.call(`list purgeable ${stream} before ${to_seq}`, () =>
        batchesOf(stream, epoch)
          .filter((batch) => batch.to_seq < to_seq && batch.purged_at === null)
          .slice(0, limit),
      ),
    whileEpochHolds: (batch, now, work) =>
      connection.transaction(async (tx) => {
        const { shard, stream, epoch, to_seq } = batch;
        const held = await connection.statement(tx, `share-lock cursor of ${stream}`, async () => {
          tx.idleMax = IDLE_MAX;
          await ledger.engine.locks.acquire(tx, `cursors/${cursorKeyOf(batch)}`, 'share');
          const cursor = ledger.cursor(tx, shard, stream);
          return cursor.epoch === epoch && cursor.last_seq > to_seq && !cursor.halted ? cursor : null;
        });
        if (!held) return false;
        if ((await work(held)) === 'purged') {
          await connection.statement(tx, `record purge of batch to ${to_seq}`, async () => {
            const key = batchKeyOf(batch);
            await ledger.engine.locks.acquire(tx, `batches/${key}`, 'exclusive');
            const stored = ledger.batches.get(tx, key);
            if (stored) ledger.batches.put(tx, key, { ...stored, purged_at: now });
          });
        }
        return true;
      }),
  };
}

/** Each step has its own transaction, as in the product: none is open while the hot store is read. */
export const cutoffLedgerOf = (connection: Connection): CutoffLedger => ({
  readCursor: (shard, stream) =>
    connection.call('read cursor', () => connection.ledger.cursor(null, shard, stream)),
  readCutoff: (period) =>
    connection.call(
      'read cutoff',
      () => connection.ledger.periods.get(null, periodKeyOf(period))?.cutoff ?? null,
    ),
  recordCutoff: (period, cutoff) =>
    connection.single(`record cutoff ${cutoff.seq} of epoch ${cutoff.epoch}`, async (tx) => {
      const key = periodKeyOf(period);
      await connection.ledger.engine.locks.acquire(tx, `periods/${key}`, 'exclusive');
      const row = connection.ledger.periods.get(tx, key);
      if (row) connection.ledger.periods.put(tx, key, { ...row, cutoff });
    }),
});

export const dayVersionsOf = (ledger: LedgerMemory, tx: Tx | null, period: PeriodKey): string =>
  ledger
    .days(tx, period)
    .map(({ what, day, version, total, count }) => `${[what, day, version, total, count]}`)
    .sort()
    .join('\n');

export const periodTransactionOf = (connection: Connection, tx: Tx): PeriodTransaction => ({
  lockPeriod: (period) =>
    connection.statement(tx, 'lock period', async () => {
      const key = periodKeyOf(period);
      await connection.ledger.engine.locks.acquire(tx, `periods/${key}`, 'exclusive');
      const row = connection.ledger.periods.get(tx, key);
      // A failover undid the drain that created the period.
      if (!row) throw new LostConnection('the period does not exist any more');
      return row;
    }),
  readDayVersions: (period) =>
    connection.statement(tx, 'read day versions', () => dayVersionsOf(connection.ledger, tx, period)),
  readCursor: (shard, stream) =>
    connection.statement(tx, 'read cursor', () => connection.ledger.cursor(tx, shard, stream)),
  setClosed: (period) =>
    connection.statement(tx, 'close period', async () => {
      const key = periodKeyOf(period);
      await connection.ledger.engine.locks.acquire(tx, `periods/${key}`, 'exclusive');
      const row = connection.ledger.periods.get(tx, key);
      if (row) connection.ledger.periods.put(tx, key, { ...row, status: 'closed' });
    }),
});
