/** Everything an invoice is built from, as read from the ledger. */
import { add, type Decimal, ZERO } from '../../core/decimal.ts';
import type { Month } from '../../core/time.ts';
import type { RateInForce } from '../../pricing/fx/store.ts';
import type { PlanVersion } from '../../pricing/plans/charge-model.ts';
import type { LineKind, LineTax } from '../invoice.ts';

export interface MetricKey {
  readonly metric_name: string;
  readonly unit: string;
}

/** A day's usage, billed in its own period. */
export interface DayUsage extends MetricKey {
  readonly project_id: string;
  readonly day: string;
  readonly quantity: Decimal;
  readonly event_count: number;
}

/** Usage of an earlier period, which is closed to it, not claimed by another invoice. */
export interface OpenAdjustment extends MetricKey, Month {
  readonly id: string;
  readonly kind: 'late' | 'carried';
  readonly project_id: string | null;
  readonly day: string;
  readonly quantity: Decimal;
  readonly event_count: number;
}

/** A quantity, zero or negative, carried over to the next period. */
export interface CarriedQuantity extends MetricKey, Month {
  readonly day: string;
  readonly quantity: string;
}

/** A plan version that may be in force on some of the days, with its creation time and its name on documents. */
export interface BillablePlan extends PlanVersion {
  readonly created_at: string;
  readonly display_name: string | null;
  readonly tax_category: string;
  readonly hsn_sac: string | null;
}

/** What credit notes have taken back of a line; amounts as on the line. */
export interface LineCredits {
  /** By all credit notes, in the invoice's currency. */
  readonly total: Decimal;
  /** By credit notes for late usage only, in the plan's currency. */
  readonly late_amount: Decimal;
  /** The late usage that they settled, without what they carried over. */
  readonly late_quantity: Decimal;
  /** The events of that usage. */
  readonly late_event_count: number;
}

/** A line of an issued, not cancelled invoice; year and month are those of the usage it priced. */
export interface InvoicedLine extends MetricKey, Month {
  readonly invoice_id: string;
  readonly line_number: number;
  readonly kind: LineKind;
  readonly plan: BillablePlan;
  readonly first_day: string;
  readonly last_day: string;
  readonly quantity: Decimal;
  readonly carried_quantity: Decimal;
  readonly event_count: number;
  readonly currency: string;
  readonly total: Decimal;
  readonly discount_amount: string;
  readonly taxes: readonly LineTax[];
  /** If the line was converted: the exact amount in the plan's currency, and the rate. */
  readonly original_amount: Decimal | null;
  readonly exchange_rate: Decimal | null;
  readonly credited: LineCredits;
}

/** An earlier period whose own invoice is issued and not cancelled, with all lines that have priced its usage since. */
export interface InvoicedPeriod extends Month {
  readonly currency: string;
  readonly issued_at: string;
  readonly lines: readonly InvoicedLine[];
}

export interface BillingInput extends Month {
  readonly organisation_id: string;
  readonly currency: string;
  readonly usage: readonly DayUsage[];
  readonly adjustments: readonly OpenAdjustment[];
  readonly plans: readonly BillablePlan[];
  readonly invoiced: readonly InvoicedPeriod[];
  /** By the original currency. */
  readonly rates: ReadonlyMap<string, RateInForce>;
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Compares two lists of texts element by element, by code units, so the order is the same on every machine. */
export function compareTexts(a: readonly string[], b: readonly string[]): number {
  for (const [index, text] of a.entries()) {
    const order = compareText(text, b[index] ?? '');
    if (order !== 0) return order;
  }
  return 0;
}

export const metricKeyOf = ({ metric_name, unit }: MetricKey): string => JSON.stringify([metric_name, unit]);

/** The quantities by project, sorted by project id. */
export function sharesOf(
  rows: readonly { readonly project_id: string | null; readonly quantity: Decimal }[],
): { project_id: string | null; quantity: Decimal }[] {
  const byProject = new Map<string | null, Decimal>();
  for (const { project_id, quantity } of rows) {
    byProject.set(project_id, add(byProject.get(project_id) ?? ZERO, quantity));
  }
  return [...byProject]
    .map(([project_id, quantity]) => ({ project_id, quantity }))
    .sort((a, b) => compareTexts([a.project_id ?? ''], [b.project_id ?? '']));
}

export const countEvents = (rows: readonly { readonly event_count: number }[]): number =>
  rows.reduce((count, row) => count + row.event_count, 0);
