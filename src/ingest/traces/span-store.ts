/**
 * The SQL of calls read from traces. A call is inserted unless a neighbour's mark shows that its usage is already
 * counted, and leaves marks for its own neighbours, all in one transaction. D1 runs transactions one after another:
 * if two spans arrive at the same moment, the second finds the mark of the first.
 */
import type { D1PreparedStatement } from '@cloudflare/workers-types';
import { hotPathOf } from '../../ai/call-content.ts';
import { ARRIVAL_FIELDS } from '../../ai/fillable-fields.ts';
import { type HotDatabase, withinTime } from '../../db/hot.ts';
import { hotColumns } from '../../db/hot-columns.ts';
import type { InsertRequest, StampedEvent } from '../accept-events.ts';
import type { SpanLink } from '../event.ts';
import { COUNTED, COUNTED_BELOW, COUNTED_ELSEWHERE, FAILED_BELOW } from './span-marks.ts';

/**
 * One bit per field, because the names of the fields, and even more the content, could exceed the size of a value.
 */
export const HELD_LACKS = `CASE WHEN held.generation IS NULL THEN 0 ELSE ${ARRIVAL_FIELDS.map(
  (field, bit) => `((held.generation->>'${hotPathOf(field)}' IS NULL) << ${bit})`,
).join(' | ')} END`;

export const isNested = ({ event }: StampedEvent): boolean => event.generation?.nesting !== undefined;

/**
 * Whether one of the marks in the list at `path` of a JSON value exists. CROSS JOIN forces the index instead of a
 * scan.
 */
const isMarked = (json: string, path: string, project: string): string =>
  `EXISTS (SELECT 1 FROM json_each(${json}, '${path}') AS near CROSS JOIN span_marks AS found
    WHERE found.project_id = ${project} AND found.mark = near.value)`;

const MARK = hotColumns('span_marks', ['project_id', 'mark', 'received_at']);
const CALL = hotColumns('usage_events', [
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
  'generation',
]);
const INSERT = `INSERT INTO usage_events (${CALL})
SELECT sent.value->>0, ?2, ?3, sent.value->>1, sent.value->>2, sent.value->>3, sent.value->>4, sent.value->>5,
  sent.value->>6, sent.value->>7, sent.value->>8, ?4, sent.value->>9
FROM json_each(?1) AS sent
WHERE NOT ${isMarked('sent.value', '$[10]', '?3')} AND NOT ${isMarked('sent.value', '$[11]', '?3')}
ON CONFLICT (project_id, idempotency_key) DO NOTHING`;

// The holder of each key. A key without a holder can only be due to a mark; a row with neither is missing from the
// result.
const READ_BACK = `SELECT CASE WHEN changes() = ?2 THEN NULL ELSE (
  SELECT json_group_array(CASE WHEN held.id IS NULL THEN json_array(nested.key, '${COUNTED_ELSEWHERE}', '')
    ELSE json_array(nested.key, held.id, held.fingerprint, ${HELD_LACKS}) END)
  FROM json_each(?1) AS nested
  LEFT JOIN usage_events AS held ON held.project_id = ?3 AND held.idempotency_key = nested.value->>0
  WHERE held.id IS NOT NULL OR ${isMarked('nested.value', '$[1]', '?3')} OR ${isMarked('nested.value', '$[2]', '?3')}
) END AS holders`;

// Below a span that already has a counted span below it, the usage of further spans is their own.
const MARK_BELOW = `INSERT INTO span_marks (${MARK})
SELECT ?2, left_mark.value, ?3 FROM json_each(?1) AS nested CROSS JOIN json_each(nested.value, '$[3]') AS left_mark
WHERE NOT ${isMarked('nested.value', '$[2]', '?2')} ON CONFLICT DO NOTHING`;

const MARK_ABOVE = `INSERT INTO span_marks (${MARK})
SELECT ?2, left_mark.value, ?3 FROM json_each(?1) AS nested CROSS JOIN json_each(nested.value, '$[4]') AS left_mark
WHERE true ON CONFLICT DO NOTHING`;

/** A place is a trace id and a span id in hex, separated by a colon. */
const PLACE_LENGTH = 49;
const LEVELS_MAX = 64;

/** Each link is two marks, `place^above` and `above_place`, so that it is found by prefix from either end. */
const upLink = ({ place, above }: SpanLink): string => `${place}^${above}`;
const downLink = ({ place, above }: SpanLink): string => `${above}_${place}`;
/** `end` is the character after `between`: the upper bound of the marks with that prefix. */
const UP = { between: '^', end: '_' } as const;
const DOWN = { between: '_', end: '`' } as const;

/** Passes marks, each a row `(mark)` of `from`, on to all places reachable through the links of one direction. */
const spread = (from: string, { between, end }: typeof UP | typeof DOWN): string =>
  `INSERT INTO span_marks (${MARK})
WITH RECURSIVE reached(place, what, level) AS (
  SELECT substr(mark, 1, ${PLACE_LENGTH}), substr(mark, ${PLACE_LENGTH + 1}), 0 FROM (${from})
  UNION
  SELECT substr(link.mark, ${PLACE_LENGTH + 2}), what, level + 1 FROM reached CROSS JOIN span_marks AS link
    ON link.project_id = ?2 AND link.mark > place || '${between}' AND link.mark < place || '${end}'
  WHERE level < ${LEVELS_MAX}
)
SELECT ?2, place || what, ?3 FROM reached WHERE level > 0 ON CONFLICT DO NOTHING`;

