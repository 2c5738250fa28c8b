/**
 * What the simulation knows beside the two stores: every row that was ever written, what was answered, and what a
 * restore or a failover is allowed to have taken. It checks the laws that can be broken in a single step.
 */
import type { Verdict } from '../../src/ingest/verdict.ts';
import type { HotConflict, HotEvent, Stream } from '../../src/rollup/hot-event.ts';
import { type Cursor, keyOf } from '../../src/rollup/ports.ts';
import type { Weather } from './faults.ts';
import type { HotMemory, HotObserver } from './hot-memory.ts';
import type { LedgerObserver } from './ledger-ports.ts';
import type { LedgerMemory } from './ledger-tables.ts';
import { REFUSED } from './rollup-transaction.ts';
import { type Scheduler, Violation } from './scheduler.ts';

export interface Known<Row> {
  readonly name: string;
  readonly row: Row;
  /** The row as the client's event made it, before any poison. */
  readonly sent: Row;
  readonly isPoison: boolean;
  ackedAt: number | null;
  /** A restore of the hot store, or a hand, took the row out of it. */
  isRestoredAway: boolean;
  /** Neither store had it any more after that: nobody can bring it back. */
  mayBeLost: boolean;
  readonly insertedAt: number;
}

export interface Sent {
  readonly project_id: string;
  readonly idempotency_key: string;
  readonly fingerprint: string;
}

const POISONS = [
  'quantity',
  'id',
  'instant',
  'metadata',
  'generation',
  'organisation',
  'refused by the ledger',
] as const;
const NO_INSTANT = 10 ** 17;

export class Oracle implements HotObserver, LedgerObserver {
  readonly events = new Map<string, Known<HotEvent>>();
  readonly conflicts = new Map<string, Known<HotConflict>>();
  /** Conflicts that were answered as such. */
  readonly answered: Sent[] = [];
  /** When somebody last deleted a row by hand. */
  handAt = 0;
  hot: HotMemory | null = null;
  restoredAt = 0;
  epochBegunAt = 0;
  readonly #anchorsTaken = new Set<string>();
  readonly #purgedKeys = new Set<string>();
  readonly #scheduler: Scheduler;
  readonly #weather: Weather;
  readonly #ledger: LedgerMemory;

  constructor(scheduler: Scheduler, weather: Weather, ledger: LedgerMemory) {
    this.#scheduler = scheduler;
    this.#weather = weather;
    this.#ledger = ledger;
  }

