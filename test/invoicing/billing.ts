/** Inputs of buildInvoice for the tests: texts in, decimals out. */
import { decimal } from '../../src/core/decimal.ts';
import type {
  BillablePlan,
  BillingInput,
  DayUsage,
  InvoicedPeriod,
  OpenAdjustment,
} from '../../src/invoicing/billing-input.ts';
import type { BuiltInvoice } from '../../src/invoicing/build-invoice.ts';
import { planOf } from '../pricing/plans.ts';

export const ORGANISATION = '01900000-0000-7000-8000-00000000000a';
export const METRIC = { metric_name: 'api_calls', unit: 'call' };

let ids = 0;
export const nextId = (): string => `01900000-0000-7000-8000-${String(++ids).padStart(12, '0')}`;

export const plan = (fields: Partial<BillablePlan>): BillablePlan => ({
  ...planOf({ id: nextId(), ...fields }),
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
  ...fields,
});

/** The period of a month as invoices made so far have billed it. */
export function invoicedPeriod(
  month: number,
  invoices: readonly BuiltInvoice[],
  plans: readonly BillablePlan[],
): InvoicedPeriod {
  const lines = invoices.flatMap((invoice) => invoice.lines).filter((line) => line.month === month);
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
      };
    }),
  };
}

/** A line in a few words: kind, quantity and total. */
export const brief = ({ lines }: BuiltInvoice): string[] =>
  lines.map((line) => `${line.kind} ${line.quantity} ${line.total}`);
