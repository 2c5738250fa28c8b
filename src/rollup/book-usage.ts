/** Pure: the period, hour and day of each counted event, and the resulting sums. */
import type { GenerationRow } from '../ai/generation-row.ts';
import {
  CALLS_METRIC,
  CALLS_UNIT,
  METERED_METRICS,
  METERED_UNITS,
  quantitiesOf,
} from '../ai/metered-quantities.ts';
import { parseQuantity, QUANTITY_SCALE } from '../core/decimal.ts';
import { assert } from '../core/error.ts';
import { uuidv7 } from '../core/id.ts';
import { HOUR_MS, hourOf } from '../core/time.ts';
import { type BillingPeriod, bookingOf, holds } from '../tenants/billing-period.ts';
import type { HotEvent } from './hot-event.ts';
import type { BookedEvent, BookedGeneration, UsageSum } from './ports.ts';

export interface Booking {
  /** Without AI calls. */
  readonly events: readonly BookedEvent[];
  /** Each is counted as one of `ai.calls` in the sums, plus its other metered quantities. */
  readonly generations: readonly BookedGeneration[];
  /** For open periods: added to the aggregates. */
  readonly usage: readonly UsageSum[];
  /** For closed periods: the aggregates are frozen, so the usage waits for an invoice that claims it. */
  readonly adjustments: readonly UsageSum[];
}

/** The events that fall into none of the given periods. */
export function findUnplaced(events: readonly HotEvent[], periods: readonly BillingPeriod[]): HotEvent[] {
  const place = placer(periods);
  return events.filter((event) => !place(event));
}

// Events of a batch come in runs of one organisation and month, so the last period found is tried first.
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

// Most events of a batch fall into the same hour. The last result is reused within its period, hour and quarter
// of an hour, in which the zone has one offset.
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

/** A project's usage in one hour. */
interface Place {
  readonly event: HotEvent;
  readonly period: BillingPeriod;
  readonly hour: number;
  readonly day: string;
  readonly sums: Map<string, UsageSum>;
  /** The sums of `ai.calls` and of METERED_METRICS in order, found without building a key for each quantity. */
  calls: UsageSum | undefined;
  readonly metered: (UsageSum | undefined)[];
}

const NO_GENERATIONS: ReadonlyMap<string, GenerationRow> = new Map();
const ONE_CALL = 10n ** BigInt(QUANTITY_SCALE);

/** Books events into `periods`, which must cover all of them. `generations` is keyed by event id. */
export function bookUsage(
  events: readonly HotEvent[],
  periods: readonly BillingPeriod[],
  now: number,
  generations: ReadonlyMap<string, GenerationRow> = NO_GENERATIONS,
): Booking {
  const placeOf = placer(periods);
  const book = booker();
  const places = new Map<string, Place>();
  let last: Place | undefined;
  const usage: UsageSum[] = [];
  const adjustments: UsageSum[] = [];
  const booked: BookedEvent[] = [];
  const bookedGenerations: BookedGeneration[] = [];

  const placeAt = (event: HotEvent, period: BillingPeriod, hour: number, day: string): Place => {
    if (last?.event.project_id === event.project_id && last.period === period && last.hour === hour)
      return last;
    const key = `${event.project_id} ${hour} ${period.year}-${period.month}`;
    last = places.get(key);
    if (!last) {
      last = { event, period, hour, day, sums: new Map(), calls: undefined, metered: [] };
      places.set(key, last);
    }
    return last;
  };

  const sumOf = ({ event, period, hour, day, sums }: Place, metric_name: string, unit: string): UsageSum => {
    // U+0000 occurs in no name that the ledger accepts. Any other separator could be part of a name.
    const key = `${metric_name}\0${unit}`;
    let sum = sums.get(key);
    if (!sum) {
      const { organisation_id, project_id } = event;
      const { year, month } = period;
      const of = { organisation_id, project_id, metric_name, unit, hour, day, year, month };
      sum = { id: uuidv7(now), ...of, total: 0n, count: 0 };
      sums.set(key, sum);
      (period.status === 'closed' ? adjustments : usage).push(sum);
    }
    return sum;
  };

  /** Returns the adjustment of each metric if the period is closed. */
  const addCall = (place: Place, row: GenerationRow): Record<string, string> | null => {
    const late: Record<string, string> | null = place.period.status === 'closed' ? {} : null;
    place.calls ??= sumOf(place, CALLS_METRIC, CALLS_UNIT);
    add(place.calls, ONE_CALL);
    if (late) late[CALLS_METRIC] = place.calls.id;
    const quantities = quantitiesOf(row);
    for (let index = 0; index < METERED_METRICS.length; index++) {
      const [metric_name, unit, quantity] = [METERED_METRICS[index], METERED_UNITS[index], quantities[index]];
      if (metric_name === undefined || unit === undefined || !quantity) continue;
      let sum = place.metered[index];
      if (!sum) {
        sum = sumOf(place, metric_name, unit);
        place.metered[index] = sum;
      }
      add(sum, quantity);
      if (late) late[metric_name] = sum.id;
    }
    return late;
  };

  for (const event of events) {
    const period = placeOf(event);
    const quantity = parseQuantity(event.metric_value);
    assert(period && quantity !== null, 'every event to book was prepared and has its period');
    const { hour, day } = book(period, event.timestamp);
    const place = placeAt(event, period, hour, day);
    const row = event.generation === null ? undefined : generations.get(event.id);
    if (row) {
      bookedGenerations.push({ event, row, hour, day, adjustment_ids: addCall(place, row) });
      continue;
    }
    const sum = sumOf(place, event.metric_name, event.unit);
    add(sum, quantity);
    booked.push({ event, hour, day, adjustment_id: period.status === 'closed' ? sum.id : null });
  }
  return { events: booked, generations: bookedGenerations, usage, adjustments };
}

function add(sum: UsageSum, quantity: bigint): void {
  sum.total += quantity;
  sum.count += 1;
}
