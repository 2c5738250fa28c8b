/** The SQL of ingest: one D1 batch, which is one transaction. */
import type { D1PreparedStatement, D1Result } from '@cloudflare/workers-types';
import { AppError } from '../core/error.ts';
import { type HotDatabase, withinTime } from '../db/hot.ts';
import type { HotWriter, StampedEvent } from './accept-events.ts';
import type { SentEvent } from './verdict.ts';

// A bound value may have 2 MB at D1; the local engine takes more and would hide it.
const PARAMETER_BYTES_MAX = 2_000_000;

// Read back by `json_each CROSS JOIN`: a plain JOIN let the planner scan the table (1,101,100 rows read for 1,000
// events, 2,000 this way). `changes()` is the insert's own count within the same transaction, so a batch of new events
// reads nothing back.
const INSERT = `INSERT INTO usage_events (id, organisation_id, project_id, metric_name, metric_value, unit, timestamp,
  user_id, metadata, idempotency_key, fingerprint, ingested_at)
SELECT value->>0, ?2, ?3, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, value->>7, value->>8, ?4
FROM json_each(?1) WHERE true ON CONFLICT (project_id, idempotency_key) DO NOTHING`;
const READ_BACK = `SELECT CASE WHEN changes() = ?3 THEN NULL ELSE (
  SELECT json_group_array(json_array(sent.key, held.id, held.fingerprint)) FROM json_each(?1) AS sent
  CROSS JOIN usage_events AS held ON held.project_id = ?2 AND held.idempotency_key = sent.value) END AS holders`;

const INSERT_CONFLICTS = `INSERT INTO event_conflicts (id, organisation_id, project_id, idempotency_key, fingerprint, event,
  first_event_id, received_at)
SELECT value->>0, ?2, ?3, value->>1, value->>2, value->>3, value->>4, ?4
FROM json_each(?1) WHERE true ON CONFLICT DO NOTHING`;

interface Chunk {
  readonly events: readonly StampedEvent[];
  readonly rows: string;
  readonly keys: string;
}

export function hotWriter(database: HotDatabase): HotWriter {
  return {
    async insertEvents({ organisation_id, project_id }, events, receivedAt) {
      const chunks = chunksOf(events);
      const statements = chunks.flatMap((chunk): D1PreparedStatement[] => [
        database.prepare(INSERT).bind(chunk.rows, organisation_id, project_id, receivedAt),
        database.prepare(READ_BACK).bind(chunk.keys, project_id, chunk.events.length),
      ]);
      const results = await withinTime(database.batch<{ holders: string | null }>(statements));
      return readHolders(chunks, results);
    },

    async insertConflicts({ organisation_id, project_id }, conflicts, receivedAt) {
      const rows = conflicts.map(({ id, idempotency_key, fingerprint, event, first_event_id }) =>
        JSON.stringify([id, idempotency_key, fingerprint, conflictText(event), first_event_id]),
      );
      const statements = splitBySize(rows).map((part) =>
        database
          .prepare(INSERT_CONFLICTS)
          .bind(`[${part.join(',')}]`, organisation_id, project_id, receivedAt),
      );
      await withinTime(database.batch(statements));
    },
  };
}

const conflictText = ({ metadata, timestamp, ...event }: StampedEvent['event']): string =>
  JSON.stringify({
    ...event,
    timestamp: timestamp === null ? null : new Date(timestamp).toISOString(),
    metadata: JSON.parse(metadata),
  });

const utf8 = new TextEncoder();

/** Groups of rows whose JSON, joined, stays within a bound value. */
function splitBySize(rows: readonly string[]): string[][] {
  const characters = rows.reduce((sum, row) => sum + row.length + 1, 2);
  // A UTF-16 unit takes at most three bytes: below that bound nothing need be measured.
  if (characters * 3 <= PARAMETER_BYTES_MAX) return [[...rows]];
  const parts: string[][] = [[]];
  let size = 2;
  for (const row of rows) {
    const bytes = utf8.encode(row).length + 1;
    if (size + bytes > PARAMETER_BYTES_MAX) {
      parts.push([]);
      size = 2;
    }
    parts[parts.length - 1]?.push(row);
    size += bytes;
  }
  return parts;
}

function chunksOf(events: readonly StampedEvent[]): Chunk[] {
  const rows = events.map(({ id, fingerprint, timestamp, event }) =>
    JSON.stringify([
      id,
      event.metric_name,
      event.metric_value,
      event.unit,
      timestamp,
      event.user_id,
      event.metadata,
      event.idempotency_key,
      fingerprint,
    ]),
  );
  let start = 0;
  return splitBySize(rows).map((part) => {
    const own = events.slice(start, start + part.length);
    start += part.length;
    return {
      events: own,
      rows: `[${part.join(',')}]`,
      keys: JSON.stringify(own.map(({ event }) => event.idempotency_key)),
    };
  });
}

/** Two results a chunk: the insert's and the read-back's. */
function readHolders(
  chunks: readonly Chunk[],
  results: readonly D1Result<{ holders: string | null }>[],
): SentEvent[] | null {
  if (chunks.every((_, index) => results[index * 2 + 1]?.results[0]?.holders === null)) {
    const inserted = chunks.every((chunk, index) => results[index * 2]?.meta.changes === chunk.events.length);
    if (inserted) return null;
    throw new AppError('unavailable', 'The event store gave no clear answer. Try again.', {
      log: 'the insert and its own count differ',
      retryAfterSeconds: 1,
    });
  }
  return chunks.flatMap((chunk, index) => {
    const text = results[index * 2 + 1]?.results[0]?.holders;
    if (text === null || text === undefined)
      return chunk.events.map(({ id, fingerprint }) => ({ id, fingerprint }));
    const holders: SentEvent[] = new Array(chunk.events.length);
    for (const [position, id, fingerprint] of JSON.parse(text) as [number, string, string][]) {
      holders[position] = { id, fingerprint };
    }
    return holders;
  });
}
