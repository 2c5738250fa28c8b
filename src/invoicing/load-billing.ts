/** Reads what an invoice is built from; decides nothing. */
import { decimal } from '../core/decimal.ts';
import { assert } from '../core/error.ts';
import { compareMonths, firstDay, formatInstant, lastDay, type Month } from '../core/time.ts';
import type { LedgerTransaction } from '../db/ledger.ts';
import { listPlansById, listPlansFor, type PricingPlan } from '../pricing/store.ts';
import { type BillingPeriod, derivePeriod } from '../rollup/billing-period.ts';
import { loadCalendars } from '../rollup/period-store.ts';
import type { BillingInput, InvoicedPeriod, OpenAdjustment } from './billing-input.ts';
import { listBillable, listStandingInvoices, listStandingLines } from './book-store.ts';
import type { InvoiceRow } from './invoice.ts';
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

/** The month's period; `toInsert` where it does not exist yet. */
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

/** `invoiceId`: the draft whose own claims count as open. `lock`: whether the plans stay as they are until it is issued. */
export async function loadBilling(
  tx: LedgerTransaction,
  period: InvoicePeriod,
  invoiceId: string | null,
  lock: 'share' | 'none' = 'none',
): Promise<BillingInput> {
  const { organisation_id, year, month, currency } = period;
  const { usage, adjustments } = await listBillable(tx, period, invoiceId);
  const lateMonths = distinctMonths(adjustments);
  const from = firstDay(lateMonths[0] ?? period);
  const plans = await listPlansFor(tx, organisation_id, from, lastDay(period), lock);
  const invoiced = lateMonths.length === 0 ? [] : await loadInvoiced(tx, organisation_id, lateMonths, plans);
  return { organisation_id, year, month, currency, usage, adjustments, plans, invoiced };
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
        };
      }),
  }));
}
