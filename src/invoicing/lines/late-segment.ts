/** The late usage of one period and plan version, beside what was invoiced for it. */
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

/** All late usage of one period and plan version, beside what was invoiced for it. */
export interface LateSegment extends Month {
  readonly plan: BillablePlan;
  readonly adjustments: readonly OpenAdjustment[];
  /** What priced the segment so far, in the order in which it was issued. */
  readonly invoiced: readonly InvoicedLine[];
  readonly quantity: Decimal;
  readonly event_count: number;
  /** With all that came before. */
  readonly together: Decimal;
  readonly events_together: number;
  /** In the plan's currency; exact where a line of the segment was converted, else rounded. */
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

/** What the line has charged for: a part that was carried on is charged where it went, a credited one no longer. */
const netQuantityOf = (line: InvoicedLine): Decimal =>
  add(subtract(line.quantity, line.carried_quantity), line.credited.late_quantity);

/** Those that a credit note took up count too: what lowered a charge happened all the same. */
const chargedEventsOf = (line: InvoicedLine): number => line.event_count + line.credited.late_event_count;

/** In the plan's currency. */
export const chargedFor = (line: InvoicedLine): Decimal =>
  subtract(line.original_amount ?? line.total, line.credited.late_amount);
