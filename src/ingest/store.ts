/** The SQL of ingest: one D1 batch, which is one transaction. */
import type { D1PreparedStatement, D1Result } from '@cloudflare/workers-types';
import { CALL_EVENT, hotText, namedContent, shownContent } from '../ai/call-content.ts';
import { AppError } from '../core/error.ts';
import { utf8Length } from '../core/text.ts';
import { type HotDatabase, withinTime } from '../db/hot.ts';
import { hotColumns } from '../db/hot-columns.ts';
import type { HotWriter, InsertRequest, StampedEvent } from './accept-events.ts';
import { COUNTED_ELSEWHERE } from './traces/span-marks.ts';
import { HELD_LACKS, isNested, nestedStatements, nestingText, withNesting } from './traces/span-store.ts';
import type { Holder } from './verdict.ts';

// A bound value may have 2 MB in D1. The local engine allows more and would hide the limit.
const PARAMETER_BYTES_MAX = 2_000_000;

// Read back by `json_each CROSS JOIN`: with a plain JOIN the planner scanned the table (1,101,100 rows read for
// 1,000 events, 2,000 this way). `changes()` is the insert's own count within the same transaction, so a batch of
// new events reads nothing back. A request in its own transaction binds its tenant once; combined requests repeat
// theirs in each row.
const COLUMNS = hotColumns('usage_events', [
  'id',
  'organisation_id',
  'project_id',
  'metric_name',
  'metric_value',
  'unit',
  'timestamp',
  'user_id',
  'metadata',
  'idempotency_key',
  'fingerprint',
  'ingested_at',
]);
const EVENT = 'value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, value->>7, value->>8';
/** Fields that are the same for every call's event are constants, not part of the row. */
const CALL = `'${CALL_EVENT.metric_name}', '${CALL_EVENT.metric_value}', '${CALL_EVENT.unit}', value->>1, value->>2,
  '${CALL_EVENT.metadata}', value->>3, value->>4`;
const ONCE = 'WHERE true ON CONFLICT (project_id, idempotency_key) DO NOTHING';
const FROM_ROWS = `FROM json_each(?1) ${ONCE}`;

// The contents of all calls are one bound text, and each row gives the byte range of its part. As JSON within the
// row, SQLite parsed and wrote each content twice, which took as long again as the insert of a plain event.
const contentAt = (index: number, contents: number): string =>
  `CAST(substr(CAST(?${contents} AS BLOB), value->>${index}, value->>${index + 1}) AS TEXT)`;

const readBackOf = (isHeld: string, more = ''): string => `SELECT CASE WHEN changes() = ?2 THEN NULL ELSE (
  SELECT json_group_array(json_array(sent.key, held.id, held.fingerprint${more})) FROM json_each(?1) AS sent
  CROSS JOIN usage_events AS held ON ${isHeld}) END AS holders`;
const HELD_BY_KEY = 'held.project_id = ?3 AND held.idempotency_key = sent.value';
const LACKS = `, ${HELD_LACKS}`;

/** The statements for a request with one kind of events. */
interface Forms {
  readonly insert: string;
  readonly insertOne: string;
  readonly readBack: string;
  readonly fieldsOf: (event: StampedEvent) => Fields;
}

function formsOf(columns: string, values: string): Pick<Forms, 'insert' | 'insertOne'> {
  const insert = `INSERT INTO usage_events (${columns}) SELECT`;
  // Without json_each a single event reads two rows instead of three; both belong to AUTOINCREMENT.
  const one = values.replaceAll('value->>', '?1->0->>');
  return { insert: `${insert} ${values} ${FROM_ROWS}`, insertOne: `${insert} ${one} ${ONCE}` };
}

