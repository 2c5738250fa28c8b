/**
 * The SQL of the roll-up on a hot store: `HotReader` on D1. Reads go to the primary, as always for a binding
 * without a session.
 */
import { type HotDatabase, withinTime } from '../db/hot.ts';
import { hotColumns } from '../db/hot-columns.ts';
import type { HotRow } from '../db/rows.ts';
import type { HotConflict, HotRows, Stream } from './hot-event.ts';
import type { HotReader } from './ports.ts';

interface HotColumns<Name extends 'usage_events' | 'event_conflicts'> {
  readonly table: Name;
  readonly large: keyof HotRow<Name>;
  readonly columns: readonly (keyof HotRow<Name>)[];
}

const TABLES = {
  events: {
    table: 'usage_events',
    large: 'generation',
    columns: [
      'seq',
      'id',
      'organisation_id',
      'project_id',
      'metric_name',
      'metric_value',
      'unit',
      'timestamp',
      'user_id',
      'metadata',
      'generation',
      'idempotency_key',
      'fingerprint',
      'ingested_at',
    ],
  },
  conflicts: {
    table: 'event_conflicts',
    large: 'event',
    columns: [
      'seq',
      'id',
      'organisation_id',
      'project_id',
      'idempotency_key',
      'fingerprint',
      'kind',
      'event',
      'first_event_id',
      'received_at',
    ],
  },
} as const satisfies {
  events: HotColumns<'usage_events'>;
  conflicts: HotColumns<'event_conflicts'>;
};

/** The maximum size of call contents in one read. A Worker has 128 MB. */
const READ_BYTES_MAX = 8_000_000;
const HOT_BYTES_MAX = 10_000_000_000;

const RANGE = hotColumns('drained_ranges', ['epoch', 'from_seq', 'to_seq', 'drained_at']);

export function hotReader(database: HotDatabase): HotReader {
  return {
    // Reads as many rows as fit in memory: the row of an AI call can be 150 times as large as a plain event. No
    // value exceeds 2 MB, so the cursor's row is never the only row. octet_length reads only the row's header.
    async read<S extends Stream>(stream: S, from: number, limit: number) {
      const { table, columns, large } = TABLES[stream];
      const size = `coalesce(octet_length(${large}), 0)`;
      const statement = database.prepare(
        `SELECT ${columns.join(', ')} FROM (SELECT *, sum(${size}) OVER (ORDER BY seq ROWS UNBOUNDED PRECEDING) - ${size} AS bytes_before
           FROM (SELECT * FROM ${table} WHERE seq >= ?1 ORDER BY seq LIMIT ?2))
         WHERE bytes_before <= ${READ_BYTES_MAX} ORDER BY seq`,
      );
      const { results } = await withinTime(statement.bind(from, limit).all<HotRows[S]>());
      return results;
    },

    // From the rows, not from sqlite_sequence: an insert that ignores a duplicate moves the sequence past the
    // last row.
    async maxSeq(stream) {
      const statement = database.prepare(`SELECT max(seq) AS seq FROM ${TABLES[stream].table}`);
      return (await withinTime(statement.first<number>('seq'))) ?? 0;
    },

    async count(stream, from, to) {
      const statement = database.prepare(
        `SELECT count(*) AS n FROM ${TABLES[stream].table} WHERE seq > ?1 AND seq <= ?2`,
      );
      return (await withinTime(statement.bind(from, to).first<number>('n'))) ?? 0;
    },

    async delete(stream, from, to, { epoch, last_seq, last_id }) {
      const { table } = TABLES[stream];
      const statement = database.prepare(
        `DELETE FROM ${table} WHERE seq > ?1 AND seq <= ?2
           AND EXISTS (SELECT 1 FROM ${table} AS anchor WHERE anchor.seq = ?3 AND anchor.id = ?4)
           AND NOT EXISTS (SELECT 1 FROM drained_ranges WHERE epoch > ?5)`,
      );
      const { meta } = await withinTime(statement.bind(from, to, last_seq, last_id, epoch).run());
      return meta.changes;
    },

    async beginEpoch(epoch, now) {
      const statement = database.prepare(
        `INSERT OR IGNORE INTO drained_ranges (${RANGE}) VALUES (?1, 0, 0, ?2)`,
      );
      await withinTime(statement.bind(epoch, now).run());
    },

    async markDrained({ stream, epoch, from_seq, to_seq }, now) {
      if (stream !== 'events') return;
      const statement = database.prepare(
        `INSERT OR IGNORE INTO drained_ranges (${RANGE}) VALUES (?1, ?2, ?3, ?4)`,
      );
      await withinTime(statement.bind(epoch, from_seq, to_seq, now).run());
    },
  };
}

