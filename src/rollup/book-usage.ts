/** Pure: which period, hour and day each counted event belongs to, and the sums that follow. */
import { parseQuantity } from '../core/decimal.ts';
import { assert } from '../core/error.ts';
import { uuidv7 } from '../core/id.ts';
import { HOUR_MS, hourOf } from '../core/time.ts';
import { type BillingPeriod, bookingOf, holds } from './billing-period.ts';
import type { HotEvent } from './hot-event.ts';
import type { BookedEvent, UsageSum } from './ports.ts';

export interface Booking {
  readonly events: readonly BookedEvent[];
  /** For open periods: into the aggregates. */
  readonly usage: readonly UsageSum[];
  /** For closed periods: the aggregates are frozen, the usage waits for an invoice that claims it. */
  readonly adjustments: readonly UsageSum[];
}

/** The events that no given period holds. */
export function findUnplaced(events: readonly HotEvent[], periods: readonly BillingPeriod[]): HotEvent[] {
  const place = placer(periods);
  return events.filter((event) => !place(event));
}

// Events of a batch come in runs of one organisation and one month: the last period found is tried first.
function placer(periods: readonly BillingPeriod[]): (event: HotEvent) => BillingPeriod | undefined {
  let last: BillingPeriod | undefined;
  const isOf = (period: BillingPeriod, event: HotEvent): boolean =>
    period.organisation_id === event.organisation_id && holds(period, event.timestamp);
  return (event) => {
    if (last && isOf(last, event)) return last;
    last = periods.find((period) => isOf(period, event));
    return last;
  };
}

const QUARTER_MS = HOUR_MS / 4;

// Events of a batch are mostly of one hour: the last answer is given again within its period, hour and quarter of an hour,
// in which the zone has one offset.
function booker(): typeof bookingOf {
  let last: (ReturnType<typeof bookingOf> & { period: BillingPeriod; quarter: number }) | undefined;
  return (period, instant) => {
    const quarter = Math.floor(instant / QUARTER_MS);
    if (
      last?.period === period &&
      last.quarter === quarter &&
      last.hour === hourOf(instant, period.timezone)
    ) {
      return last;
    }
    last = { period, quarter, ...bookingOf(period, instant) };
    return last;
  };
}

/** Books events into `periods`, which must hold every one of them. */
export function bookUsage(
  events: readonly HotEvent[],
  periods: readonly BillingPeriod[],
  now: number,
): Booking {
  const place = placer(periods);
  const book = booker();
  const sums = new Map<string, { sum: UsageSum; closed: boolean }>();
  const booked: BookedEvent[] = [];
  for (const event of events) {
    const period = place(event);
    const quantity = parseQuantity(event.metric_value);
    assert(period && quantity !== null, 'every event to book was prepared and has its period');
    const { hour, day } = book(period, event.timestamp);
    // U+0000 stands in no name that the ledger takes; any other separator could be part of one.
    const key = `${event.project_id}\0${event.metric_name}\0${event.unit}\0${hour}\0${period.year}-${period.month}`;
    let entry = sums.get(key);
    if (!entry) {
      const { organisation_id, project_id, metric_name, unit } = event;
      const { year, month } = period;
      const sum = {
        id: uuidv7(now),
        organisation_id,
        project_id,
        metric_name,
        unit,
        hour,
        day,
        year,
        month,
        total: 0n,
        count: 0,
      };
      entry = { sum, closed: period.status === 'closed' };
      sums.set(key, entry);
    }
    entry.sum.total += quantity;
    entry.sum.count += 1;
    booked.push({ event, hour, day, adjustment_id: entry.closed ? entry.sum.id : null });
  }
  const all = [...sums.values()];
  return {
    events: booked,
    usage: all.filter(({ closed }) => !closed).map(({ sum }) => sum),
    adjustments: all.filter(({ closed }) => closed).map(({ sum }) => sum),
  };
}
