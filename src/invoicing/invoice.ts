/** The invoice and its lines: what is stored is what is on the wire. Amounts have exactly their currency's decimals. */
import type { Month } from '../core/time.ts';
import type { TierCharge } from '../pricing/charge-model.ts';

export const INVOICE_STATUSES = ['draft', 'finalized', 'paid', 'refunded', 'cancelled'] as const;
export type InvoiceStatus = (typeof INVOICE_STATUSES)[number];

/**
 * `usage`: one metric, unit and plan version of the period. `flat`: a fee of the period. `carried`: the negative rest of
 * earlier periods, taken off a usage line. `late`: usage that came after its own period was closed.
 */
export type LineKind = 'usage' | 'flat' | 'carried' | 'late';

/** A project's part of a line; the parts sum to its quantity and its total. Null: of the organisation as a whole. */
export interface ProjectShare {
  readonly project_id: string | null;
  readonly quantity: string;
  readonly amount: string;
}

export interface LineItem extends Month {
  readonly line_number: number;
  readonly kind: LineKind;
  readonly description: string;
  readonly metric_name: string;
  readonly unit: string;
  readonly quantity: string;
  /** The price for per_unit, the fee for a flat line, else null. */
  readonly unit_price: string | null;
  readonly total: string;
  readonly currency: string;
  readonly pricing_plan_id: string;
  /** With year and month: the period and the days of the usage that the line prices. */
  readonly first_day: string;
  readonly last_day: string;
  /** The part of `quantity`, zero or negative, that goes on to the next period. */
  readonly carried_quantity: string;
  readonly tiers: readonly TierCharge[] | null;
  readonly by_project: readonly ProjectShare[];
  readonly event_count: number;
  /** See events-hash.ts; null on a draft, and where the line has no events of its own. */
  readonly events_hash: string | null;
}

export interface UnpricedUsage {
  readonly metric_name: string;
  readonly unit: string;
  readonly quantity: string;
}

export interface InvoiceRow extends Month {
  readonly organisation_id: string;
  readonly id: string;
  readonly billing_entity_id: string;
  readonly invoice_number: string | null;
  readonly status: InvoiceStatus;
  readonly period_start: string;
  readonly period_end: string;
  readonly timezone: string;
  readonly currency: string;
  readonly total: string;
  readonly unpriced: readonly UnpricedUsage[];
  readonly issued_at: string | null;
  /** `YYYY-MM-DD` in the organisation's zone. */
  readonly due_date: string | null;
  readonly paid_at: string | null;
  readonly cancelled_at: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface Invoice extends InvoiceRow {
  readonly line_items: readonly LineItem[];
}

/** What an invoice would be if it were made now: nothing of it is stored. */
export interface InvoicePreview extends Omit<Invoice, 'id' | 'status' | 'created_at' | 'updated_at'> {
  readonly id: null;
  readonly status: 'preview';
  readonly created_at: null;
  readonly updated_at: null;
}
