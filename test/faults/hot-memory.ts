/** A model of D1: serial, a batch is one transaction, numbers are never reused, and any past state can be restored. */

import { CONTENT_FIELDS, hotText, namedContent, shownContent } from '../../src/ai/call-content.ts';
import { ARRIVAL_FIELDS } from '../../src/ai/fillable-fields.ts';
import type { HotWriter, RefusedEvent, StampedEvent } from '../../src/ingest/accept-events.ts';
import type { UsageEvent } from '../../src/ingest/event.ts';
import type { Holder } from '../../src/ingest/verdict.ts';
import type { HotConflict, HotEvent, HotRows, Stream } from '../../src/rollup/hot-event.ts';
import type { HotReader } from '../../src/rollup/ports.ts';
import type { Weather } from './faults.ts';
import type { Actor } from './scheduler.ts';

interface Table<Row> {
  /** Ordered by seq. */
  readonly rows: readonly Row[];
  readonly lastSeq: number;
}

interface State {
  readonly events: Table<HotEvent>;
  readonly conflicts: Table<HotConflict>;
  /** The latest epoch that has begun. */
  readonly epoch: number;
}

export interface HotObserver {
  inserted(row: HotEvent): HotEvent;
  insertedConflict(row: HotConflict): HotConflict;
  deleted(
    stream: Stream,
    rows: readonly { seq: number; id: string }[],
    from: number,
    to: number,
    countedAt: number,
  ): void;
}

const EMPTY: State = { events: { rows: [], lastSeq: 0 }, conflicts: { rows: [], lastSeq: 0 }, epoch: 1 };

export class HotMemory {
  state: State = EMPTY;
  readonly observer: HotObserver;
  readonly clock: { readonly now: number };
  #history: { at: number; state: State }[] = [{ at: 0, state: EMPTY }];

  constructor(clock: { readonly now: number }, observer: HotObserver) {
    this.clock = clock;
    this.observer = observer;
  }

  write(state: State): void {
    this.state = state;
    this.#history.push({ at: this.clock.now, state });
  }

  table<S extends Stream>(stream: S): Table<HotRows[S]> {
    // The compiler cannot resolve an indexed access by a type parameter.
    return this.state[stream] as Table<HotEvent | HotConflict> as Table<HotRows[S]>;
  }

