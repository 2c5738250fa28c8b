/** The SQL of ingest: one D1 batch, which is one transaction. */
import type { D1PreparedStatement, D1Result } from '@cloudflare/workers-types';
import { AppError } from '../core/error.ts';
import { utf8Length } from '../core/text.ts';
import { type HotDatabase, withinTime } from '../db/hot.ts';
import type { HotWriter, InsertRequest, StampedEvent } from './accept-events.ts';
import { hotJsonOf } from './event.ts';
import {
  COUNTED_ELSEWHERE,
  HELD_LACKS,
  isNested,
  nestedStatements,
  nestingText,
  withNesting,
} from './span-store.ts';
import type { Holder } from './verdict.ts';

// A bound value may have 2 MB at D1; the local engine takes more and would hide it.
const PARAMETER_BYTES_MAX = 2_000_000;

// Read back by `json_each CROSS JOIN`: a plain JOIN let the planner scan the table (1,101,100 rows read for 1,000
// events, 2,000 this way). `changes()` is the insert's own count within the same transaction, so a batch of new events
// reads nothing back. Two forms: a request of its own names its tenant once, several together in each row.
const COLUMNS = `id, organisation_id, project_id, metric_name, metric_value, unit, timestamp, user_id, metadata,
  idempotency_key, fingerprint, ingested_at`;
const EVENT = 'value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, value->>7, value->>8';
const ONCE = 'WHERE true ON CONFLICT (project_id, idempotency_key) DO NOTHING';
const FROM_ROWS = `FROM json_each(?1) ${ONCE}`;

interface Forms {
  readonly insert: string;
  readonly insertOne: string;
  readonly insertMixed: string;
  readonly readBack: string;
  readonly readBackMixed: string;
}

/** `more`: what rows and read-back carry beside an event's own; plain events pay nothing for what they do not have. */
function formsOf(more: {
  readonly column: string;
  readonly value: (index: number, contents: number) => string;
  readonly held: string;
}): Forms {
  const columns = `${COLUMNS}${more.column}`;
  const readBack = (isHeld: string): string => `SELECT CASE WHEN changes() = ?2 THEN NULL ELSE (
  SELECT json_group_array(json_array(sent.key, held.id, held.fingerprint${more.held})) FROM json_each(?1) AS sent
  CROSS JOIN usage_events AS held ON ${isHeld}) END AS holders`;
  // Without json_each a single event reads two rows instead of three; both are AUTOINCREMENT's.
  const one = `?1->0->>0, ?2, ?3, ${EVENT}, ?4${more.value(9, 5)}`.replaceAll('value->>', '?1->0->>');
  return {
    insert: `INSERT INTO usage_events (${columns}) SELECT value->>0, ?2, ?3, ${EVENT}, ?4${more.value(9, 5)} ${FROM_ROWS}`,
    insertOne: `INSERT INTO usage_events (${columns})
SELECT ${one} ${ONCE}`,
    insertMixed: `INSERT INTO usage_events (${columns})
SELECT value->>0, value->>9, value->>10, ${EVENT}, value->>11${more.value(12, 2)} ${FROM_ROWS}`,
    readBack: readBack('held.project_id = ?3 AND held.idempotency_key = sent.value'),
    readBackMixed: readBack('held.project_id = sent.value->>0 AND held.idempotency_key = sent.value->>1'),
  };
}

const PLAIN = formsOf({ column: '', value: () => '', held: '' });
const GENERATIONS = formsOf({
  column: ', generation',
  // The contents of all calls are one bound text, of which a row names its part in bytes: as JSON within the row SQLite
  // parsed and wrote each twice, which took as long again as the insert of a plain event.
  value: (index, contents) =>
    `, CAST(substr(CAST(?${contents} AS BLOB), value->>${index}, value->>${index + 1}) AS TEXT)`,
  held: `, ${HELD_LACKS}`,
});

const formsFor = (events: readonly StampedEvent[]): Forms =>
  events.some(({ event }) => event.generation !== null) ? GENERATIONS : PLAIN;

