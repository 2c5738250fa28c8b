/** A line while the invoice is built: exact decimals and an amount rounded once, not yet texts. */

import { allocate } from '../../core/allocate.ts';
import { exponentOf } from '../../core/currency.ts';
import { type Decimal, decimal, formatDecimal, minimum, ZERO } from '../../core/decimal.ts';
import { formatMoney, roundMoney } from '../../core/money.ts';
import type { Month } from '../../core/time.ts';
import { convertMoney } from '../../pricing/fx/convert.ts';
import type { RateInForce } from '../../pricing/fx/store.ts';
import type { Charge, PlanVersion, TierCharge } from '../../pricing/plans/charge-model.ts';
import { rateUsage } from '../../pricing/plans/rate-usage.ts';
import type { LineItem, LineKind } from '../invoice.ts';
import type { BillablePlan, BillingInput } from './billing-input.ts';

export interface LineDraft extends Month {
  readonly kind: LineKind;
  readonly description: string;
  readonly plan: BillablePlan;
  readonly first_day: string;
  readonly last_day: string;
  readonly quantity: Decimal;
  readonly unit_price: string | null;
  readonly tiers: readonly TierCharge[] | null;
  /** Rounded, in the invoice's currency. */
  readonly amount: Decimal;
  /** Set if the plan is in another currency. */
  readonly original: OriginalAmount | null;
  /** Zero or negative. */
  readonly carried_quantity: Decimal;
  readonly shares: readonly { readonly project_id: string | null; readonly quantity: Decimal }[];
  readonly event_count: number;
  readonly adjustment_ids: readonly string[];
}

/** Exact and unrounded, in the plan's currency. Without a rate the line's amount is zero and it cannot be issued. */
export interface OriginalAmount {
  readonly amount: Decimal;
  readonly rate: RateInForce | null;
}

/**
 * The cost of a quantity of usage with its events under the version in force. If that version is a flat fee, the
 * fee covers the usage: the fee has a separate line and each unit costs nothing.
 */
export const chargeOf = (plan: PlanVersion, quantity: Decimal, eventCount: number): Charge =>
  plan.charge_model === 'flat'
    ? { amount: ZERO, unit_price: null, tiers: null }
    : rateUsage(plan, quantity, eventCount);

/**
 * A plan's exact charge as the amount of a line: rounded once, after conversion if the plan is in another currency
 * (law 5). 10.005 USD on an invoice in USD → 10.01; at 0.9 on one in EUR 9.0045 → 9.00.
 */
export function lineAmount(
  { currency, rates }: Pick<BillingInput, 'currency' | 'rates'>,
  plan: PlanVersion,
  exact: Decimal,
): Pick<LineDraft, 'amount' | 'original'> {
  if (plan.currency === currency) return { amount: roundMoney(exact, currency), original: null };
  const rate = rates.get(plan.currency) ?? null;
  const amount = rate ? convertMoney(exact, decimal(rate.rate), currency) : ZERO;
  return { amount, original: { amount: exact, rate } };
}

/** The quantity if it is negative, else zero. */
export const negativePart = (quantity: Decimal): Decimal => minimum(quantity, ZERO);

/** The metric's readable name: `tokens.input (token)`, without the brackets if it has no unit. */
export const nameOf = ({ metric_name, unit }: { metric_name: string; unit: string }): string =>
  unit === '' ? metric_name : `${metric_name} (${unit})`;

export const nameOfMonth = ({ year, month }: Month): string =>
  `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}`;

export function toLineItem(draft: LineDraft, lineNumber: number, currency: string): LineItem {
  const { plan, shares, amount, original } = draft;
  const weights = shares.map((share) => share.quantity);
  const amounts = allocate(amount, weights, exponentOf(currency));
  const nothing = formatMoney(ZERO, currency);
  return {
    line_number: lineNumber,
    kind: draft.kind,
    description: draft.description,
    metric_name: plan.metric_name,
    unit: plan.unit,
    quantity: formatDecimal(draft.quantity),
    unit_price: draft.unit_price,
    total: formatMoney(amount, currency),
    currency,
    original_currency: original ? plan.currency : null,
    original_amount: original ? formatDecimal(original.amount) : null,
    exchange_rate: original?.rate ? formatDecimal(decimal(original.rate.rate)) : null,
    display_name: plan.display_name,
    hsn_sac: plan.hsn_sac,
    tax_category: plan.tax_category,
    discount_amount: nothing,
    tax_amount: nothing,
    taxes: [],
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