  inserted(row: HotEvent): HotEvent {
    const poison = this.#weather.chance(0.04) ? this.#weather.random.pick(POISONS) : null;
    if (poison) this.#weather.count(`poison: ${poison}`);
    const stored = poison ? this.#corrupt(row, poison) : row;
    this.#enter(this.events, 'e', stored, row);
    if (this.#purgedKeys.has(keyOf(row))) this.#weather.count('key sent again after the purge');
    return stored;
  }

  insertedConflict(row: HotConflict): HotConflict {
    const isPoison = this.#weather.chance(0.04);
    const poisoned = this.#weather.random.chance(0.5)
      ? { ...row, event: REFUSED }
      : { ...row, received_at: NO_INSTANT };
    const stored = isPoison ? poisoned : row;
    this.#enter(this.conflicts, 'c', stored, row);
    return stored;
  }

  #enter<Row extends { id: string; seq: number; idempotency_key: string }>(
    registry: Map<string, Known<Row>>,
    letter: string,
    row: Row,
    sent: Row,
  ): void {
    const isPoison = row !== sent;
    const name = `${letter}${registry.size + 1}`;
    registry.set(row.id, {
      name,
      row,
      sent,
      isPoison,
      ackedAt: null,
      isRestoredAway: false,
      mayBeLost: false,
      insertedAt: this.#scheduler.now,
    });
    this.#scheduler.note(
      'D1',
      `${name} = key ${row.idempotency_key} at seq ${row.seq}${isPoison ? ', poisoned' : ''}`,
    );
  }

  #corrupt(row: HotEvent, poison: (typeof POISONS)[number]): HotEvent {
    const { random } = this.#weather;
    switch (poison) {
      case 'quantity':
        return { ...row, metric_value: 'NaN' };
      case 'id':
        return { ...row, organisation_id: 'nobody' };
      case 'instant':
        return random.chance(0.5) ? { ...row, timestamp: NO_INSTANT } : { ...row, ingested_at: NO_INSTANT };
      case 'metadata':
        return { ...row, metadata: '{' };
      case 'generation':
        return {
          ...row,
          generation: random.pick(['{', '{}', row.generation?.replace(/"\d+ /, '"x ') ?? '[]']),
        };
      case 'organisation':
        return { ...row, organisation_id: '00000000-0000-7000-8000-0000000000ff' };
      case 'refused by the ledger':
        return { ...row, unit: REFUSED };
    }
  }

  /** Compares what clients received with what was written. */
  answer(sent: Sent, verdict: Verdict): void {
    const holder = this.events.get(verdict.id);
    if (!holder || keyOf(holder.row) !== keyOf(sent))
      throw new Violation('accepted means stored', `${verdict.status} names an event that was never written`);
    const isSame = holder.row.fingerprint === sent.fingerprint;
    if (verdict.status === 'conflict' ? isSame : !isSame)
      throw new Violation(
        'same content is a duplicate, other content a conflict',
        `${verdict.status} of ${holder.name}`,
      );
    if (verdict.status === 'accepted') holder.ackedAt ??= this.#scheduler.now;
    if (verdict.status === 'conflict') this.answered.push(sent);
  }

  deleted(
    stream: Stream,
    rows: readonly { seq: number; id: string }[],
    from: number,
    to: number,
    countedAt: number,
  ): void {
    const { now } = this.#scheduler;
    const cursor = this.#ledger.cursor(null, 0, stream);
    for (const row of rows) {
      const known = this.#entry(stream, row.id);
      const settledAt = this.#ledger.settledAt(row.id);
      if (settledAt === undefined && !known.mayBeLost)
        throw new Violation('the purge never takes what is not drained', `${known.name} at seq ${row.seq}`);
      if (settledAt !== undefined && settledAt > now - this.#weather.retention)
        throw new Violation(
          'the purge never takes what a failover could lose',
          `${known.name} at seq ${row.seq}`,
        );
      if (row.seq === cursor.last_seq && row.id === cursor.last_id) {
        // A restore after the resync, while the purge hung, took the new epoch's fence away: the shard halts once more, and nothing is lost.
        if (this.restoredAt > Math.max(countedAt, this.epochBegunAt)) this.#anchorsTaken.add(row.id);
        else throw new Violation("the cursor's own row stays", `${known.name} at seq ${row.seq}`);
      }
      if (stream === 'events') this.#purgedKeys.add(keyOf(known.row));
    }
    // Of whichever epoch: a purge that hung may end after a resync, and then takes what was drained before it.
    const isBatch = [...this.#ledger.batches.committed.values()].some(
      (batch) =>
        batch.stream === stream &&
        batch.from_seq === from &&
        batch.to_seq === to &&
        batch.n_in === rows.length,
    );
    if (rows.length > 0 && !isBatch && this.handAt <= countedAt)
      throw new Violation(
        'the purge takes exactly what was drained',
        `${rows.length} rows in (${from}, ${to}]`,
      );
    if (rows.length > 0) this.#weather.count('purge');
  }

  #entry(stream: Stream, id: string): Known<HotEvent> | Known<HotConflict> {
    const known = stream === 'events' ? this.events.get(id) : this.conflicts.get(id);
    if (!known) throw new Error('a row that was never written');
    return known;
  }

  halting(cursor: Cursor): void {
    const known = this.#entry(cursor.stream, cursor.last_id);
    if (!known.isRestoredAway && !this.#anchorsTaken.has(cursor.last_id))
      throw new Violation(
        'a shard halts only where its store was restored',
        `${known.name} at seq ${cursor.last_seq} of ${cursor.stream}`,
      );
    const there = this.hot?.table(cursor.stream).rows.find((row) => row.seq === cursor.last_seq);
    if (there) this.#weather.count('D1 restore, numbers reused');
    if (cursor.stream === 'conflicts') this.#weather.count('D1 restore, conflicts behind');
  }

  restored(gone: {
    readonly events: readonly { id: string }[];
    readonly conflicts: readonly { id: string }[];
  }): void {
    for (const stream of ['events', 'conflicts'] as const) {
      for (const { id } of gone[stream]) {
        const known = this.#entry(stream, id);
        known.isRestoredAway = true;
        if (this.#ledger.settledAt(id) === undefined) known.mayBeLost = true;
      }
    }
  }

  /** `settled`: what the ledger held before. */
  failedOver(settled: ReadonlySet<string>, hot: HotMemory): void {
    const held = new Set([...hot.state.events.rows, ...hot.state.conflicts.rows].map((row) => row.id));
    for (const id of settled) {
      if (this.#ledger.settledAt(id) !== undefined || held.has(id)) continue;
      const known = this.events.get(id) ?? this.conflicts.get(id);
      if (!known) continue;
      if (!known.isRestoredAway)
        throw new Violation(
          'a failover loses nothing that was accepted',
          `${known.name} is in neither store`,
        );
      known.mayBeLost = true;
    }
  }

  settled(): Set<string> {
    const { events, quarantine, known } = this.#ledger;
    return new Set([...events.committed.keys(), ...quarantine.committed.keys(), ...known.committed.keys()]);
  }
}
