import { add, compare, maximum, subtract, sum, ZERO } from '../../core/decimal.ts';
import { compareMonths } from '../../core/time.ts';
import { type BillingInput, metricKeyOf, type OpenAdjustment } from './billing-input.ts';
import { chargeOf, type LineDraft, lineAmount, nameOf, nameOfMonth, negativePart } from './line-draft.ts';

/**
 * A negative quantity c carried over from earlier periods is subtracted from the first usage line of its metric and
 * unit with a quantity q above zero: amount = charge(max(q + c, 0)) − charge(q), both with that line's events. The
 * remainder, min(q + c, 0), is carried over to the next period. Without such a line the adjustments stay open.
 *
 * 10 units at 2 and -4 carried: usage 20.00, carried -8.00; -14 carried: usage 20.00, carried -20.00, and -4 is
 * carried over.
 */
export function buildCarriedLines(input: BillingInput, usageLines: readonly LineDraft[]): LineDraft[] {
  const carried = input.adjustments.filter((adjustment) => adjustment.kind === 'carried');
  return [...Map.groupBy(carried, metricKeyOf)].flatMap(([key, adjustments]) => {
    const target = usageLines
      .filter((line) => metricKeyOf(line.plan) === key && compare(line.quantity, ZERO) > 0)
      .reduce<LineDraft | undefined>(
        (first, line) => (!first || line.first_day < first.first_day ? line : first),
        undefined,
      );
    return target ? [carriedLine(input, target, adjustments)] : [];
  });
}

function carriedLine(
  input: BillingInput,
  target: LineDraft,
  adjustments: readonly OpenAdjustment[],
): LineDraft {
  const { plan } = target;
  const quantity = sum(adjustments.map((adjustment) => adjustment.quantity));
  const rest = add(target.quantity, quantity);
  const { amount } = chargeOf(plan, maximum(rest, ZERO), target.event_count);
  const charged = lineAmount(input, plan, amount);
  const months = [...adjustments].sort(compareMonths).map(nameOfMonth);
  return {
    ...target,
    kind: 'carried',
    description: `Carried over from ${[...new Set(months)].join(', ')}: ${nameOf(plan)}`,
    quantity,
    tiers: null,
    amount: subtract(charged.amount, target.amount),
    original:
      charged.original && target.original
        ? { ...charged.original, amount: subtract(charged.original.amount, target.original.amount) }
        : null,
    carried_quantity: negativePart(rest),
    shares: [{ project_id: null, quantity }],
    event_count: 0,
    adjustment_ids: adjustments.map((adjustment) => adjustment.id),
  };
}