const INSERT_CONFLICTS = `INSERT INTO event_conflicts (id, organisation_id, project_id, idempotency_key, fingerprint, event,
  first_event_id, received_at, kind)
SELECT value->>0, ?2, ?3, value->>1, value->>2, value->>3, value->>4, ?4, value->>5
FROM json_each(?1) WHERE true ON CONFLICT DO NOTHING`;

/** What one pair of statements carries: rows, and their keys for the read-back, as JSON within a bound value. */
interface Chunk {
  readonly events: readonly StampedEvent[];
  /** The insert, the read-back, and what else the rows need. */
  readonly statements: readonly D1PreparedStatement[];
}

export function hotWriter(database: HotDatabase): HotWriter {
  return {
    async insertEvents(requests) {
      const [first, ...others] = requests;
      if (!first) return [];
      const isMixed = others.length > 0 && !requests.some(({ events }) => events.some(isNested));
      const chunks = isMixed
        ? mixedChunksOf(database, requests)
        : requests.flatMap((request) => chunksOf(database, request));
      const results = await withinTime(
        database.batch<{ holders: string | null }>(chunks.flatMap((chunk) => chunk.statements)),
      );
      const holders = readHolders(chunks, results);
      if (holders === null) return requests.map(() => null);
      const lengths = requests.map(({ events }) => events.length);
      return splitByLength(holders, lengths);
    },

    async insertConflicts({ organisation_id, project_id }, conflicts, receivedAt) {
      const rows = conflicts.map(({ id, idempotency_key, fingerprint, event, first_event_id, kind }) =>
        JSON.stringify([id, idempotency_key, fingerprint, conflictText(event), first_event_id, kind]),
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

const conflictText = ({ metadata, timestamp, generation, ...event }: StampedEvent['event']): string =>
  JSON.stringify({
    ...event,
    timestamp: timestamp === null ? null : new Date(timestamp).toISOString(),
    metadata: JSON.parse(metadata),
    ...(generation !== null && { generation: JSON.parse(generation.json) }),
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

type Fields = (string | number | null)[];

const fieldsOf = ({ id, fingerprint, timestamp, event }: StampedEvent): Fields => [
  id,
  event.metric_name,
  event.metric_value,
  event.unit,
  timestamp,
  event.user_id,
  event.metadata,
  event.idempotency_key,
  fingerprint,
];

interface SentRow {
  readonly event: StampedEvent;
  /** JSON without its end, where `boundOf` puts what is not known before. */
  readonly row: string;
  /** Of a call; else empty. */
  readonly content: string;
}

function rowOf(sent: StampedEvent, more: Fields): string {
  const fields = fieldsOf(sent);
  for (const field of more) fields.push(field);
  return JSON.stringify(fields).slice(0, -1);
}

const contentOf = ({ event: { generation } }: StampedEvent): string =>
  generation === null ? '' : hotJsonOf(generation);

/** Events with their rows, in parts whose rows and contents stay within a bound value each. */
function partsOf<Sent extends SentRow>(sent: readonly Sent[]): Sent[][] {
  const lengths = splitBySize(sent.map(({ row, content }) => row + content)).map((part) => part.length);
  return splitByLength(sent, lengths);
}

/** The rows as one JSON text, and the contents of those that are calls as another where the statement takes them. */
function boundOf(forms: Forms, sent: readonly SentRow[]): string[] {
  if (forms === PLAIN) return [`[${sent.map(({ row }) => row).join('],')}]]`];
  const rows: string[] = [];
  const contents: string[] = [];
  let at = 1;
  for (const { row, content } of sent) {
    const bytes = utf8Length(content);
    rows.push(content === '' ? `${row}]` : `${row},${at},${bytes}]`);
    contents.push(content);
    at += bytes;
  }
  return [`[${rows.join(',')}]`, contents.join('')];
}

const keyOf = ({ event }: StampedEvent): string => event.idempotency_key;

/** Cuts a list into parts of the given lengths. */
function splitByLength<Item>(items: readonly Item[], lengths: readonly number[]): Item[][] {
  let end = 0;
  return lengths.map((length) => {
    end += length;
    return items.slice(end - length, end);
  });
}

function chunksOf(database: HotDatabase, request: InsertRequest): Chunk[] {
  const { organisation_id, project_id, received_at, events } = request;
  if (events.some(isNested)) return nestedChunksOf(database, request);
  const forms = formsFor(events);
  const sent = events.map((event) => ({ event, row: rowOf(event, []), content: contentOf(event) }));
  return partsOf(sent).map((part) => {
    const own = part.map(({ event }) => event);
    const [rows, ...contents] = boundOf(forms, part);
    return {
      events: own,
      statements: [
        database
          .prepare(own.length === 1 ? forms.insertOne : forms.insert)
          .bind(rows, organisation_id, project_id, received_at, ...contents),
        database.prepare(forms.readBack).bind(JSON.stringify(own.map(keyOf)), own.length, project_id),
      ],
    };
  });
}

/** Each sees the marks of those before it, of the same transaction too: that is why they are not mixed. */
function nestedChunksOf(database: HotDatabase, request: InsertRequest): Chunk[] {
  const sent = request.events.map((event) => ({
    event,
    row: withNesting(`${rowOf(event, [])},${contentOf(event)}`, event),
    nesting: nestingText(event),
  }));
  // Both together within the bound, and so each.
  const lengths = splitBySize(sent.map(({ row, nesting }) => row + nesting)).map((rows) => rows.length);
  return splitByLength(sent, lengths).map((own) => ({
    events: own.map(({ event }) => event),
    statements: nestedStatements(database, request, {
      rows: `[${own.map(({ row }) => row).join(',')}]`,
      nested: `[${own.map(({ nesting }) => nesting).join(',')}]`,
      length: own.length,
    }),
  }));
}

function mixedChunksOf(database: HotDatabase, requests: readonly InsertRequest[]): Chunk[] {
  const sent = requests.flatMap(({ organisation_id, project_id, received_at, events }) =>
    events.map((event) => ({
      event,
      key: [project_id, keyOf(event)],
      row: rowOf(event, [organisation_id, project_id, received_at]),
      content: contentOf(event),
    })),
  );
  const forms = requests.some(({ events }) => formsFor(events) === GENERATIONS) ? GENERATIONS : PLAIN;
  return partsOf(sent).map((part) => ({
    events: part.map(({ event }) => event),
    statements: [
      database.prepare(forms.insertMixed).bind(...boundOf(forms, part)),
      database.prepare(forms.readBackMixed).bind(JSON.stringify(part.map(({ key }) => key)), part.length),
    ],
  }));
}

type HolderRow = [position: number, id: string, fingerprint: string, lacks?: number];

type ChunkResults = readonly D1Result<{ holders: string | null }>[];

/** The results of all statements, cut by chunk; the first two of each matter: the insert's and the read-back's. */
function readHolders(chunks: readonly Chunk[], results: ChunkResults): Holder[] | null {
  const lengths = chunks.map(({ statements }) => statements.length);
  const told = splitByLength(results, lengths).map(([insert, readBack], index) => ({
    events: chunks[index]?.events ?? [],
    changes: insert?.meta.changes,
    holders: readBack?.results[0]?.holders,
  }));
  if (told.every(({ holders }) => holders === null)) {
    if (told.every(({ changes, events }) => changes === events.length)) return null;
    throw new AppError('unavailable', 'The event store gave no clear answer. Try again.', {
      log: 'the insert and its own count differ',
      retryAfterSeconds: 1,
    });
  }
  return told.flatMap(({ events, holders: text }) => {
    if (text === null || text === undefined)
      return events.map(({ id, fingerprint }) => ({ id, fingerprint }));
    const holders: Holder[] = new Array(events.length);
    for (const [position, id, fingerprint, lacks = 0] of JSON.parse(text) as HolderRow[]) {
      holders[position] =
        id === COUNTED_ELSEWHERE ? heldElsewhere(events[position]) : { id, fingerprint, lacks };
    }
    return holders;
  });
}

/** The usage that a span repeats is held by another event, of a span beside it: a duplicate, whatever it says. */
const heldElsewhere = (sent: StampedEvent | undefined): Holder => ({
  id: COUNTED_ELSEWHERE,
  fingerprint: sent?.fingerprint ?? '',
});
