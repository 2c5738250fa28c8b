import type { Fault } from './error.ts';
import { isDay } from './time.ts';

/** The days on which something is effective: from `effective_from` to the day before `effective_to`, or open-ended. */
export interface EffectiveDays {
  readonly effective_from: string;
  readonly effective_to?: string | null | undefined;
}

/** Postgres has no year 0. */
export const isRealDay = (day: string): boolean => isDay(day) && day >= '0001-01-01';

/** Codes: `invalid_date`, `invalid_order` (the end is not after the start). */
export function findEffectiveDaysFaults({ effective_from, effective_to }: EffectiveDays): Fault[] {
  const faults: Fault[] = [];
  const detail = 'Must be a valid date, YYYY-MM-DD.';
  if (!isRealDay(effective_from)) faults.push({ pointer: '/effective_from', code: 'invalid_date', detail });
  if (effective_to === null || effective_to === undefined) return faults;
  if (!isRealDay(effective_to)) faults.push({ pointer: '/effective_to', code: 'invalid_date', detail });
  if (faults.length === 0 && effective_to <= effective_from) {
    const order =
      'Must be after effective_from. effective_to is the first day on which this no longer applies.';
    faults.push({ pointer: '/effective_to', code: 'invalid_order', detail: order });
  }
  return faults;
}
