import { DAY_MS } from '../../core/time.ts';

/**
 * Whether a rate that began at `effectiveFrom` is too old at an instant, both in epoch milliseconds: more than `maxAgeDays`
 * times 24 hours. Null sets no limit. With 3 days a Friday's rate still holds at Monday's first instant, and no later.
 */
export const isStale = (effectiveFrom: number, at: number, maxAgeDays: number | null): boolean =>
  maxAgeDays !== null && at - effectiveFrom > maxAgeDays * DAY_MS;
