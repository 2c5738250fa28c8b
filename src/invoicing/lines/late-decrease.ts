/** Late usage that lowers what an issued invoice charged. It is credited on the lines that charged it. */
import { add, type Decimal, isZero, maximum, minimum, negate, subtract, ZERO } from '../../core/decimal.ts';
import type { Month } from '../../core/time.ts';
import { convertMoney } from '../../pricing/fx/convert.ts';
import type { InvoicedLine } from './billing-input.ts';
import { chargedFor, type LateSegment } from './late-segment.ts';
import { nameOf, nameOfMonth, negativePart } from './line-draft.ts';

/** The credit on one line. */
export interface LineCredit {
  readonly invoice_id: string;
  readonly line_number: number;
  /** Part of the line's total before discount and tax, in the invoice's currency. */
  readonly amount: Decimal;
  /** In the plan's currency. */
  readonly original_amount: Decimal;
}

export interface Decrease extends Month {
  readonly description: string;
  readonly metric_name: string;
  readonly unit: string;
  readonly last_day: string;
  /** The late usage, below zero; carried by the first credit. */
  readonly quantity: Decimal;
  /** The part of it, zero or negative, carried over to the next period. */
  readonly carried_quantity: Decimal;
  /** Events of the late usage; carried by the first credit too. */
  readonly event_count: number;
  readonly adjustment_ids: readonly string[];
  /** Newest line first; never empty. */
  readonly credits: readonly LineCredit[];
}

/**
 * Credits the change on the lines of the segment, newest first, each down to zero at most. A converted line is
 * credited at its own rate, rounded cumulatively, so that any split credits exactly its total. What other credit
 * notes have already taken cannot be credited twice; then the sum is less than the change.
 */
export function decreaseOf(segment: LateSegment): Decrease {
  const { plan, quantity, event_count, together, adjustments, year, month } = segment;
  const credits: LineCredit[] = [];
  let open = negate(segment.change);
  for (const line of segment.invoiced.toReversed()) {
    const original_amount = minimum(open, maximum(chargedFor(line), ZERO));
    if (isZero(original_amount)) continue;
    open = subtract(open, original_amount);
    const left = maximum(subtract(line.total, line.credited.total), ZERO);
    const amount = minimum(left, amountOf(line, original_amount));
    credits.push({ invoice_id: line.invoice_id, line_number: line.line_number, amount, original_amount });
  }
  const days = adjustments.map((adjustment) => adjustment.day).sort();
  return {
    year,
    month,
    description: `Credit for ${nameOfMonth(segment)}: ${nameOf(plan)}, price from ${plan.effective_from}`,
    metric_name: plan.metric_name,
    unit: plan.unit,
    last_day: days.at(-1) ?? '',
    quantity,
    carried_quantity: negativePart(together),
    event_count,
    adjustment_ids: adjustments.map((adjustment) => adjustment.id),
    credits,
  };
}

function amountOf(line: InvoicedLine, original: Decimal): Decimal {
  const { exchange_rate, currency, credited } = line;
  if (exchange_rate === null) return original;
  const before = convertMoney(credited.late_amount, exchange_rate, currency);
  return subtract(convertMoney(add(credited.late_amount, original), exchange_rate, currency), before);
}
