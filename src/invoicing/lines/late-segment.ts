import { add, type Decimal, maximum, subtract, sum, ZERO } from '../../core/decimal.ts';
import { roundMoney } from '../../core/money.ts';
import type { Month } from '../../core/time.ts';
import {
  type BillablePlan,
  countEvents,
  type InvoicedLine,
  type InvoicedPeriod,
  type OpenAdjustment,
} from './billing-input.ts';
import { chargeOf } from './line-draft.ts';

/** All late usage of one period and plan version, next to what was invoiced for it. */
export interface LateSegment extends Month {
  readonly plan: BillablePlan;
  readonly adjustments: readonly OpenAdjustment[];
  /** The lines that have priced the segment so far, in the order of issue. */
  readonly invoiced: readonly InvoicedLine[];
  readonly quantity: Decimal;
  readonly event_count: number;
  /** Including everything before. */
  readonly together: Decimal;
  readonly events_together: number;
  /** In the plan's currency; exact if a line of the segment was converted, else rounded. */
  readonly change: Decimal;
}

export function segmentOf(
  period: InvoicedPeriod,
  plan: BillablePlan,
  adjustments: readonly OpenAdjustment[],
): LateSegment {
  const invoiced = period.lines.filter((line) => line.kind !== 'flat' && line.plan.id === plan.id);
  const quantity = sum(adjustments.map((adjustment) => adjustment.quantity));
  const together = add(sum(invoiced.map(netQuantityOf)), quantity);
  const event_count = countEvents(adjustments);
  const events_together = invoiced.reduce((count, line) => count + chargedEventsOf(line), event_count);
  const charge = chargeOf(plan, maximum(together, ZERO), events_together).amount;
  const isExact = invoiced.some((line) => line.original_amount !== null) || period.currency !== plan.currency;
  return {
    year: period.year,
    month: period.month,
    plan,
    adjustments,
    invoiced,
    quantity,
    event_count,
    together,
    events_together,
    change: subtract(isExact ? charge : roundMoney(charge, plan.currency), sum(invoiced.map(chargedFor))),
  };
}

/**
 * The quantity the line charges for: without the part carried over, which is charged elsewhere, and without
 * credited usage.
 */
const netQuantityOf = (line: InvoicedLine): Decimal =>
  add(subtract(line.quantity, line.carried_quantity), line.credited.late_quantity);

/** Includes events settled by credit notes: they happened even though they lowered the charge. */
const chargedEventsOf = (line: InvoicedLine): number => line.event_count + line.credited.late_event_count;

/** In the plan's currency. */
export const chargedFor = (line: InvoicedLine): Decimal =>
  subtract(line.original_amount ?? line.total, line.credited.late_amount);
