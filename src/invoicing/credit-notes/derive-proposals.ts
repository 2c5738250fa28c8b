/** Which proposals late usage creates or extends, and what then remains to be billed. Pure. */
import {
  add,
  type Decimal,
  decimal,
  formatDecimal,
  isZero,
  minimum,
  subtract,
  sum,
} from '../../core/decimal.ts';
import { assert } from '../../core/error.ts';
import type { BillingInput, InvoicedLine, InvoicedPeriod, LineCredits } from '../lines/billing-input.ts';
import type { Decrease, LineCredit } from '../lines/late-decrease.ts';
import { amountsOf, fitCredit, sumCreditLines } from './credit-line.ts';
import type { CreditNoteLine } from './credit-note.ts';
import type { CarriedByProposal, CreditableInvoice, Proposal } from './proposal.ts';

/** A proposal while decreases are being added to it. */
interface Growing {
  readonly invoice: CreditableInvoice;
  readonly added: CreditNoteLine[];
  readonly adjustment_ids: string[];
  readonly carried: CarriedByProposal[];
  /** What is left of the invoice beyond this proposal. */
  room: Decimal;
}

type LineName = Pick<InvoicedLine, 'invoice_id' | 'line_number'>;
const keyOf = ({ invoice_id, line_number }: LineName): string => `${invoice_id}/${line_number}`;

/**
 * Adds late usage that lowers issued invoices to their proposals. Each invoice has one proposal, created if needed,
 * and lines are only appended to it until it is issued. The first credit of a decrease carries its quantity, and
 * its note gets the adjustments behind it; what falls below zero is carried over to the next period. Credits never
 * exceed what is left of the line, or of its invoice.
 */
export function deriveProposals(
  decreases: readonly Decrease[],
  creditable: readonly CreditableInvoice[],
  invoiced: readonly InvoicedPeriod[],
): Proposal[] {
  const invoices = new Map(creditable.map((invoice) => [invoice.invoice_id, invoice]));
  const lines = new Map(invoiced.flatMap((period) => period.lines.map((line) => [keyOf(line), line])));
  const proposals = new Map<string, Growing>();
  const proposalOf = (invoiceId: string): Growing => {
    const known = proposals.get(invoiceId);
    if (known) return known;
    const invoice = invoices.get(invoiceId);
    assert(invoice, 'a decrease goes back to an invoice that was loaded');
    const { room } = invoice;
    const begun = { invoice, added: [], adjustment_ids: [], carried: [], room };
    proposals.set(invoiceId, begun);
    return begun;
  };
  for (const [place, decrease] of decreases.entries()) {
    for (const [index, credit] of decrease.credits.entries()) {
      const line = lines.get(keyOf(credit));
      assert(line, 'a decrease goes back to lines that were loaded');
      append(proposalOf(credit.invoice_id), decrease, credit, line, index === 0);
    }
    const [first] = decrease.credits;
    assert(first, 'a decrease goes back to some line');
    const { adjustment_ids, carried } = proposalOf(first.invoice_id);
    adjustment_ids.push(...decrease.adjustment_ids);
    if (!isZero(decrease.carried_quantity)) carried.push(carriedOf(decrease, place));
  }
  return [...proposals.values()].map(({ invoice, added, adjustment_ids, carried }) => {
    const all = [...(invoice.proposal?.line_items ?? []), ...added];
    const totals = sumCreditLines(all, invoice.taxes, invoice.currency);
    return { invoice, added, totals, adjustment_ids, carried };
  });
}

function append(
  proposal: Growing,
  decrease: Decrease,
  credit: LineCredit,
  line: InvoicedLine,
  isFirst: boolean,
): void {
  const { invoice, added } = proposal;
  // A line belongs to one segment, so no other decrease credits it.
  const credited = line.credited.total;
  const wanted = minimum(credit.amount, subtract(line.total, credited));
  const part = fitCredit({ ...line, total: formatDecimal(line.total) }, credited, wanted, proposal.room);
  proposal.room = subtract(proposal.room, part.total);
  added.push({
    line_number: (invoice.proposal?.line_items.length ?? 0) + added.length + 1,
    invoice_line_number: line.line_number,
    description: decrease.description,
    quantity: isFirst ? formatDecimal(decrease.quantity) : '0',
    carried_quantity: isFirst ? formatDecimal(decrease.carried_quantity) : '0',
    event_count: isFirst ? decrease.event_count : 0,
    original_amount: formatDecimal(credit.original_amount),
    ...amountsOf(part, line.currency),
  });
}

const carriedOf = (
  { metric_name, unit, year, month, last_day, carried_quantity }: Decrease,
  place: number,
): CarriedByProposal => ({
  provisional_id: `carried by decrease ${place}`,
  metric_name,
  unit,
  year,
  month,
  day: last_day,
  quantity: formatDecimal(carried_quantity),
});

/** The billing input once the proposals are saved: what they settle is no longer open, and what they carry over is. */
export function applyProposals(billing: BillingInput, proposals: readonly Proposal[]): BillingInput {
  if (proposals.length === 0) return billing;
  const taken = new Set(proposals.flatMap(({ adjustment_ids }) => adjustment_ids));
  const carried = proposals.flatMap((proposal) =>
    proposal.carried.map(({ provisional_id: id, quantity, ...row }) => ({
      ...row,
      id,
      kind: 'carried' as const,
      project_id: null,
      quantity: decimal(quantity),
      event_count: 0,
    })),
  );
  const credits = Map.groupBy(
    proposals.flatMap(({ invoice: { invoice_id }, added }) => added.map((line) => ({ invoice_id, ...line }))),
    ({ invoice_id, invoice_line_number: line_number }) => keyOf({ invoice_id, line_number }),
  );
  return {
    ...billing,
    adjustments: [...billing.adjustments.filter(({ id }) => !taken.has(id)), ...carried],
    invoiced: billing.invoiced.map((period) => ({
      ...period,
      lines: period.lines.map((line) => ({
        ...line,
        credited: creditedWith(line.credited, credits.get(keyOf(line)) ?? []),
      })),
    })),
  };
}

const creditedWith = (before: LineCredits, added: readonly CreditNoteLine[]): LineCredits => ({
  total: add(before.total, sum(added.map((line) => decimal(line.total)))),
  late_amount: add(before.late_amount, sum(added.map((line) => decimal(line.original_amount ?? '0')))),
  late_quantity: add(
    before.late_quantity,
    sum(added.map((line) => subtract(decimal(line.quantity ?? '0'), decimal(line.carried_quantity)))),
  ),
  late_event_count: added.reduce((count, line) => count + line.event_count, before.late_event_count),
});
