/** Builds inputs of buildInvoice for tests: texts in, decimals out. */
import { decimal, formatDecimal, subtract, sum } from '../../src/core/decimal.ts';
import type {
  BillablePlan,
  BillingInput,
  DayUsage,
  InvoicedPeriod,
  LineCredits,
  OpenAdjustment,
} from '../../src/invoicing/lines/billing-input.ts';
import type { BuiltInvoice } from '../../src/invoicing/lines/build-invoice.ts';
import type { Decrease, LineCredit } from '../../src/invoicing/lines/late-decrease.ts';
import type { RateInForce } from '../../src/pricing/fx/store.ts';
import { planOf } from '../pricing/plans/plans.ts';

export const ORGANISATION = '01900000-0000-7000-8000-00000000000a';
export const METRIC = { metric_name: 'api_calls', unit: 'call' };

let ids = 0;
export const nextId = (): string => `01900000-0000-7000-8000-${String(++ids).padStart(12, '0')}`;

export const plan = (fields: Partial<BillablePlan>): BillablePlan => ({
  ...planOf({ id: nextId(), ...fields }),
  display_name: fields.display_name ?? null,
  tax_category: fields.tax_category ?? 'standard',
  hsn_sac: fields.hsn_sac ?? null,
  created_at: fields.created_at ?? '2026-01-01T00:00:00.000Z',
});

export const usage = (day: string, quantity: string, fields: Partial<DayUsage> = {}): DayUsage => ({
  ...METRIC,
  project_id: 'p1',
  day,
  quantity: decimal(quantity),
  event_count: 1,
  ...fields,
});

export const adjustment = (
  kind: 'late' | 'carried',
  day: string,
  quantity: string,
  fields: Partial<OpenAdjustment> = {},
): OpenAdjustment => ({
  ...METRIC,
  id: nextId(),
  kind,
  project_id: kind === 'late' ? 'p1' : null,
  year: Number(day.slice(0, 4)),
  month: Number(day.slice(5, 7)),
  day,
  quantity: decimal(quantity),
  event_count: kind === 'late' ? 1 : 0,
  ...fields,
});

export const billing = (fields: Partial<BillingInput>): BillingInput => ({
  organisation_id: ORGANISATION,
  year: 2026,
  month: 9,
  currency: 'USD',
  usage: [],
  adjustments: [],
  plans: [],
  invoiced: [],
  rates: new Map(),
  ...fields,
});

export const invoiceIdOf = (index: number): string => `invoice ${index}`;

/** A month's period as billed by the given invoices, with the credits for later decreases. */
export function invoicedPeriod(
  month: number,
  invoices: readonly BuiltInvoice[],
  plans: readonly BillablePlan[],
  credited: readonly Decrease[] = [],
): InvoicedPeriod {
  const lines = invoices.flatMap((invoice, index) =>
    invoice.lines
      .filter((line) => line.month === month)
      .map((line) => ({ ...line, invoice_id: invoiceIdOf(index) })),
  );
  return {
    year: 2026,
    month,
    currency: 'USD',
    issued_at: '2026-12-01T00:00:00.000Z',
    lines: lines.map((line) => {
      const found = plans.find((candidate) => candidate.id === line.pricing_plan_id);
      if (!found) throw new Error('a line of an unknown plan');
      return {
        ...line,
        plan: found,
        quantity: decimal(line.quantity),
        carried_quantity: decimal(line.carried_quantity),
        total: decimal(line.total),
        original_amount: line.original_amount === null ? null : decimal(line.original_amount),
        exchange_rate: line.exchange_rate === null ? null : decimal(line.exchange_rate),
        credited: creditsOf(line, credited),
      };
    }),
  };
}

function creditsOf(
  { invoice_id, line_number }: { readonly invoice_id: string; readonly line_number: number },
  credited: readonly Decrease[],
): LineCredits {
  const isOf = (credit: LineCredit): boolean =>
    credit.invoice_id === invoice_id && credit.line_number === line_number;
  const credits = credited.flatMap((decrease) => decrease.credits.filter(isOf));
  const first = credited.filter(({ credits: [credit] }) => credit !== undefined && isOf(credit));
  return {
    total: sum(credits.map((credit) => credit.amount)),
    late_amount: sum(credits.map((credit) => credit.original_amount)),
    late_quantity: sum(first.map((decrease) => subtract(decrease.quantity, decrease.carried_quantity))),
    late_event_count: first.reduce((count, decrease) => count + decrease.event_count, 0),
  };
}

export const rateOf = (base_currency: string, rate: string): RateInForce => ({
  id: `rate of ${base_currency}`,
  base_currency,
  target_currency: 'USD',
  rate,
  effective_from: '2026-01-01T00:00:00.000Z',
  source: 'manual',
  provider: 'manual',
});

/** A short form of each line: kind, quantity and total. */
export const brief = ({ lines }: BuiltInvoice): string[] =>
  lines.map((line) => `${line.kind} ${line.quantity} ${line.total}`);

/** A short form of each decrease: quantity, then the credit on each line. */
export const briefDecreases = ({ decreases }: BuiltInvoice): string[] =>
  decreases.map(({ quantity, credits }) =>
    [
      formatDecimal(quantity),
      ...credits.map(
        ({ invoice_id, line_number, amount }) => `${invoice_id}/${line_number} ${formatDecimal(amount)}`,
      ),
    ].join(', '),
  );