  /** Time Travel: restores the state at an instant, including the sequence numbers. Returns the lost rows. */
  restore(instant: number): { events: HotEvent[]; conflicts: HotConflict[] } {
    let target = EMPTY;
    for (const { at, state } of this.#history) if (at <= instant) target = state;
    const before = this.state;
    this.write(target);
    const kept = new Set([...target.events.rows, ...target.conflicts.rows].map((row) => row.id));
    return {
      events: before.events.rows.filter((row) => !kept.has(row.id)),
      conflicts: before.conflicts.rows.filter((row) => !kept.has(row.id)),
    };
  }

  remove(stream: Stream, gone: (row: { seq: number }) => boolean): void {
    const kept = <Row extends { seq: number }>(table: Table<Row>): Table<Row> => ({
      ...table,
      rows: table.rows.filter((row) => !gone(row)),
    });
    const { events, conflicts } = this.state;
    this.write(
      stream === 'events'
        ? { ...this.state, events: kept(events) }
        : { ...this.state, conflicts: kept(conflicts) },
    );
  }

  insertEvents(
    { organisation_id, project_id }: { organisation_id: string; project_id: string },
    sent: readonly StampedEvent[],
    ingested_at: number,
  ): (Holder | undefined)[] | null {
    const rows = [...this.state.events.rows];
    let seq = this.state.events.lastSeq;
    const find = (key: string): HotEvent | undefined =>
      rows.find((row) => row.project_id === project_id && row.idempotency_key === key);
    let changes = 0;
    for (const { id, fingerprint, event, timestamp } of sent) {
      if (find(event.idempotency_key)) continue;
      seq += 1;
      changes += 1;
      const generation = event.generation && hotText(event.generation.content, event.generation.priced);
      const own = { ...event, generation, timestamp, fingerprint };
      const row = { ...own, seq, id, organisation_id, project_id, ingested_at };
      rows.push(this.observer.inserted(row));
    }
    this.write({ ...this.state, events: { rows, lastSeq: seq } });
    if (changes === sent.length) return null;
    return sent.map(({ event }) => {
      const row = find(event.idempotency_key);
      return row && { id: row.id, fingerprint: row.fingerprint, lacks: lacksOf(row.generation) };
    });
  }

  insertConflicts(
    { organisation_id, project_id }: { organisation_id: string; project_id: string },
    refused: readonly RefusedEvent[],
    received_at: number,
  ): void {
    const rows = [...this.state.conflicts.rows];
    let seq = this.state.conflicts.lastSeq;
    for (const { kind, id, fingerprint, idempotency_key, event, first_event_id } of refused) {
      const isTaken = rows.some(
        (row) =>
          row.project_id === project_id &&
          row.idempotency_key === idempotency_key &&
          row.fingerprint === fingerprint,
      );
      if (isTaken) continue;
      seq += 1;
      const row = {
        seq,
        id,
        organisation_id,
        project_id,
        idempotency_key,
        fingerprint,
        kind,
        event: JSON.stringify({ ...event, generation: shownOf(event) }),
        first_event_id,
        received_at,
      };
      rows.push(this.observer.insertedConflict(row));
    }
    this.write({ ...this.state, conflicts: { rows, lastSeq: seq } });
  }
}

/** A bit for each field that a later arrival could fill. */
function lacksOf(generation: string | null): number {
  if (generation === null || !generation.startsWith('[')) return 0;
  const [content] = JSON.parse(generation) as [unknown[]?];
  return ARRIVAL_FIELDS.reduce((lacks, field, bit) => {
    const value = content?.[CONTENT_FIELDS.indexOf(field)];
    return value === undefined || value === null ? lacks | (1 << bit) : lacks;
  }, 0);
}

const shownOf = ({ generation }: UsageEvent) =>
  generation && shownContent(namedContent(JSON.parse(generation.content)));

const within = (from: number, to: number) => (row: { seq: number }) => from < row.seq && row.seq <= to;

export const hotWriterOf = (hot: HotMemory, weather: Weather, actor: Actor): HotWriter => ({
  async insertEvents(requests) {
    const keys = requests.flatMap(({ events }) => events.map(({ event }) => event.idempotency_key));
    const holders = await weather.call(actor, `D1 insert of ${keys}`, () =>
      requests.map((request) => hot.insertEvents(request, request.events, request.received_at)),
    );
    // The product must detect a gap in the read-back.
    return holders as Awaited<ReturnType<HotWriter['insertEvents']>>;
  },
  insertConflicts: (tenant, conflicts, receivedAt) =>
    weather.call(actor, `D1 conflicts ${conflicts.map((each) => each.idempotency_key)}`, () =>
      hot.insertConflicts(tenant, conflicts, receivedAt),
    ),
});

export function hotReaderOf(hot: HotMemory, weather: Weather, actor: Actor): HotReader {
  let countedAt = 0;
  return {
    read: (stream, from, limit) =>
      weather.call(actor, `D1 read ${stream} from ${from}`, () =>
        hot
          .table(stream)
          .rows.filter((row) => row.seq >= from)
          .slice(0, limit),
      ),
    maxSeq: (stream) => weather.call(actor, `D1 max seq of ${stream}`, () => hot.state[stream].lastSeq),
    count: (stream, from, to) =>
      weather.call(actor, `D1 count ${stream} (${from}, ${to}]`, () => {
        countedAt = hot.clock.now;
        return hot.table(stream).rows.filter(within(from, to)).length;
      }),
    delete: (stream, from, to, { epoch, last_seq, last_id }) =>
      weather.call(actor, `D1 delete ${stream} (${from}, ${to}]`, () => {
        const { rows } = hot.table(stream);
        if (!rows.some((row) => row.seq === last_seq && row.id === last_id)) return 0;
        if (hot.state.epoch > epoch) return 0;
        const gone = rows.filter(within(from, to));
        hot.observer.deleted(stream, gone, from, to, countedAt);
        hot.remove(stream, within(from, to));
        return gone.length;
      }),
    beginEpoch: (epoch) =>
      weather.call(actor, `D1 begin epoch ${epoch}`, () =>
        hot.write({ ...hot.state, epoch: Math.max(epoch, hot.state.epoch) }),
      ),
    markDrained: (batch) =>
      weather.call(actor, `D1 mark drained to ${batch.to_seq} of epoch ${batch.epoch}`, () => undefined),
  };
}
