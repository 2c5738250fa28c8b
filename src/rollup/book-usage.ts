/** Pure: which period, hour and day each counted event belongs to, and the sums that follow. */
import type { GenerationRow } from '../ai/generation-row.ts';
import { meteredQuantities } from '../ai/metered-quantities.ts';
import { parseQuantity } from '../core/decimal.ts';
import { assert } from '../core/error.ts';
import { uuidv7 } from '../core/id.ts';
import { HOUR_MS, hourOf } from '../core/time.ts';
import { type BillingPeriod, bookingOf, holds } from './billing-period.ts';
import type { HotEvent } from './hot-event.ts';
import type { BookedEvent, BookedGeneration, UsageSum } from './ports.ts';

export interface Booking {
  readonly events: readonly BookedEvent[];
  /** What those of them that stand for an AI generation are metered by besides is in the sums too. */
  readonly generations: readonly BookedGeneration[];
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

interface Entry {
  readonly sum: UsageSum;
  readonly closed: boolean;
}

/** Where and when a quantity is used. */
interface Place {
  readonly event: HotEvent;
  readonly period: BillingPeriod;
  readonly hour: number;
  readonly day: string;
}

const NO_GENERATIONS: ReadonlyMap<string, GenerationRow> = new Map();

/** Books events into `periods`, which must hold every one of them; `generations` is by the id of their event. */
export function bookUsage(
  events: readonly HotEvent[],
  periods: readonly BillingPeriod[],
  now: number,
  generations: ReadonlyMap<string, GenerationRow> = NO_GENERATIONS,
): Booking {
  const place = placer(periods);
  const book = booker();
  const all: Entry[] = [];
  const places = new Map<string, Map<string, Entry>>();
  const booked: BookedEvent[] = [];
  const bookedGenerations: BookedGeneration[] = [];

  const sumsAt = ({ event, period, hour }: Place): Map<string, Entry> => {
    const key = `${event.project_id} ${hour} ${period.year}-${period.month}`;
    let sums = places.get(key);
    if (!sums) {
      sums = new Map();
      places.set(key, sums);
    }
    return sums;
  };

  const add = (
    sums: Map<string, Entry>,
    at: Place,
    metric_name: string,
    unit: string,
    quantity: bigint,
  ): Entry => {
    // U+0000 stands in no name that the ledger takes; any other separator could be part of one.
    const key = `${metric_name}\0${unit}`;
    let entry = sums.get(key);
    if (!entry) {
      const { period, hour, day } = at;
      const { organisation_id, project_id } = at.event;
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
      all.push(entry);
    }
    entry.sum.total += quantity;
    entry.sum.count += 1;
    return entry;
  };

  for (const event of events) {
    const period = place(event);
    const quantity = parseQuantity(event.metric_value);
    assert(period && quantity !== null, 'every event to book was prepared and has its period');
    const { hour, day } = book(period, event.timestamp);
    const at = { event, period, hour, day };
    const sums = sumsAt(at);
    const entry = add(sums, at, event.metric_name, event.unit, quantity);
    booked.push({ event, hour, day, adjustment_id: entry.closed ? entry.sum.id : null });
    const row = event.generation === null ? undefined : generations.get(event.id);
    if (!row) continue;
    const adjustments: Record<string, string> = {};
    for (const metered of meteredQuantities(row)) {
      const { sum } = add(sums, at, metered.metric_name, metered.unit, metered.quantity);
      adjustments[metered.metric_name] = sum.id;
    }
    bookedGenerations.push({ event, row, hour, day, adjustment_ids: entry.closed ? adjustments : null });
  }
  return {
    events: booked,
    generations: bookedGenerations,
    usage: all.filter(({ closed }) => !closed).map(({ sum }) => sum),
    adjustments: all.filter(({ closed }) => closed).map(({ sum }) => sum),
  };
}
