/** application/json: one event, an array of events, or `{"events": [...]}`; so too for AI calls, by their own name. */
import { AppError, type Fault, invalidRequest } from '../core/error.ts';
import { escapePointer, isObject, quoteName } from '../core/read-fields.ts';
import { EVENTS_MAX, type EventFormat, type ParsedEvents, type ReadEvent, readEvent } from './event.ts';
import { numberTokens, parseJsonBody } from './json-body.ts';

export const PLAIN_EVENTS: EventFormat = { plural: 'events', decimal: 'metric_value', read: readEvent };

/** Throws AppError: malformed_json, invalid_request (not a body of events), payload_too_large. */
export function parseJsonEvents(text: string, now: number, format = PLAIN_EVENTS): ParsedEvents {
  const { plural, decimal, read } = format;
  const body = parseJsonBody(text);
  const isBatch = Array.isArray(body) || (isObject(body) && Object.hasOwn(body, plural));
  const raw = isBatch ? listOf(body, plural) : [body];
  if (isBatch) assertCount(raw.length, Array.isArray(body) ? '' : `/${plural}`);
  const holdersOf = isBatch ? (batch: unknown) => listOf(batch, plural) : (single: unknown) => [single];
  const tokens = numberTokens(text, body, decimal, holdersOf);
  if (!isBatch) return single(read(body, tokens[0], now, ''));
  const prefix = Array.isArray(body) ? '/' : `/${plural}/`;
  const events = raw.map((event, index) => read(event, tokens[index], now, prefix + index));
  return { shape: 'batch', events, idempotencyKeyInReceipt: false };
}

const single = (event: ReadEvent): ParsedEvents => ({
  shape: 'single',
  events: [event],
  idempotencyKeyInReceipt: false,
});

/** The list of a batch: the body itself, or its only field, of that name. */
function listOf(body: unknown, plural: string): readonly unknown[] {
  if (Array.isArray(body)) return body;
  const { [plural]: events, ...others } = body as Readonly<Record<string, unknown>>;
  const faults: Fault[] = [];
  if (!Array.isArray(events)) {
    faults.push({ pointer: `/${plural}`, code: 'wrong_type', detail: `${plural} must be an array.` });
  }
  for (const name of Object.keys(others).slice(0, 10)) {
    const detail = `${quoteName(name)} is not allowed beside "${plural}".`;
    faults.push({ pointer: `/${escapePointer(name)}`, code: 'unknown_field', detail });
  }
  if (faults.length > 0) throw invalidRequest(faults);
  return events as readonly unknown[];
}

/** A request has 1 to 5,000 events. Throws AppError: invalid_request (empty_batch), payload_too_large. */
export function assertCount(count: number, pointer: string): void {
  if (count === 0) {
    throw invalidRequest([
      { pointer, code: 'empty_batch', detail: 'The batch is empty. Send at least one event.' },
    ]);
  }
  if (count > EVENTS_MAX) {
    throw new AppError(
      'payload_too_large',
      `Request too large: at most ${EVENTS_MAX} events per request. Split the batch.`,
    );
  }
}
