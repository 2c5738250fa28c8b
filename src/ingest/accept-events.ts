/**
 * Takes a request's events into the organisation's hot store: one transaction, and a verdict for each event that the
 * same transaction reported (law 3). Throws `unavailable` where D1 does not answer; a retry is then safe (law 2).
 */
import { uuidv7 } from '../core/id.ts';
import type { UsageEvent } from './event.ts';
import { fingerprintOf } from './fingerprint.ts';
import { deriveVerdict, type SentEvent, type Verdict } from './verdict.ts';

export interface StampedEvent extends SentEvent {
  readonly event: UsageEvent;
  /** `event.timestamp`, or the moment of receipt where the sender gave none. */
  readonly timestamp: number;
}

export interface RefusedEvent {
  readonly id: string;
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
  insertEvents(requests: readonly InsertRequest[]): Promise<readonly (readonly SentEvent[] | null)[]>;
  insertConflicts(tenant: Tenant, conflicts: readonly RefusedEvent[], receivedAt: number): Promise<void>;
}

/** How a request's events reach the writer: at once, or together with those of others (commit-queue.ts). */
export type Insert = (hot: HotWriter, request: InsertRequest) => Promise<readonly SentEvent[] | null>;

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
      fingerprint: fingerprintOf(event),
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
    if (verdict.status === 'conflict') {
      const { id, fingerprint, event } = sent;
      const { idempotency_key } = event;
      refused.push({ id, fingerprint, idempotency_key, event, first_event_id: holder.id });
    }
    return verdict;
  });
  // Before the answer: a conflict that the operator would never see is a lost event.
  if (refused.length > 0) await hot.insertConflicts(tenant, refused, now);
  return verdicts;
}
