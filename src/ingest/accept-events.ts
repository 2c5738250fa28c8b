/**
 * Takes a request's events into the organisation's hot store: one transaction, and a verdict for each event that the
 * same transaction reported (law 3). Throws `unavailable` where D1 does not answer; a retry is then safe (law 2).
 */

import { fillsAny } from '../ai/fillable-fields.ts';
import { contentFingerprintOf } from '../ai/generation-key.ts';
import { uuidv7 } from '../core/id.ts';
import type { UsageEvent } from './event.ts';
import { fingerprintOf } from './fingerprint.ts';
import { deriveVerdict, type Holder, type SentEvent, type Verdict } from './verdict.ts';

export interface StampedEvent extends SentEvent {
  readonly event: UsageEvent;
  /** `event.timestamp`, or the moment of receipt where the sender gave none. */
  readonly timestamp: number;
}

/** An event whose key was taken, kept for what it says: other content, or fields of an AI call that the first lacks. */
export interface RefusedEvent {
  readonly kind: 'conflict' | 'fill';
  readonly id: string;
  /** Of a fill: that of its whole content, so that the same one stands once and another beside it. */
  readonly fingerprint: string;
  readonly idempotency_key: string;
  readonly event: UsageEvent;
  readonly first_event_id: string;
}

export interface Tenant {
  readonly organisation_id: string;
  readonly project_id: string;
}

/** The events of one request, with whom they are of and when they came. */
export interface InsertRequest extends Tenant {
  readonly events: readonly StampedEvent[];
  readonly received_at: number;
}

export interface HotWriter {
  /**
   * Inserts, in one transaction for all requests, what is new by its key. Answers for each request null where that
   * transaction inserted all its events, else who holds the key of each event now, in order.
   */
  insertEvents(requests: readonly InsertRequest[]): Promise<readonly (readonly Holder[] | null)[]>;
  insertConflicts(tenant: Tenant, conflicts: readonly RefusedEvent[], receivedAt: number): Promise<void>;
}

/** How a request's events reach the writer: at once, or together with those of others (commit-queue.ts). */
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
  // Before the answer: what the operator would never see is lost.
  if (refused.length > 0) await hot.insertConflicts(tenant, refused, now);
  return verdicts;
}

/** What is kept of an event whose key was taken; null where it says nothing new. */
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
