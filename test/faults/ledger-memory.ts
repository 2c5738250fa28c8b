/**
 * A model of Postgres under READ COMMITTED: writes are private until COMMIT, rows stay locked until the transaction
 * ends, an insert of a unique key waits for an uncommitted holder, and a failover loses the latest commits.
 */
import { type Actor, LostConnection, type Scheduler } from './scheduler.ts';

export class PostgresError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** One transaction and its connection. */
export class Tx {
  readonly actor: Actor;
  readonly beganAt: number;
  state: 'open' | 'failed' | 'lost' | 'ended' = 'open';
  lastUsedAt: number;
  isWaiting = false;
  /** The server ends the transaction if its client is idle for longer. Null means never. */
  idleMax: number | null = null;
  readonly locks = new Set<Lock>();

  constructor(actor: Actor, now: number) {
    this.actor = actor;
    this.beganAt = now;
    this.lastUsedAt = now;
  }
}

interface Lock {
  readonly name: string;
  exclusive: Tx | null;
  readonly shared: Set<Tx>;
  readonly waiting: Set<Tx>;
}

/** Row locks by name, with deadlock detection. */
export class Locks {
  #locks = new Map<string, Lock>();
  #waitsFor = new Map<Tx, Lock>();
  readonly #onWait: () => void;

  constructor(onWait: () => void) {
    this.#onWait = onWait;
  }

  /** Returns whether it had to wait. */
  async acquire(tx: Tx, name: string, mode: 'share' | 'exclusive'): Promise<boolean> {
    let lock = this.#locks.get(name);
    if (!lock) {
      lock = { name, exclusive: null, shared: new Set(), waiting: new Set() };
      this.#locks.set(name, lock);
    }
    let waited = false;
    while (this.#blockers(lock, tx, mode).length > 0) {
      waited = true;
      this.#waitsFor.set(tx, lock);
      lock.waiting.add(tx);
      if (this.#reaches(lock, tx, new Set())) {
        this.#stopWaiting(lock, tx);
        tx.state = 'failed';
        throw new PostgresError('40P01', 'deadlock detected');
      }
      tx.actor.note(`waits for ${name}`);
      tx.isWaiting = true;
      this.#onWait();
      await tx.actor.park();
      this.#stopWaiting(lock, tx);
      if (tx.state === 'lost') throw new LostConnection('connection lost while waiting');
    }
    if (mode === 'exclusive') lock.exclusive = tx;
    else if (lock.exclusive !== tx) lock.shared.add(tx);
    tx.locks.add(lock);
    return waited;
  }

  #blockers(lock: Lock, tx: Tx, mode: 'share' | 'exclusive'): Tx[] {
    const holders = lock.exclusive ? [lock.exclusive] : [];
    if (mode === 'exclusive') holders.push(...lock.shared);
    return holders.filter((holder) => holder !== tx);
  }

  #reaches(lock: Lock, target: Tx, seen: Set<Lock>): boolean {
    if (seen.has(lock)) return false;
    seen.add(lock);
    return [lock.exclusive, ...lock.shared].some((holder) => {
      if (!holder || (holder === target && seen.size === 1)) return false;
      if (holder === target) return true;
      const next = this.#waitsFor.get(holder);
      return next !== undefined && this.#reaches(next, target, seen);
    });
  }

  #stopWaiting(lock: Lock, tx: Tx): void {
    this.#waitsFor.delete(tx);
    lock.waiting.delete(tx);
    tx.isWaiting = false;
  }

  releaseAll(tx: Tx): void {
    for (const lock of tx.locks) {
      if (lock.exclusive === tx) lock.exclusive = null;
      lock.shared.delete(tx);
      for (const waiting of lock.waiting) waiting.actor.wake();
      if (lock.waiting.size === 0 && !lock.exclusive && lock.shared.size === 0) this.#locks.delete(lock.name);
    }
    tx.locks.clear();
  }
}

const REAP_MS = 61_000;

type Undo = () => void;

export class Table<Row> {
  readonly name: string;
  readonly committed = new Map<string, Row>();
  /** When each row was created, in the current state of the ledger. */
  readonly bornAt = new Map<string, number>();
  #pending = new Map<Tx, Map<string, Row>>();