const MARKS_AT_ONCE = 10_000;

/** Deletes the oldest marks of spans received before the horizon. Returns true if more may be left. */
export async function purgeMarks(database: HotDatabase, horizon: number): Promise<boolean> {
  // Only from the first rows: there is no index by age, but seq follows the order of arrival.
  const statement = database.prepare(
    `DELETE FROM span_marks WHERE seq <= (
       SELECT max(seq) FROM (SELECT seq, received_at FROM span_marks ORDER BY seq LIMIT ${MARKS_AT_ONCE}) WHERE received_at < ?1)`,
  );
  const { meta } = await withinTime(statement.bind(horizon).run());
  return meta.changes >= MARKS_AT_ONCE;
}

export interface Fullness {
  readonly bytes: number;
  readonly ratio: number;
}

/** The part of D1's 10 GB that a shard uses, as D1 reports it with every result. */
export async function readFullness(database: HotDatabase): Promise<Fullness> {
  const { meta } = await withinTime(database.prepare('SELECT 1').all());
  const bytes = meta.size_after;
  return { bytes, ratio: bytes / HOT_BYTES_MAX };
}

export type HotPlace = Readonly<Pick<HotRow<'usage_events'>, 'id' | 'seq' | 'ingested_at'>>;

/** An event's place in the hot store, by its key. Null if it never arrived or was purged. */
export async function findHotEvent(
  database: HotDatabase,
  projectId: string,
  idempotencyKey: string,
): Promise<HotPlace | null> {
  const statement = database.prepare(
    'SELECT id, seq, ingested_at FROM usage_events WHERE project_id = ?1 AND idempotency_key = ?2',
  );
  return await withinTime(statement.bind(projectId, idempotencyKey).first<HotPlace>());
}

type HotArrival = Pick<HotRow<'event_conflicts'>, 'kind' | 'id' | 'event' | 'received_at'> &
  Pick<HotConflict, 'kind'>;

/** Other arrivals under the same key, while the hot store keeps them. */
export async function listHotConflicts(
  database: HotDatabase,
  projectId: string,
  idempotencyKey: string,
): Promise<HotArrival[]> {
  const statement = database.prepare(
    'SELECT kind, id, event, received_at FROM event_conflicts WHERE project_id = ?1 AND idempotency_key = ?2 ORDER BY seq LIMIT 100',
  );
  const bound = statement.bind(projectId, idempotencyKey);
  return (await withinTime(bound.all<HotArrival>())).results;
}

/** When the oldest event after the cursor was received: the lag. Null if nothing waits. */
export async function readOldestPending(
  database: HotDatabase,
  lastSeq: number,
): Promise<{ ingested_at: number; pending: number } | null> {
  const statement = database.prepare(
    `SELECT min(ingested_at) AS ingested_at, count(*) AS pending
     FROM (SELECT ingested_at FROM usage_events WHERE seq > ?1 ORDER BY seq LIMIT 100000)`,
  );
  const row = await withinTime(
    statement.bind(lastSeq).first<{ ingested_at: HotPlace['ingested_at'] | null; pending: number }>(),
  );
  return row && row.ingested_at !== null ? { ingested_at: row.ingested_at, pending: row.pending } : null;
}