// Plain events have their own forms and pay nothing for the fields of calls.
const PLAIN: Forms = {
  ...formsOf(COLUMNS, `value->>0, ?2, ?3, ${EVENT}, ?4`),
  readBack: readBackOf(HELD_BY_KEY),
  fieldsOf: eventFields,
};
const CALLS: Forms = {
  ...formsOf(`${COLUMNS}, generation`, `value->>0, ?2, ?3, ${CALL}, ?4, ${contentAt(5, 5)}`),
  readBack: readBackOf(HELD_BY_KEY, LACKS),
  fieldsOf: callFields,
};

/** The same for several requests, whose events may be of both kinds. */
interface MixedForms {
  readonly insert: string;
  readonly readBack: string;
}

const mixedFormsOf = (more: { column: string; value: string; held: string }): MixedForms => ({
  insert: `INSERT INTO usage_events (${COLUMNS}${more.column})
SELECT value->>0, value->>9, value->>10, ${EVENT}, value->>11${more.value} ${FROM_ROWS}`,
  readBack: readBackOf(
    'held.project_id = sent.value->>0 AND held.idempotency_key = sent.value->>1',
    more.held,
  ),
});
const MIXED_PLAIN = mixedFormsOf({ column: '', value: '', held: '' });
const MIXED_CALLS = mixedFormsOf({ column: ', generation', value: `, ${contentAt(12, 2)}`, held: LACKS });

const CONFLICT = hotColumns('event_conflicts', [
  'id',
  'organisation_id',
  'project_id',
  'idempotency_key',
  'fingerprint',
  'event',
  'first_event_id',
  'received_at',
  'kind',
]);
const INSERT_CONFLICTS = `INSERT INTO event_conflicts (${CONFLICT})
SELECT value->>0, ?2, ?3, value->>1, value->>2, value->>3, value->>4, ?4, value->>5
FROM json_each(?1) WHERE true ON CONFLICT DO NOTHING`;

/** The rows of one insert and its read-back, with their keys, as JSON within a bound value. */
interface Chunk {
  readonly events: readonly StampedEvent[];
  /** The insert, the read-back, and any further statements that the rows need. */
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
      const statements = splitBySize(rows, (row) => row).map((part) =>
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
    ...(generation !== null && { generation: shownContent(namedContent(JSON.parse(generation.content))) }),
  });

/** Splits the items into parts; each of the joined texts of a part fits a bound value. */
function splitBySize<Item>(items: readonly Item[], ...texts: ((item: Item) => string)[]): Item[][] {
  let characters = 2;
  for (const item of items) for (const textOf of texts) characters += textOf(item).length + 1;
  // A UTF-16 unit takes at most three bytes: below that bound nothing needs to be measured.
  if (characters * 3 <= PARAMETER_BYTES_MAX) return [[...items]];
  const parts: Item[][] = [[]];
  let size = 2;
  for (const item of items) {
    let bytes = 0;
    for (const textOf of texts) bytes += utf8Length(textOf(item)) + 1;
    if (size + bytes > PARAMETER_BYTES_MAX) {
      parts.push([]);
      size = 2;
    }
    parts[parts.length - 1]?.push(item);
    size += bytes;
  }
  return parts;
}

type Fields = (string | number | null)[];

function eventFields({ id, fingerprint, timestamp, event }: StampedEvent): Fields {
  const { metric_name, metric_value, unit, user_id, metadata, idempotency_key } = event;
  return [id, metric_name, metric_value, unit, timestamp, user_id, metadata, idempotency_key, fingerprint];
}

function callFields({ id, fingerprint, timestamp, event }: StampedEvent): Fields {
  return [id, timestamp, event.user_id, event.idempotency_key, fingerprint];
}

interface SentRow {
  readonly event: StampedEvent;
  /** JSON without its end, where later values are appended. */
  readonly row: string;
  /** Empty for a plain event. */
  readonly content: string;
}

const rowOf = (fields: Fields): string => JSON.stringify(fields).slice(0, -1);

const contentOf = ({ event: { generation } }: StampedEvent): string =>
  generation === null ? '' : hotText(generation.content, generation.priced);

