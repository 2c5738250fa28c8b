/** application/x-ndjson: one event per line; blank lines are skipped and not counted. */
import { AppError } from '../core/error.ts';
import {
  assertCount,
  EVENTS_MAX,
  type EventFormat,
  type ParsedEvents,
  PLAIN_EVENTS,
  type ReadEvent,
} from './event.ts';
import { numberTokens, parseErrorOf } from './json-body.ts';

/**
 * A line that is not valid JSON is a fault of its own event only. Reads no line past the 5,001st event. Throws
 * AppError: invalid_request (empty_batch), payload_too_large.
 */
export function parseNdjson(text: string, now: number, format = PLAIN_EVENTS): ParsedEvents {
  const events: ReadEvent[] = [];
  for (let start = 0; start < text.length && events.length <= EVENTS_MAX; ) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    const line = text.slice(start, end);
    start = end + 1;
    if (!isBlank(line)) events.push(readLine(line, now, `/${events.length}`, format));
  }
  assertCount(events.length, '');
  return { shape: 'batch', events, idempotencyKeyInReceipt: false };
}

const isBlank = (line: string): boolean => /^[ \t\r]*$/.test(line);

function readLine(line: string, now: number, pointer: string, format: EventFormat): ReadEvent {
  let raw: unknown;
  let token: string | undefined;
  try {
    raw = JSON.parse(line);
    token = numberTokens(line, raw, format.decimal, (event) => [event])[0];
  } catch (error) {
    if (error instanceof AppError) return error.errors.map((fault) => ({ ...fault, pointer }));
    return [
      { pointer, code: 'malformed_json', detail: `The line is not valid JSON: ${parseErrorOf(error)}` },
    ];
  }
  return format.read(raw, token, now, pointer);
}
