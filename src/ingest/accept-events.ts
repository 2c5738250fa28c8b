/**
 * Stores a request's events in the organisation's hot store in one transaction. Each event's verdict comes from that
 * same transaction (law 3). Throws `unavailable` if D1 does not respond; a retry is then safe (law 2).
 */

import { fillsAny } from '../ai/fillable-fields.ts';
import { contentFingerprintOf } from '../ai/generation-key.ts';
import { uuidv7 } from '../core/id.ts';
import type { UsageEvent } from './event.ts';
import { fingerprintOf } from './fingerprint.ts';
import { deriveVerdict, type Holder, type SentEvent, type Verdict } from './verdict.ts';

export interface StampedEvent extends SentEvent {
  readonly event: UsageEvent;
  /** `event.timestamp`, or the time of receipt if the sender gave none. */
  readonly timestamp: number;
}

/**
 * An event whose key is already used, kept for its content: different content, or fields of an AI call that the first
 * lacks.
 */
export interface RefusedEvent {
  readonly kind: 'conflict' | 'fill';
  readonly id: string;
  /** For a fill, of its whole content: identical fills are stored once, different ones side by side. */
  readonly fingerprint: string;
  readonly idempotency_key: string;
  readonly event: UsageEvent;
  readonly first_event_id: string;
}

export interface Tenant {
  readonly organisation_id: string;
  readonly project_id: string;
}

/** The events of one request, with their tenant and time of receipt. */
export interface InsertRequest extends Tenant {
  readonly events: readonly StampedEvent[];
  readonly received_at: number;
}

export interface HotWriter {
  /**
   * Inserts the events with new keys, in one transaction for all requests. Returns for each request null if that
   * transaction inserted all its events, else the current holder of each event's key, in order.
   */
  insertEvents(requests: readonly InsertRequest[]): Promise<readonly (readonly Holder[] | null)[]>;
  insertConflicts(tenant: Tenant, conflicts: readonly RefusedEvent[], receivedAt: number): Promise<void>;
}

/** Passes a request's events to the writer: immediately, or batched with those of other requests (commit-queue.ts). */
export type Insert = (hot: HotWriter, request: InsertRequest) => Promise<readonly Holder[] | null>;

export async function acceptEvents(
  hot: HotWriter,
  insert: Insert,
  tenant: Tenant,
  events: readonly UsageEvent[],
  now: number,
): Promise<Verdict[]> {
  const stamped = events.map(
    (event): StampedEvent => ({
      id: uuidv7(now),
      fingerprint: event.generation?.fingerprint ?? fingerprintOf(event),
      event,
      timestamp: event.timestamp ?? now,
    }),
  );
  const { organisation_id, project_id } = tenant;
  const holders = await insert(hot, { organisation_id, project_id, events: stamped, received_at: now });
  if (holders === null) return stamped.map(({ id }) => ({ status: 'accepted', id }));

  const refused: RefusedEvent[] = [];
  const verdicts = stamped.map((sent, index) => {
    const holder = holders[index];
    if (!holder) throw new Error('the read-back misses an event that was just inserted');
    const verdict = deriveVerdict(sent, holder);
    const refusal = findRefusal(sent, holder, verdict);
    if (refusal !== null) refused.push(refusal);
    return verdict;
  });
  // Stored before the response, so that no conflict is lost to the operator.
  if (refused.length > 0) await hot.insertConflicts(tenant, refused, now);
  return verdicts;
}

/** What to keep of an event whose key is already used. Null if it adds nothing new. */
function findRefusal(sent: StampedEvent, holder: Holder, { status }: Verdict): RefusedEvent | null {
  const { id, event } = sent;
  const { idempotency_key, generation } = event;
  const kept = { id, idempotency_key, event, first_event_id: holder.id };
  if (status === 'conflict') return { ...kept, kind: 'conflict', fingerprint: sent.fingerprint };
  const isFill =
    status === 'duplicate' && generation !== null && fillsAny(generation.content, holder.lacks ?? 0);
  if (!isFill) return null;
  const fingerprint = contentFingerprintOf(generation.content, event.timestamp);
  return { ...kept, kind: 'fill', fingerprint };
}
