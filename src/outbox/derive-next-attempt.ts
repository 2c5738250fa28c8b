const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** After the first failed attempt, the second, and so on: about three days in total, as in Standard Webhooks 1.0.0. */
const DELAYS_MS: readonly number[] = [
  MINUTE_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  14 * HOUR_MS,
  20 * HOUR_MS,
  24 * HOUR_MS,
];

export const ATTEMPTS_MAX = DELAYS_MS.length + 1;

/** At most a tenth of the delay. */
const JITTER_SHARE = 10;
const JITTER_STEPS = 0x10000;

/**
 * When a row is retried after its failed attempt number `attempts`, in epoch milliseconds; null after the
 * last. Rows that failed together are not retried together: up to a tenth is added, by the last digits of the
 * row's id.
 */
export function deriveNextAttempt(attempts: number, id: string, now: number): number | null {
  const delay = DELAYS_MS[attempts - 1];
  if (delay === undefined) return null;
  const step = Number.parseInt(id.slice(-4), 16);
  return now + delay + Math.floor((delay * step) / (JITTER_SHARE * JITTER_STEPS));
}
