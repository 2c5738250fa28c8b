/** The answer to a request with events: counts, and the outcome of each event. */
import { AppError, type Fault } from '../core/error.ts';
import type { EventGeneration, ParsedEvents, ReadEvent, UsageEvent } from '../ingest/event.ts';
import type { Verdict } from '../ingest/verdict.ts';

/** Requests of up to this many events list every one; larger ones only those that were not accepted. */
const RESULTS_IN_FULL_MAX = 100;
const FAULTS_MAX = 1000;

const isFaults = (read: ReadEvent): read is Fault[] => Array.isArray(read);

export const goodEvents = (parsed: ParsedEvents): UsageEvent[] =>
  parsed.events.filter((read): read is UsageEvent => !isFaults(read));

/** Strict handling: any fault rejects the whole request. */
export function assertNoFaults(parsed: ParsedEvents): void {
  const faulty = parsed.events.filter(isFaults);
  if (faulty.length === 0) return;
  const errors = faulty.flat();
  const count = parsed.events.length;
  const what = count === 1 ? 'The event is not valid' : `${faulty.length} of ${count} events are not valid`;
  const more =
    errors.length > FAULTS_MAX ? ` The first ${FAULTS_MAX} of ${errors.length} faults are listed.` : '';
  throw new AppError('invalid_request', `${what}. Nothing was stored.${more}`, {
    errors: errors.slice(0, FAULTS_MAX),
  });
}

interface Result {
  readonly index: number;
  readonly status: Verdict['status'] | 'rejected';
  readonly id: string | null;
  readonly idempotency_key?: string;
  readonly code?: string;
  readonly detail?: string;
}

const COUNTED_AS = { accepted: 'accepted', duplicate: 'duplicates', conflict: 'conflicts' } as const;

const CONFLICT =
  'This idempotency_key was used before for an event with different content. The first event is kept.';

export interface ReceiptInput {
  readonly parsed: ParsedEvents;
  /** For the valid events, in order. */
  readonly verdicts: readonly Verdict[];
  readonly isPriced: (metricName: string, unit: string) => boolean;
  readonly representation: boolean;
}

/** 202; 207 if an event conflicts or was rejected; throws `event_conflict` for a single event that conflicts. */
export function receiptResponse({ parsed, verdicts, isPriced, representation }: ReceiptInput): Response {
  const counts = { accepted: 0, duplicates: 0, conflicts: 0, rejected: 0 };
  const results: Result[] = [];
  const unpriced = new Set<string>();
  // Thousands of calls share a few lists.
  const metered = new Set<EventGeneration['metered']>();
  const inFull = representation || parsed.events.length <= RESULTS_IN_FULL_MAX;
  let good = 0;
  parsed.events.forEach((read, index) => {
    if (isFaults(read)) {
      counts.rejected += 1;
      const [first] = read;
      results.push({
        index,
        status: 'rejected',
        id: null,
        code: first?.code ?? 'invalid',
        detail: first?.detail ?? '',
      });
      return;
    }
    const verdict = verdicts[good++];
    if (!verdict) throw new Error('an event has no verdict');
    counts[COUNTED_AS[verdict.status]] += 1;
    if (read.generation !== null) metered.add(read.generation.metered);
    else if (!isPriced(read.metric_name, read.unit)) unpriced.add(read.metric_name);
    if (!inFull && verdict.status === 'accepted') return;
    results.push({
      index,
      status: verdict.status,
      id: verdict.id,
      ...(parsed.idempotencyKeyInReceipt ? { idempotency_key: read.idempotency_key } : {}),
      ...(verdict.status === 'conflict' ? { code: 'event_conflict', detail: CONFLICT } : {}),
    });
  });
  for (const [name, unit] of [...metered].flat()) if (!isPriced(name, unit)) unpriced.add(name);
  const receipt = { ...counts, results, unpriced_metrics: [...unpriced] };
  if (parsed.shape === 'single' && counts.conflicts === 1) {
    throw new AppError('event_conflict', CONFLICT, { extensions: receipt });
  }
  const status = counts.conflicts + counts.rejected > 0 ? 207 : 202;
  return new Response(JSON.stringify(receipt), { status, headers: { 'content-type': 'application/json' } });
}