  constructor(name: string) {
    this.name = name;
  }

  get(tx: Tx | null, key: string): Row | undefined {
    return (tx && this.#pending.get(tx)?.get(key)) ?? this.committed.get(key);
  }

  /** The caller holds the row's lock. */
  put(tx: Tx, key: string, row: Row): void {
    let own = this.#pending.get(tx);
    if (!own) {
      own = new Map();
      this.#pending.set(tx, own);
    }
    own.set(key, row);
  }

  rows(tx: Tx | null): [string, Row][] {
    const own = tx && this.#pending.get(tx);
    return [...(own ? new Map([...this.committed, ...own]) : this.committed)];
  }

  drop(tx: Tx): void {
    this.#pending.delete(tx);
  }

  commit(tx: Tx, now: number): Undo {
    const own = this.#pending.get(tx);
    if (!own) return () => undefined;
    this.#pending.delete(tx);
    const before = [...own.keys()].map((key) => [key, this.committed.get(key)] as const);
    for (const [key, row] of own) {
      if (!this.committed.has(key)) this.bornAt.set(key, now);
      this.committed.set(key, row);
    }
    return () => {
      for (const [key, row] of before) {
        if (row !== undefined) {
          this.committed.set(key, row);
          continue;
        }
        this.committed.delete(key);
        this.bornAt.delete(key);
      }
    };
  }
}

export class Engine {
  readonly scheduler: Scheduler;
  readonly locks = new Locks(() => this.#reapLater());
  readonly tables: readonly Pick<Table<never>, 'drop' | 'commit'>[];
  #log: { readonly at: number; readonly undo: readonly Undo[] }[] = [];
  #open = new Set<Tx>();

  constructor(scheduler: Scheduler, tables: readonly Pick<Table<never>, 'drop' | 'commit'>[]) {
    this.scheduler = scheduler;
    this.tables = tables;
  }

  begin(actor: Actor): Tx {
    const tx = new Tx(actor, this.scheduler.now);
    this.#open.add(tx);
    return tx;
  }

  // The time at which the server ends an idle client's transaction matters only while another transaction waits.
  #reapLater(): void {
    const { scheduler } = this;
    scheduler.at(scheduler.now + REAP_MS, () => {
      for (const tx of [...this.#open]) if (!tx.isWaiting && this.#isSilent(tx)) this.end(tx, 'lost');
      const waiting = [...this.#open].filter((tx) => tx.isWaiting);
      const holding = [...this.#open].some((tx) => !tx.isWaiting && tx.idleMax !== null);
      if (waiting.length > 0 && holding) this.#reapLater();
    });
  }

  /** Runs before every statement. Throws if the connection is lost or the transaction has failed. */
  use(tx: Tx): void {
    if (tx.state !== 'ended' && this.#isSilent(tx)) this.end(tx, 'lost');
    tx.lastUsedAt = this.scheduler.now;
    if (tx.state === 'lost') throw new LostConnection('the connection was lost');
    if (tx.state === 'failed') throw new PostgresError('25P02', 'current transaction is aborted');
  }

  #isSilent(tx: Tx): boolean {
    return tx.idleMax !== null && this.scheduler.now - tx.lastUsedAt > tx.idleMax;
  }

  commit(tx: Tx): void {
    const { now } = this.scheduler;
    this.#log.push({ at: now, undo: this.tables.map((table) => table.commit(tx, now)) });
    this.end(tx, 'ended');
  }

  /** Rolls back uncommitted writes and releases the locks. */
  end(tx: Tx, state: 'lost' | 'ended'): void {
    tx.state = state;
    for (const table of this.tables) table.drop(tx);
    this.locks.releaseAll(tx);
    this.#open.delete(tx);
    if (state === 'lost') tx.actor.wake();
  }

  /** The standby takes over with its state at `instant`. Returns the number of lost commits. */
  failover(instant: number): number {
    for (const tx of [...this.#open]) this.end(tx, 'lost');
    let lost = 0;
    for (let last = this.#log.at(-1); last && last.at > instant; last = this.#log.at(-1)) {
      for (const undo of last.undo) undo();
      this.#log.pop();
      lost += 1;
    }
    return lost;
  }
}
