/** Reads what an invoice is built from; makes no decisions. */

import { decimal } from '../core/decimal.ts';
import { assert } from '../core/error.ts';
import { compareMonths, firstDay, formatInstant, lastDay, type Month } from '../core/time.ts';
import type { LedgerTransaction } from '../db/ledger.ts';
import { findRates } from '../pricing/fx/find-rates.ts';
import type { RateInForce } from '../pricing/fx/store.ts';
import type { PlanVersion } from '../pricing/plans/charge-model.ts';
import { listPlansById, listPlansFor, type PricingPlan } from '../pricing/plans/store.ts';
import { type BillingPeriod, derivePeriod } from '../tenants/billing-period.ts';
import { loadCalendars } from '../tenants/period-store.ts';
import { listBillable, listStandingInvoices, listStandingLines } from './book-store.ts';
import type { InvoiceRow } from './invoice.ts';
import type { BillingInput, InvoicedPeriod, OpenAdjustment } from './lines/billing-input.ts';
import type { AccountOfMonth } from './store.ts';

export interface InvoicePeriod extends Month {
  readonly organisation_id: string;
  readonly period_start: string;
  readonly period_end: string;
  readonly timezone: string;
  readonly currency: string;
}

export const periodOfInvoice = ({
  organisation_id,
  year,
  month,
  period_start,
  period_end,
  timezone,
  currency,
}: InvoiceRow): InvoicePeriod => ({
  organisation_id,
  year,
  month,
  period_start,
  period_end,
  timezone,
  currency,
});

/** The month's period; `toInsert` is set if it does not exist yet. */
export async function loadPeriod(
  tx: LedgerTransaction,
  account: AccountOfMonth,
  { year, month }: Month,
): Promise<{ period: InvoicePeriod; toInsert: BillingPeriod | null }> {
  const { organisation_id, starts_at, ends_at, period_timezone, period_currency } = account;
  if (starts_at !== null && ends_at !== null && period_timezone !== null && period_currency !== null) {
    const existing = { period_start: starts_at, period_end: ends_at, timezone: period_timezone };
    return {
      period: { organisation_id, year, month, ...existing, currency: period_currency },
      toInsert: null,
    };
  }
  const [calendar] = await loadCalendars(tx, [organisation_id]);
  assert(calendar, 'every organisation has a calendar');
  const derived = derivePeriod(calendar, { year, month });
  const period = {
    organisation_id,
    year,
    month,
    period_start: formatInstant(derived.starts_at),
    period_end: formatInstant(derived.ends_at),
    timezone: derived.timezone,
    currency: derived.currency,
  };
  return { period, toInsert: derived };
}

export interface LoadBillingOptions {
  /** The draft whose own claims count as open. */
  readonly invoiceId: string | null;
  /** Epoch milliseconds. Selects the exchange rates in force. */
  readonly at: number;
  /** Whether to lock the plans until the transaction ends. */
  readonly lock: 'share' | 'none';
}

export async function loadBilling(
  tx: LedgerTransaction,
  period: InvoicePeriod,
  { invoiceId, at, lock }: LoadBillingOptions,
): Promise<BillingInput> {
  const { organisation_id, year, month, currency } = period;
  const { usage, adjustments } = await listBillable(tx, period, invoiceId);
  const lateMonths = distinctMonths(adjustments);
  const from = firstDay(lateMonths[0] ?? period);
  const plans = await listPlansFor(tx, organisation_id, from, lastDay(period), lock);
  const invoiced = lateMonths.length === 0 ? [] : await loadInvoiced(tx, organisation_id, lateMonths, plans);
  const rates = await loadRates(tx, [...plans, ...invoiced.flatMap(plansOf)], currency, at);
  return { organisation_id, year, month, currency, usage, adjustments, plans, invoiced, rates };
}

const plansOf = ({ lines }: InvoicedPeriod): PlanVersion[] => lines.map((line) => line.plan);

/** The rates from every other currency with a price; pairs without a rate are absent. */
async function loadRates(
  tx: LedgerTransaction,
  plans: readonly PlanVersion[],
  currency: string,
  at: number,
): Promise<Map<string, RateInForce>> {
  const others = [...new Set(plans.map((plan) => plan.currency))].filter((other) => other !== currency);
  const pairs = others.map((base) => ({ base, target: currency }));
  const rates = await findRates(tx, pairs, at);
  return new Map(
    others.flatMap((base) => {
      const rate = rates.get(base, currency);
      return rate ? [[base, rate] as const] : [];
    }),
  );
}

/** The months with late usage, oldest first. */
function distinctMonths(adjustments: readonly OpenAdjustment[]): Month[] {
  const late = adjustments.filter((adjustment) => adjustment.kind === 'late');
  const byMonth = new Map(late.map(({ year, month }) => [`${year}-${month}`, { year, month }] as const));
  return [...byMonth.values()].sort(compareMonths);
}

async function loadInvoiced(
  tx: LedgerTransaction,
  organisationId: string,
  months: readonly Month[],
  plans: readonly PricingPlan[],
): Promise<InvoicedPeriod[]> {
  const invoices = await listStandingInvoices(tx, organisationId, months);
  const lines = await listStandingLines(tx, organisationId, months);
  const byId = new Map(plans.map((plan) => [plan.id, plan]));
  const missing = lines.map((line) => line.pricing_plan_id).filter((id) => !byId.has(id));
  if (missing.length > 0) {
    for (const plan of await listPlansById(tx, [...new Set(missing)])) byId.set(plan.id, plan);
  }
  return invoices.map((invoice) => ({
    ...invoice,
    lines: lines
      .filter((line) => compareMonths(line, invoice) === 0)
      .map((line) => {
        const plan = byId.get(line.pricing_plan_id);
        assert(plan, 'the plan of an invoiced line exists');
        return {
          ...line,
          plan,
          quantity: decimal(line.quantity),
          carried_quantity: decimal(line.carried_quantity),
          total: decimal(line.total),
          original_amount: line.original_amount === null ? null : decimal(line.original_amount),
          exchange_rate: line.exchange_rate === null ? null : decimal(line.exchange_rate),
          credited: {
            total: decimal(line.credited_total),
            late_amount: decimal(line.credited_late_amount),
            late_quantity: decimal(line.credited_late_quantity),
            late_event_count: line.credited_late_event_count,
          },
        };
      }),
  }));
}