const SPREAD_ABOVE = spread(
  "SELECT mine.value AS mark FROM json_each(?1) AS nested CROSS JOIN json_each(nested.value, '$[4]') AS mine",
  UP,
);
const SPREAD_BELOW = spread(
  `SELECT mine.value AS mark FROM json_each(?1) AS nested CROSS JOIN json_each(nested.value, '$[3]') AS mine
  WHERE NOT ${isMarked('nested.value', '$[2]', '?2')}`,
  DOWN,
);

const INSERT_LINKS = `INSERT INTO span_marks (${MARK})
SELECT ?2, value, ?3 FROM json_each(?1) WHERE true ON CONFLICT DO NOTHING`;

/** The marks of a given list that exist. */
const LEFT = `SELECT found.mark FROM json_each(?1) AS wanted CROSS JOIN span_marks AS found
  ON found.project_id = ?2 AND found.mark = wanted.value`;
const SPREAD_LEFT_ABOVE = spread(LEFT, UP);
const SPREAD_LEFT_BELOW = spread(LEFT, DOWN);

const MARKED_FROM_BELOW = [...Object.values(COUNTED_BELOW), ...Object.values(FAILED_BELOW)];
const MARKED_FROM_ABOVE = Object.values(COUNTED);
/** The texts of this many links fit a bound value. */
const LINKS_AT_ONCE = 5_000;

/** Stores the links and passes existing marks on along them. Safe to repeat. */
export async function linkPlaces(
  database: HotDatabase,
  projectId: string,
  links: readonly SpanLink[],
  now: number,
): Promise<void> {
  const statements: D1PreparedStatement[] = [];
  const add = (sql: string, values: readonly string[]): void => {
    statements.push(database.prepare(sql).bind(JSON.stringify(values), projectId, now));
  };
  const marksOf = (places: readonly string[], marks: readonly string[]): string[] =>
    [...new Set(places)].flatMap((place) => marks.map((mark) => place + mark));
  for (let start = 0; start < links.length; start += LINKS_AT_ONCE) {
    const part = links.slice(start, start + LINKS_AT_ONCE);
    add(
      INSERT_LINKS,
      part.flatMap((link) => [upLink(link), downLink(link)]),
    );
    const places = part.map(({ place }) => place);
    add(SPREAD_LEFT_ABOVE, marksOf(places, MARKED_FROM_BELOW));
    const above = part.map((link) => link.above);
    add(SPREAD_LEFT_BELOW, marksOf(above, MARKED_FROM_ABOVE));
  }
  await withinTime(database.batch(statements));
}

/**
 * `row`: JSON without its end, up to the call's content. Appends two lists that the rows of other calls do not
 * have.
 */
export function withNesting(row: string, { event }: StampedEvent): string {
  const { counted_above, counted_below } = event.generation?.nesting ?? NONE;
  return `${row},${JSON.stringify(counted_above)},${JSON.stringify(counted_below)}]`;
}

/** The fields of an event that the read-back and the marks need. */
export function nestingText({ event }: StampedEvent): string {
  const { counted_above, counted_below, marks_below, marks_above } = event.generation?.nesting ?? NONE;
  return JSON.stringify([event.idempotency_key, counted_above, counted_below, marks_below, marks_above]);
}

const NONE = { counted_above: [], counted_below: [], marks_below: [], marks_above: [] };

/** `rows` and `nested`: JSON of the events, in order. */
export function nestedStatements(
  database: HotDatabase,
  { organisation_id, project_id, received_at }: InsertRequest,
  { rows, nested, length }: { readonly rows: string; readonly nested: string; readonly length: number },
): D1PreparedStatement[] {
  return [
    database.prepare(INSERT).bind(rows, organisation_id, project_id, received_at),
    database.prepare(READ_BACK).bind(nested, length, project_id),
    database.prepare(MARK_BELOW).bind(nested, project_id, received_at),
    database.prepare(MARK_ABOVE).bind(nested, project_id, received_at),
    database.prepare(SPREAD_BELOW).bind(nested, project_id, received_at),
    database.prepare(SPREAD_ABOVE).bind(nested, project_id, received_at),
  ];
}

/** For each list of marks, whether at least one exists. */
export async function findMarked(
  database: HotDatabase,
  projectId: string,
  lists: readonly (readonly string[])[],
): Promise<readonly boolean[]> {
  const statement = database.prepare(
    `SELECT json_group_array(sent.key) AS marked FROM json_each(?1) AS sent WHERE ${isMarked('sent.value', '$', '?2')}`,
  );
  const text = await withinTime(statement.bind(JSON.stringify(lists), projectId).first<string>('marked'));
  const marked = new Set(JSON.parse(text ?? '[]') as number[]);
  return lists.map((_, index) => marked.has(index));
}
