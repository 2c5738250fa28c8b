/** One organisation's books in memory, for properties of decideInvoice: what verbs load from them and write to them. */
import { add, type Decimal, decimal, subtract, sum } from '../../src/core/decimal.ts';
import { assert } from '../../src/core/error.ts';
import { amountsOf, creditLine, sumCreditLines } from '../../src/invoicing/credit-notes/credit-line.ts';
import type { CreditNote, CreditNoteLine } from '../../src/invoicing/credit-notes/credit-note.ts';
import type { CreditableInvoice, Proposal } from '../../src/invoicing/credit-notes/proposal.ts';
import type { Decision, InvoiceContent } from '../../src/invoicing/decide-invoice.ts';
import type { LineItem } from '../../src/invoicing/invoice.ts';
import type {
  BillablePlan,
  BillingInput,
  CarriedQuantity,
  DayUsage,
  InvoicedPeriod,
  LineCredits,
  OpenAdjustment,
} from '../../src/invoicing/lines/billing-input.ts';
import type { LoadedInvoice } from '../../src/invoicing/load-invoice.ts';
import type { Terms } from '../../src/invoicing/settle-invoice.ts';
import type { Account } from '../../src/invoicing/store.ts';
import type { RateInForce } from '../../src/pricing/fx/store.ts';
import { billing, nextId, ORGANISATION } from './billing.ts';

const YEAR = 2026;

interface StoredAdjustment extends OpenAdjustment {
  readonly claimant: string | null;
}

interface StoredInvoice {
  readonly id: string;
  readonly month: number;
  readonly isIssued: boolean;
  readonly content: InvoiceContent;
}

export interface Customer {
  readonly account: Account;
  readonly currency: string;
  readonly plans: readonly BillablePlan[];
  readonly terms: Terms;
  /** By month, from the currency of the plans. */
  readonly rates: ReadonlyMap<number, RateInForce>;
}

type Late = Pick<OpenAdjustment, 'metric_name' | 'project_id' | 'day' | 'quantity' | 'event_count'>;

export class Books {
  readonly customer: Customer;
  readonly usage = new Map<number, DayUsage[]>();
  readonly notes: CreditNote[] = [];
  invoices: StoredInvoice[] = [];
  adjustments: StoredAdjustment[] = [];

  constructor(customer: Customer) {
    this.customer = customer;
  }

  addLate(month: number, row: Late): void {
    const id = nextId();
    this.adjustments.push({ unit: 'call', ...row, id, kind: 'late', year: YEAR, month, claimant: null });
  }

  load(month: number): LoadedInvoice {
    const { account, currency, terms, rates } = this.customer;
    const rate = rates.get(month);
    const input = billing({
      month,
      currency,
      usage: this.usage.get(month) ?? [],
      adjustments: this.openTo(month),
      plans: this.customer.plans,
      rates: new Map(rate ? [[rate.base_currency, rate]] : []),
    });
    const invoiced = this.invoicedOf(input);
    return {
      account,
      period: {
        organisation_id: ORGANISATION,
        year: YEAR,
        month,
        period_start: '',
        period_end: '',
        timezone: 'UTC',
        currency,
      },
      at: Date.parse('2026-12-01T00:00:00Z'),
      billing: { ...input, invoiced },
      creditable: this.creditableOf(invoiced),
      terms,
    };
  }

  private openTo(month: number): OpenAdjustment[] {
    const draft = this.draftOf(month)?.id ?? null;
    return this.adjustments
      .filter((row) => row.month < month && (row.claimant === null || row.claimant === draft))
      .map(({ claimant: _, ...row }) => row);
  }

  draftOf = (month: number): StoredInvoice | undefined =>
    this.invoices.find((invoice) => invoice.month === month && !invoice.isIssued);

