/** Pure: what becomes of each row of a batch, given what the ledger already knows. */

import { readHotText, shownContent } from '../ai/call-content.ts';
import { type GenerationRow, readGenerationRow } from '../ai/generation-row.ts';
import { CALLS_METRIC, CALLS_UNIT } from '../ai/metered-quantities.ts';
import { parseQuantity } from '../core/decimal.ts';
import { isUuid } from '../core/id.ts';
import type { HotEvent } from './hot-event.ts';
import { type KeyOwner, type KnownEvent, keyOf, type QuarantinedRow } from './ports.ts';

export interface Prepared {
  /** Rows that can be counted if their key is new. */
  readonly good: readonly HotEvent[];
  readonly bad: readonly QuarantinedRow[];
  /** All rows, good or bad, whose key can enter the ledger. */
  readonly keyed: readonly HotEvent[];
}

const INSTANT_MIN = Date.UTC(1970, 0, 1);
const INSTANT_MAX = Date.UTC(9999, 0, 1);

const RECEIVED_MIN = Date.UTC(2000, 0, 1);
const RECEIVED_MAX = Date.UTC(2200, 0, 1);

/**
 * Whether a row's time of receipt is plausible, because a partition is created for it. Uses no clock: a late drain, or one that
 * reads the rows again after a restore, must reach the same result.
 */
export const isPlausible = (receivedAt: number): boolean =>
  Number.isInteger(receivedAt) && receivedAt >= RECEIVED_MIN && receivedAt < RECEIVED_MAX;

/** Rows come in runs of one project, whose ids are looked at once: `before` is the row before, if it was good. */
function findDefect(
  event: HotEvent,
  before: HotEvent | undefined,
): { reason: string; detail: string } | undefined {
  const isOfSame =
    event.project_id === before?.project_id && event.organisation_id === before.organisation_id;
  if (!(isOfSame || (isUuid(event.organisation_id) && isUuid(event.project_id))) || !isUuid(event.id)) {
    return { reason: 'unreadable_id', detail: 'An id in the row is not a UUID.' };
  }
  if (typeof event.metric_value !== 'string' || parseQuantity(event.metric_value) === null) {
    return { reason: 'unreadable_quantity', detail: 'metric_value is not a decimal in plain notation.' };
  }
  if (!isPlausible(event.ingested_at)) {
    return { reason: 'unreadable_timestamp', detail: 'ingested_at is not an instant in milliseconds.' };
  }
  if (
    !(Number.isInteger(event.timestamp) && event.timestamp >= INSTANT_MIN && event.timestamp < INSTANT_MAX)
  ) {
    return { reason: 'unreadable_timestamp', detail: 'timestamp is not an instant in milliseconds.' };
  }
  try {
    if (event.metadata !== '{}') JSON.parse(event.metadata);
  } catch {
    return { reason: 'unreadable_metadata', detail: 'metadata is not JSON.' };
  }
  return undefined;
}

export function quarantine(event: HotEvent, reason: string, detail: string, keyed: boolean): QuarantinedRow {
  return {
    id: event.id,
    organisation_id: isUuid(event.organisation_id) ? event.organisation_id : null,
    project_id: isUuid(event.project_id) ? event.project_id : null,
    idempotency_key: typeof event.idempotency_key === 'string' ? event.idempotency_key : null,
    event: JSON.stringify({ ...event, ...shownGeneration(event) }),
    keyed,
    reason,
    detail,
    received_at: isPlausible(event.ingested_at) ? event.ingested_at : 0,
  };
}

/** Sorts out the rows that the ledger could not count whatever it knows; `readGenerations` sorts out more of them. */
export function prepareEvents(events: readonly HotEvent[]): Prepared {
  const good: HotEvent[] = [];
  const bad: QuarantinedRow[] = [];
  const keyed: HotEvent[] = [];
  for (const event of events) {
    const defect = findDefect(event, good.at(-1));
    const hasKey = defect?.reason !== 'unreadable_id' && defect?.reason !== 'unreadable_timestamp';
    if (hasKey) keyed.push(event);
    if (defect) bad.push(quarantine(event, defect.reason, defect.detail, hasKey));
    else good.push(event);
  }
  return { good, bad, keyed };
}

