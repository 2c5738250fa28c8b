/**
 * The usage event as it is accepted: its limits, and the reading of one event by hand. The good path is hot, so nothing
 * is built there but the event; a fault costs what it costs.
 */
import { CanonicalJsonError, canonicalJson } from '../core/canonical-json.ts';
import { AppError, type Fault, invalidRequest } from '../core/error.ts';
import {
  addUnknownFields,
  Faults,
  type FieldPointers,
  isAbsent,
  isObject,
  METADATA_LIMITS,
  readQuantity,
  readText,
  readTimestamp,
} from '../core/read-fields.ts';

export const EVENTS_MAX = 5_000;
export const METRIC_NAME_CHARACTERS_MAX = 128;
export const UNIT_CHARACTERS_MAX = 64;
export const KEY_CHARACTERS_MAX = 255;
export const USER_ID_CHARACTERS_MAX = 255;

export interface UsageEvent {
  readonly metric_name: string;
  /** Canonical decimal text. */
  readonly metric_value: string;
  readonly unit: string;
  /** Epoch milliseconds; null where none was sent: the time of receipt then counts, and the fingerprint has none. */
  readonly timestamp: number | null;
  readonly user_id: string | null;
  /** Canonical JSON of an object. */
  readonly metadata: string;
  readonly idempotency_key: string;
  /** Null for a plain event. */
  readonly generation: EventGeneration | null;
}

/** What the event of an AI call carries beside the fields of every event (src/ingest/generations/read-generation.ts makes it). */
export interface EventGeneration {
  /** As the hot row keeps it, and canonical: call-content.ts. */
  readonly content: string;
  /** What "the same content" means for this call: see src/ai/generation-key.ts. */
  readonly fingerprint: string;
  /** Metric and unit of each quantity that the call will be metered by, `ai.calls` included. */
  readonly metered: readonly (readonly [metricName: string, unit: string])[];
  /** What determines its cost; null if the sender gave the cost. Token kinds are disjoint. */
  readonly unpriced: {
    readonly provider: string;
    readonly model: string;
    readonly service_tier: string | null;
    readonly tokens: Readonly<
      Record<'input' | 'output' | 'cache_read' | 'cache_write_5m' | 'cache_write_1h' | 'reasoning', bigint>
    >;
  } | null;
  /** What the edge found it to cost, and by which prices: beside the content, and no part of it. */
  readonly priced: string | null;
  /** Only for calls that came in a trace. */
  readonly nesting?: SpanNesting;
}

/**
 * A span may repeat the usage of spans below it, and the two may come in different requests, in either order. What counted
 * leaves marks on its neighbours; one that finds a mark is counted already (src/ingest/traces/relate-spans.ts makes them).
 */
export interface SpanNesting {
  /** Marks that say: something above it was counted. */
  readonly counted_above: readonly string[];
  /** Marks that say: something below it was counted. */
  readonly counted_below: readonly string[];
  /** For the spans below it, unless it was itself found to be counted below. */
  readonly marks_below: readonly string[];
  /** For the spans above it. */
  readonly marks_above: readonly string[];
}

/** A span that counts for nothing, and what is above it in another request; both as the places of marks. */
export interface SpanLink {
  readonly place: string;
  readonly above: string;
}

/** An event, or why it is none: an array is always faults. */
export type ReadEvent = UsageEvent | Fault[];

/** How a wire format's events are called and read: those of `POST /v1/events`, or AI calls (src/ai). */
export interface EventFormat {
  /** The member that holds a batch. */
  readonly plural: string;
  /** The decimal whose raw token the reader needs where it came as a JSON number. */
  readonly decimal: string;
  readonly read: (raw: unknown, numberToken: string | undefined, now: number, pointer: string) => ReadEvent;
}

/** The events of one request in their order, whichever wire format brought them. */
export interface ParsedEvents {
  /** `single` only where the body is one bare event: its conflict answers 409, and its pointers have no index. */
  readonly shape: 'single' | 'batch';
  readonly events: readonly ReadEvent[];
  /** The key was derived from the event (CloudEvents, AI calls), so the receipt has to name it. */
  readonly idempotencyKeyInReceipt: boolean;
}

export type EventField = Exclude<keyof UsageEvent, 'generation'>;
export type RawFields = { readonly [field in EventField]?: unknown };
const POINTERS: FieldPointers<EventField> = {
  metric_name: '/metric_name',
  metric_value: '/metric_value',
  unit: '/unit',
  timestamp: '/timestamp',
  user_id: '/user_id',
  metadata: '/metadata',
  idempotency_key: '/idempotency_key',
};

/**
 * Reads one event object. `numberToken` is the raw token of metric_value where that is a JSON number; `pointer` is
 * the event's own place in the body. Faults come in the order of the fields, unknown fields last.
 */
export function readEvent(
  raw: unknown,
  numberToken: string | undefined,
  now: number,
  pointer: string,
): ReadEvent {
  if (!isObject(raw)) return [{ pointer, code: 'wrong_type', detail: 'An event must be a JSON object.' }];
  const faults = new Faults(pointer, POINTERS);
  const event = readFields(raw, numberToken, now, faults);
  addUnknownFields(raw, POINTERS, '', 'an event', faults);
  return faults.list ?? event;
}

/** The fields of an event wherever they stood; what it returns is of use only where it added no fault. */
export function readFields(
  raw: RawFields,
  numberToken: string | undefined,
  now: number,
  faults: Faults<EventField>,
): UsageEvent {
  const metric_name = readText(raw.metric_name, 'metric_name', 1, METRIC_NAME_CHARACTERS_MAX, faults);
  const metric_value = readQuantity(raw.metric_value, 'metric_value', numberToken, faults);
  const unit = readText(raw.unit, 'unit', 0, UNIT_CHARACTERS_MAX, faults);
  const timestamp = readTimestamp(raw.timestamp, 'timestamp', now, faults);
  const idempotency_key = readText(raw.idempotency_key, 'idempotency_key', 1, KEY_CHARACTERS_MAX, faults);
  const user_id = isAbsent(raw.user_id)
    ? null
    : readText(raw.user_id, 'user_id', 1, USER_ID_CHARACTERS_MAX, faults);
  const metadata = readMetadata(raw.metadata, faults);
  return { metric_name, metric_value, unit, timestamp, user_id, metadata, idempotency_key, generation: null };
}

const METADATA_SAID = {
  too_deep: `must be nested at most ${METADATA_LIMITS.levels} levels deep.`,
  too_large: `must be at most ${METADATA_LIMITS.bytes} bytes as canonical JSON.`,
  not_unicode: 'must be valid Unicode without U+0000.',
  not_finite: 'contains a number outside the range of a double.',
  not_json: 'must be JSON.',
} as const;

function readMetadata(value: unknown, faults: Faults<EventField>): string {
  if (isAbsent(value)) return '{}';
  if (!isObject(value)) {
    faults.add('metadata', 'wrong_type', 'must be a JSON object.');
    return '{}';
  }
  try {
    return canonicalJson(value, METADATA_LIMITS);
  } catch (error) {
    if (!(error instanceof CanonicalJsonError)) throw error;
    faults.add('metadata', error.code, METADATA_SAID[error.code]);
    return '{}';
  }
}

export const PLAIN_EVENTS: EventFormat = { plural: 'events', decimal: 'metric_value', read: readEvent };

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