  private invoicedOf({ adjustments }: BillingInput): InvoicedPeriod[] {
    const issued = this.invoices.filter(({ isIssued }) => isIssued);
    const late = new Set(adjustments.filter(({ kind }) => kind === 'late').map(({ month }) => month));
    return issued
      .filter(({ month }) => late.has(month))
      .map(({ month }) => ({
        year: YEAR,
        month,
        currency: this.customer.currency,
        issued_at: '2026-12-01T00:00:00.000Z',
        lines: issued.flatMap(({ id: invoice_id, content }) =>
          content.line_items
            .filter((line) => line.month === month)
            .map((line) => ({
              ...line,
              invoice_id,
              plan: this.planOf(line),
              quantity: decimal(line.quantity),
              carried_quantity: decimal(line.carried_quantity),
              total: decimal(line.total),
              original_amount: line.original_amount === null ? null : decimal(line.original_amount),
              exchange_rate: line.exchange_rate === null ? null : decimal(line.exchange_rate),
              credited: this.creditsOf(invoice_id, line.line_number),
            })),
        ),
      }));
  }

  private planOf({ pricing_plan_id }: LineItem): BillablePlan {
    const plan = this.customer.plans.find(({ id }) => id === pricing_plan_id);
    assert(plan, 'the plan of a line');
    return plan;
  }

  /** Sums like listStandingLines. */
  creditsOf(invoiceId: string, lineNumber: number): LineCredits {
    const lines = this.notes
      .filter((note) => note.invoice_id === invoiceId)
      .flatMap((note) => note.line_items.map((line) => ({ note, line })))
      .filter(({ line }) => line.invoice_line_number === lineNumber);
    const standing = lines.filter(({ note }) => note.status !== 'dismissed');
    const late = lines.filter(({ note }) => note.origin === 'late_usage').map(({ line }) => line);
    return {
      total: sum(standing.map(({ line }) => decimal(line.total))),
      late_amount: sum(late.map((line) => decimal(line.original_amount ?? '0'))),
      late_quantity: sum(
        late.map((line) => subtract(decimal(line.quantity ?? '0'), decimal(line.carried_quantity))),
      ),
      late_event_count: late.reduce((count, line) => count + line.event_count, 0),
    };
  }

  roomOf(invoiceId: string): Decimal {
    const invoice = this.invoices.find(({ id }) => id === invoiceId);
    const standing = this.notes.filter(
      (note) => note.invoice_id === invoiceId && note.status !== 'dismissed',
    );
    return subtract(decimal(invoice?.content.total ?? '0'), sum(standing.map(({ total }) => decimal(total))));
  }

  private creditableOf(invoiced: readonly InvoicedPeriod[]): CreditableInvoice[] {
    const ids = new Set(invoiced.flatMap(({ lines }) => lines.map(({ invoice_id }) => invoice_id)));
    return this.invoices
      .filter(({ id }) => ids.has(id))
      .map(({ id, content }) => ({
        organisation_id: ORGANISATION,
        invoice_id: id,
        billing_entity_id: '',
        currency: this.customer.currency,
        taxes: content.taxes,
        room: this.roomOf(id),
        proposal:
          this.notes.find(
            (note) => note.invoice_id === id && note.status === 'proposed' && note.origin === 'late_usage',
          ) ?? null,
      }));
  }

  /** Stores the decided draft; returns its claims by the ids of their new rows. */
  saveDraft(month: number, decision: Decision): ReadonlyMap<string, number> {
    const draft = this.draftOf(month);
    const ids = this.saveProposals(decision.proposals, draft?.id ?? null);
    const id = draft?.id ?? nextId();
    const claims = new Map([...decision.claims].map(([claim, line]) => [ids.get(claim) ?? claim, line]));
    this.adjustments = this.adjustments.map((row) => {
      if (!claims.has(row.id)) return row.claimant === id ? { ...row, claimant: null } : row;
      assert(row.claimant === null || row.claimant === id, 'what is claimed was open');
      return { ...row, claimant: id };
    });
    const claimed = this.adjustments.filter(({ claimant }) => claimant === id);
    assert(claimed.length === claims.size, 'what is claimed exists');
    const invoice = { id, month, isIssued: false, content: decision.content };
    this.invoices = [...this.invoices.filter((other) => other.id !== id), invoice];
    return claims;
  }

  issue(month: number, decision: Decision): void {
    const draft = this.draftOf(month);
    assert(draft, 'an invoice is issued from its draft');
    this.saveDraft(month, decision);
    const issued = { ...draft, content: decision.content, isIssued: true };
    this.invoices = this.invoices.map((invoice) => (invoice.id === draft.id ? issued : invoice));
    for (const carried of decision.carried) this.addCarried(carried);
  }