/** What the good rows that stand for an AI generation say of it, by the row's id; those that cannot be read are bad. */
export function readGenerations({ good, bad }: Prepared): Omit<Prepared, 'keyed'> & {
  readonly generations: ReadonlyMap<string, GenerationRow>;
} {
  const generations = new Map<string, GenerationRow>();
  const readable: HotEvent[] = [];
  const all = [...bad];
  for (const event of good) {
    const detail = event.generation === null ? null : readInto(generations, event, event.generation);
    if (detail === null) readable.push(event);
    else all.push(quarantine(event, 'unreadable_generation', detail, true));
  }
  return { good: readable, bad: all, generations };
}

/** Answers what is wrong with it. */
function readInto(generations: Map<string, GenerationRow>, event: HotEvent, text: string): string | null {
  // The ledger keeps of the event no more than that it is one call.
  if (event.metric_name !== CALLS_METRIC || event.unit !== CALLS_UNIT || event.metric_value !== '1')
    return 'The event of a generation is not exactly one call.';
  const row = readGenerationRow(text, event.idempotency_key);
  if (row === null) return 'generation is not a valid AI call.';
  generations.set(event.id, row);
  return null;
}

// Unreadable metadata is shown as the text that it is: listing a row must not fail where counting it would.
function metadataOf(event: HotEvent): unknown {
  try {
    return JSON.parse(event.metadata);
  } catch {
    return event.metadata;
  }
}

/** A call's content is shown by its names, or as the text that it is. */
function shownGeneration({ generation }: HotEvent): { generation?: unknown } {
  if (generation === null) return {};
  const content = typeof generation === 'string' ? readHotText(generation) : null;
  return { generation: content ? shownContent(content) : generation };
}

/** The row as the operator sees it in a list of conflicts. */
const eventText = (event: HotEvent): string =>
  JSON.stringify({
    metric_name: event.metric_name,
    metric_value: event.metric_value,
    unit: event.unit,
    timestamp: new Date(event.timestamp).toISOString(),
    user_id: event.user_id,
    metadata: metadataOf(event),
    ...shownGeneration(event),
    idempotency_key: event.idempotency_key,
  });

/**
 * Rows whose key was taken before. Null: the row itself was counted already, a replay, nothing to list. Else a
 * duplicate (same fingerprint) or a conflict with an event older than the hot window: law 1 wants both listed.
 */
export function classifyKnown(event: HotEvent, owner: KeyOwner): KnownEvent | null {
  if (owner.event_id === event.id) return null;
  return {
    id: event.id,
    kind: owner.fingerprint === event.fingerprint ? 'duplicate' : 'conflict',
    organisation_id: event.organisation_id,
    project_id: event.project_id,
    idempotency_key: event.idempotency_key,
    fingerprint: event.fingerprint,
    event: eventText(event),
    first_event_id: owner.event_id,
    received_at: event.ingested_at,
  };
}

export interface Classified {
  /** Ids of the rows whose key is new. */
  readonly isFresh: (event: { id: string }) => boolean;
  readonly known: readonly KnownEvent[];
  readonly nDuplicate: number;
  readonly nConflict: number;
}

/** `owners` holds the keys that were not new. */
export function classifyEvents(
  keyed: readonly HotEvent[],
  fresh: 'all' | ReadonlySet<string>,
  owners: ReadonlyMap<string, KeyOwner>,
): Classified {
  if (fresh === 'all') return { isFresh: () => true, known: [], nDuplicate: 0, nConflict: 0 };
  const known: KnownEvent[] = [];
  let nDuplicate = 0;
  let nConflict = 0;
  for (const event of keyed) {
    if (fresh.has(event.id)) continue;
    const owner = owners.get(keyOf(event));
    if (!owner) throw new Error('a key is neither new nor in the ledger');
    const entry = classifyKnown(event, owner);
    if (entry) known.push(entry);
    if (entry?.kind === 'conflict') nConflict += 1;
    else nDuplicate += 1;
  }
  return { isFresh: (event) => fresh.has(event.id), known, nDuplicate, nConflict };
}