/** Splits the rows into parts whose rows, with their byte ranges, and contents each fit a bound value. */
const partsOf = <Sent extends SentRow>(sent: readonly Sent[]): Sent[][] =>
  splitBySize(
    sent,
    ({ row }) => row,
    ({ content }) => content,
  );

const rowsText = (sent: readonly SentRow[]): string => `[${sent.map(({ row }) => row).join('],')}]]`;

/** The rows as one JSON text, and the contents of the calls as another. */
function textsOf(sent: readonly SentRow[]): [rows: string, contents: string] {
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

/** Splits a list into parts of the given lengths. */
function splitByLength<Item>(items: readonly Item[], lengths: readonly number[]): Item[][] {
  let end = 0;
  return lengths.map((length) => {
    end += length;
    return items.slice(end - length, end);
  });
}

const isCall = ({ event }: StampedEvent): boolean => event.generation !== null;

function chunksOf(database: HotDatabase, request: InsertRequest): Chunk[] {
  const { organisation_id, project_id, received_at, events } = request;
  if (events.some(isNested)) return nestedChunksOf(database, request);
  const forms = events.some(isCall) ? CALLS : PLAIN;
  const sent = events.map((event) => ({
    event,
    row: rowOf(forms.fieldsOf(event)),
    content: contentOf(event),
  }));
  return partsOf(sent).map((part) => {
    const own = part.map(({ event }) => event);
    const [rows, ...contents] = forms === CALLS ? textsOf(part) : [rowsText(part)];
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

/**
 * Each event sees the marks of those before it, even in the same transaction: for this reason they are not mixed.
 */
function nestedChunksOf(database: HotDatabase, request: InsertRequest): Chunk[] {
  const sent = request.events.map((event) => ({
    event,
    row: withNesting(`${rowOf(eventFields(event))},${contentOf(event)}`, event),
    nesting: nestingText(event),
  }));
  // Both together stay within the bound, so each does.
  const parts = splitBySize(
    sent,
    ({ row }) => row,
    ({ nesting }) => nesting,
  );
  return parts.map((own) => ({
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
      row: rowOf([...eventFields(event), organisation_id, project_id, received_at]),
      content: contentOf(event),
    })),
  );
  const hasCalls = requests.some(({ events }) => events.some(isCall));
  const forms = hasCalls ? MIXED_CALLS : MIXED_PLAIN;
  return partsOf(sent).map((part) => ({
    events: part.map(({ event }) => event),
    statements: [
      database.prepare(forms.insert).bind(...(hasCalls ? textsOf(part) : [rowsText(part)])),
      database.prepare(forms.readBack).bind(JSON.stringify(part.map(({ key }) => key)), part.length),
    ],
  }));
}

type HolderRow = [position: number, id: string, fingerprint: string, lacks?: number];

type ChunkResults = readonly D1Result<{ holders: string | null }>[];

/**
 * Reads the results of all statements by chunk. Only the first two of each matter: the insert's and the
 * read-back's.
 */
function readHolders(chunks: readonly Chunk[], results: ChunkResults): Holder[] | null {
  const lengths = chunks.map(({ statements }) => statements.length);
  const told = splitByLength(results, lengths).map(([insert, readBack], index) => ({
    events: chunks[index]?.events ?? [],
    changes: insert?.meta.changes,
    holders: readBack?.results[0]?.holders,
  }));
  if (told.every(({ holders }) => holders === null)) {
    if (told.every(({ changes, events }) => changes === events.length)) return null;
    throw new AppError('unavailable', 'The event store did not confirm the write. A retry is safe.', {
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

/**
 * Another event, of a neighbouring span, holds the usage that a span repeats: a duplicate, whatever its content.
 */
const heldElsewhere = (sent: StampedEvent | undefined): Holder => ({
  id: COUNTED_ELSEWHERE,
  fingerprint: sent?.fingerprint ?? '',
});