  private addCarried({ quantity, ...row }: CarriedQuantity): string {
    const id = nextId();
    const carried = { kind: 'carried', project_id: null, event_count: 0, claimant: null } as const;
    this.adjustments.push({ ...row, ...carried, id, quantity: decimal(quantity) });
    return id;
  }

  saveProposals(proposals: readonly Proposal[], draftId: string | null): ReadonlyMap<string, string> {
    const ids = new Map<string, string>();
    for (const { invoice, added, totals, adjustment_ids, carried } of proposals) {
      const id = invoice.proposal?.id ?? nextId();
      const lines = [...(invoice.proposal?.line_items ?? []), ...added];
      const note = this.putNote(id, invoice, lines, 'late_usage');
      assert(note.total === totals.total, 'the totals of a proposal are those of all its lines');
      this.adjustments = this.adjustments.map((row) => {
        if (!adjustment_ids.includes(row.id)) return row;
        assert(row.claimant === null || row.claimant === draftId, 'what a proposal takes up was open');
        return { ...row, claimant: id };
      });
      for (const { provisional_id, ...row } of carried) ids.set(provisional_id, this.addCarried(row));
    }
    return ids;
  }

  private putNote(
    id: string,
    { invoice_id, taxes }: Pick<CreditableInvoice, 'invoice_id' | 'taxes'>,
    line_items: readonly CreditNoteLine[],
    origin: CreditNote['origin'],
  ): CreditNote {
    const { currency } = this.customer;
    const note: CreditNote = {
      organisation_id: ORGANISATION,
      id,
      invoice_id,
      billing_entity_id: '',
      credit_note_number: null,
      status: origin === 'manual' ? 'issued' : 'proposed',
      origin,
      reason: null,
      currency,
      ...sumCreditLines(line_items, taxes, currency),
      pdf_url: null,
      pdf_sha256: null,
      pdf_generated_at: null,
      issued_at: null,
      created_at: '',
      updated_at: '',
      line_items,
    };
    const at = this.notes.findIndex((other) => other.id === id);
    this.notes.splice(at < 0 ? this.notes.length : at, 1, note);
    return note;
  }

  /** Issues or dismisses every nth proposal. */
  closeProposals(status: 'issued' | 'dismissed', every: number): void {
    this.notes.forEach((note, index) => {
      if (note.status === 'proposed' && index % every === 0) this.notes[index] = { ...note, status };
    });
  }

  /** Credits part of the first positive line of an invoice by hand, as far as there is room. */
  creditByHand(month: number, percent: bigint): void {
    const invoice = this.invoices.find((each) => each.month === month && each.isIssued);
    const line = invoice?.content.line_items.find(({ total }) => decimal(total).units > 0n);
    if (!invoice || !line) return;
    const credited = this.creditsOf(invoice.id, line.line_number).total;
    const left = subtract(decimal(line.total), credited);
    const amount = { units: (left.units * percent) / 100n, scale: left.scale };
    const part = creditLine(line, credited, amount);
    if (amount.units <= 0n || subtract(this.roomOf(invoice.id), part.total).units < 0n) return;
    const taken = {
      line_number: 1,
      invoice_line_number: line.line_number,
      description: '',
      quantity: null,
      carried_quantity: '0',
      event_count: 0,
      original_amount: null,
      ...amountsOf(part, line.currency),
    };
    this.putNote(nextId(), { invoice_id: invoice.id, taxes: invoice.content.taxes }, [taken], 'manual');
  }

  /** Σ of all usage that is on lines, on notes, in the lists of unpriced usage, or open. */
  accounted(): Decimal {
    const issued = this.invoices.filter(({ isIssued }) => isIssued).map(({ content }) => content);
    const net = (lines: readonly { quantity: string | null; carried_quantity: string }[]): Decimal =>
      sum(lines.map((line) => subtract(decimal(line.quantity ?? '0'), decimal(line.carried_quantity))));
    return [
      net(issued.flatMap(({ line_items }) => line_items.filter(({ kind }) => kind !== 'flat'))),
      sum(issued.flatMap(({ unpriced }) => unpriced.map(({ quantity }) => decimal(quantity)))),
      net(this.notes.flatMap(({ line_items }) => line_items)),
      sum(this.adjustments.filter(({ claimant }) => claimant === null).map(({ quantity }) => quantity)),
    ].reduce(add);
  }
}
