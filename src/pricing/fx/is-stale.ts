import { DAY_MS } from '../../core/time.ts';

/**
 * Whether a rate that began at `effectiveFrom` is too old at an instant: older than `maxAgeDays` times 24 hours.
 * Both instants are epoch milliseconds; null means no limit. With 3 days, a Friday's rate is valid up to and
 * including Monday's first instant.
 */
export const isStale = (effectiveFrom: number, at: number, maxAgeDays: number | null): boolean =>
  maxAgeDays !== null && at - effectiveFrom > maxAgeDays * DAY_MS;
