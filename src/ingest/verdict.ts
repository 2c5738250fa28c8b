/** Pure: the verdict on an event, given the row that holds its key now (laws 1 and 2). */
export type VerdictStatus = 'accepted' | 'duplicate' | 'conflict';

export interface Verdict {
  readonly status: VerdictStatus;
  /** The id of the event that holds the key: the new one, or the older one it repeats or contradicts. */
  readonly id: string;
}

export interface SentEvent {
  readonly id: string;
  readonly fingerprint: string;
}

/** The row that holds the key. */
export interface Holder extends SentEvent {
  /** Of an AI call: which of ARRIVAL_FIELDS it came without, a bit each (fill.ts). */
  readonly lacks?: number;
}

export function deriveVerdict(sent: SentEvent, holder: SentEvent): Verdict {
  if (holder.id === sent.id) return { status: 'accepted', id: sent.id };
  return { status: holder.fingerprint === sent.fingerprint ? 'duplicate' : 'conflict', id: holder.id };
}
