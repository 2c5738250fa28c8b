/** A line while the invoice is built: exact decimals, its amount rounded once, before anything is text. */
import { allocate } from '../core/allocate.ts';
import { exponentOf } from '../core/currency.ts';
import { type Decimal, formatDecimal, minimum, ZERO } from '../core/decimal.ts';
import { formatMoney, roundMoney } from '../core/money.ts';
import type { Month } from '../core/time.ts';
import type { Charge, PlanVersion, TierCharge } from '../pricing/charge-model.ts';
import { rateUsage } from '../pricing/rate-usage.ts';
import type { LineItem, LineKind } from './invoice.ts';

export interface LineDraft extends Month {
  readonly kind: LineKind;
  readonly description: string;
  readonly plan: PlanVersion;
  readonly first_day: string;
  readonly last_day: string;
  readonly quantity: Decimal;
  readonly unit_price: string | null;
  readonly tiers: readonly TierCharge[] | null;
  /** Rounded. */
  readonly amount: Decimal;
  /** Zero or negative. */
  readonly carried_quantity: Decimal;
  readonly shares: readonly { readonly project_id: string | null; readonly quantity: Decimal }[];
  readonly event_count: number;
  readonly adjustment_ids: readonly string[];
}

/**
 * What a quantity of usage costs under the version that rules its days. Where that version is a flat fee, the fee covers
 * the usage: it is charged by a line of its own and each unit costs nothing.
 */
export const chargeOf = (plan: PlanVersion, quantity: Decimal): Charge =>
  plan.charge_model === 'flat' ? { amount: ZERO, unit_price: null, tiers: null } : rateUsage(plan, quantity);

export const roundedCharge = (plan: PlanVersion, quantity: Decimal): Decimal =>
  roundMoney(chargeOf(plan, quantity).amount, plan.currency);

/** Zero, or the quantity where it is negative. */
export const negativePart = (quantity: Decimal): Decimal => minimum(quantity, ZERO);

/** The metric as people read it: `tokens.input (token)`, without the brackets where it has no unit. */
export const nameOf = ({ metric_name, unit }: { metric_name: string; unit: string }): string =>
  unit === '' ? metric_name : `${metric_name} (${unit})`;

export const nameOfMonth = ({ year, month }: Month): string =>
  `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}`;

export function toLineItem(draft: LineDraft, lineNumber: number): LineItem {
  const { plan, shares, amount } = draft;
  const { currency, metric_name, unit } = plan;
  const weights = shares.map((share) => share.quantity);
  const amounts = allocate(amount, weights, exponentOf(currency));
  return {
    line_number: lineNumber,
    kind: draft.kind,
    description: draft.description,
    metric_name,
    unit,
    quantity: formatDecimal(draft.quantity),
    unit_price: draft.unit_price,
    total: formatMoney(amount, currency),
    currency,
    pricing_plan_id: plan.id,
    year: draft.year,
    month: draft.month,
    first_day: draft.first_day,
    last_day: draft.last_day,
    carried_quantity: formatDecimal(draft.carried_quantity),
    tiers: draft.tiers,
    by_project: shares.map((share, index) => ({
      project_id: share.project_id,
      quantity: formatDecimal(share.quantity),
      amount: formatMoney(amounts[index] ?? ZERO, currency),
    })),
    event_count: draft.event_count,
    events_hash: null,
  };
}
