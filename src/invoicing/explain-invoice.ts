import { formatDecimal } from '../core/decimal.ts';
import { notFound } from '../core/error.ts';
import type { Ctx } from '../db/ctx.ts';
import { listPlansById, type PricingPlan } from '../pricing/plans/store.ts';
import { withOwner } from '../tenants/tenant-scope.ts';
import { listBillable, listBookedDays, listClaimed, listLateEvents } from './book-store.ts';
import type { Invoice, InvoiceStatus, LineItem } from './invoice.ts';
import { compareTexts, type DayUsage, type OpenAdjustment } from './lines/billing-input.ts';
import type { EventsProof } from './lines/events-hash.ts';
import { narrowestLine } from './lines/late-lines.ts';
import { proofsOf } from './lines/prove-lines.ts';
import { findInvoice } from './store.ts';

export interface ExplainedDay {
  readonly day: string;
  readonly project_id: string | null;
  readonly quantity: string;
  readonly event_count: number;
}

export interface ExplainedLine extends EventsProof {
  readonly line_number: number;
  readonly kind: LineItem['kind'];
  readonly description: string;
  /** The full version that priced the line. */
  readonly plan: PricingPlan | null;
  readonly days: readonly ExplainedDay[];
  /** Recomputed from the events now; null for the late line of a cancelled invoice, whose claims are released. */
  readonly recomputed: (EventsProof & { readonly matches: boolean }) | null;
}

type ClaimedAdjustment = Awaited<ReturnType<typeof listClaimed>>[number];

export interface InvoiceExplanation {
  readonly id: string;
  readonly organisation_id: string;
  readonly invoice_number: string | null;
  readonly status: InvoiceStatus;
  readonly year: number;
  readonly month: number;
  readonly currency: string;
  readonly total: string;
  readonly lines: readonly ExplainedLine[];
  readonly adjustments: readonly ClaimedAdjustment[];
}

/**
 * Traces each line back to its plan version, the days of its aggregates and the events. Their count and hash are
 * recomputed and compared with those stored at issue. Throws `not_found`.
 */
export const explainInvoice = (ctx: Ctx, { id }: { readonly id: string }): Promise<InvoiceExplanation> =>
  withOwner(ctx, 'invoices', id, async (tx, organisationId) => {
    const invoice = await findInvoice(tx, organisationId, id);
    if (!invoice) throw notFound('invoice');
    const lines = invoice.line_items;
    const plans = await listPlansById(tx, [...new Set(lines.map((line) => line.pricing_plan_id))]);
    const { usage } = await listBillable(tx, invoice, null);
    const bounds = { starts_at: invoice.period_start, ends_at: invoice.period_end };
    const bookedDays = await listBookedDays(tx, invoice, bounds);
    const adjustments = await listClaimed(tx, organisationId, id);
    const lineOf = lateLinesOf(lines, adjustments);
    const lateEvents = await listLateEvents(tx, organisationId, lineOf);
    const lateProofs = lateEvents.map(({ part: line_number, ...row }) => ({ ...row, line_number }));

    const proofs = proofsOf(lines, bookedDays, lateProofs);
    const byId = new Map(plans.map((plan) => [plan.id, plan]));
    return {
      ...headOf(invoice),
      lines: lines.map((line) => ({
        line_number: line.line_number,
        kind: line.kind,
        description: line.description,
        plan: byId.get(line.pricing_plan_id) ?? null,
        days: daysOf(line, lines, usage, adjustments, lineOf),
        event_count: line.event_count,
        events_hash: line.events_hash,
        recomputed: recomputedOf(invoice, line, proofs.get(line.line_number)),
      })),
      adjustments,
    };
  });

function headOf(invoice: Invoice): Omit<InvoiceExplanation, 'lines' | 'adjustments'> {
  const { id, organisation_id, invoice_number, status, year, month, currency, total } = invoice;
  return { id, organisation_id, invoice_number, status, year, month, currency, total };
}

/** The late line of each claimed adjustment; adjustments for unpriced usage have none. */
function lateLinesOf(
  lines: readonly LineItem[],
  adjustments: readonly ClaimedAdjustment[],
): Map<string, number> {
  const late = lines.filter((line) => line.kind === 'late');
  const lineOf = new Map<string, number>();
  for (const adjustment of adjustments) {
    if (adjustment.kind !== 'late') continue;
    const line = narrowestLine(late, adjustment, adjustment.day);
    if (line) lineOf.set(adjustment.id, line.line_number);
  }
  return lineOf;
}

function daysOf(
  line: LineItem,
  lines: readonly LineItem[],
  usage: readonly DayUsage[],
  adjustments: readonly (Omit<OpenAdjustment, 'quantity'> & { readonly quantity: string })[],
  lineOf: ReadonlyMap<string, number>,
): ExplainedDay[] {
  const usageLines = lines.filter((other) => other.kind === 'usage');
  const rows: ExplainedDay[] =
    line.kind === 'usage'
      ? usage
          .filter((day) => narrowestLine(usageLines, day, day.day)?.line_number === line.line_number)
          .map((day) => ({ ...dayOf(day), quantity: formatDecimal(day.quantity) }))
      : adjustments
          .filter((adjustment) => lineOf.get(adjustment.id) === line.line_number)
          .map((adjustment) => ({ ...dayOf(adjustment), quantity: adjustment.quantity }));
  return rows.sort((a, b) => compareTexts([a.day, a.project_id ?? ''], [b.day, b.project_id ?? '']));
}

const dayOf = ({
  day,
  project_id,
  event_count,
}: Omit<ExplainedDay, 'quantity'>): Omit<ExplainedDay, 'quantity'> => ({
  day,
  project_id,
  event_count,
});

/** A draft has no stored hash yet, so only its count is compared. */
function recomputedOf(
  { status }: Invoice,
  line: LineItem,
  proof: EventsProof | undefined,
): ExplainedLine['recomputed'] {
  if (line.kind === 'late' && status === 'cancelled') return null;
  const { event_count, events_hash } = proof ?? { event_count: 0, events_hash: null };
  const isSameHash = status === 'draft' || line.events_hash === null || events_hash === line.events_hash;
  return { event_count, events_hash, matches: event_count === line.event_count && isSameHash };
}
