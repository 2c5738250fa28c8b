/** The step from a draft to an issued invoice, inside the transaction that holds the period's lock. */
import { appendAudit } from '../access/audit/append-audit.ts';
import { compare, decimal, isZero } from '../core/decimal.ts';
import { AppError, notFound } from '../core/error.ts';
import { uuidv7 } from '../core/id.ts';
import { addDays, dayOf, formatInstant } from '../core/time.ts';
import type { Ctx } from '../db/ctx.ts';
import type { LedgerTransaction } from '../db/ledger.ts';
import { findDefaultTemplates } from '../documents/templates/template-store.ts';
import { insertOutbox } from '../outbox/store.ts';
import { isStale } from '../pricing/fx/is-stale.ts';
import type { TaxInput } from '../pricing/tax/derive-taxes.ts';
import { findTaxFaults } from '../pricing/tax/find-tax-faults.ts';
import { type CarriedRow, insertCarried, listLateEvents } from './book-store.ts';
import { composeAndPropose } from './compose-and-propose.ts';
import type { InvoiceContent } from './compose-invoice.ts';
import { documentOfInvoice } from './document-of-invoice.ts';
import { assertDraft, assertInvoiceable, claimAdjustments } from './draft.ts';
import type { FinalizeDraftInput } from './finalize-input.ts';
import { type Invoice, type InvoiceRow, listUnconverted, openBalance } from './invoice.ts';
import { issueDocument } from './issue-document.ts';
import { replaceLines } from './line-store.ts';
import type { BuiltInvoice } from './lines/build-invoice.ts';
import { proveLines } from './lines/prove-lines.ts';
import { periodOfInvoice } from './load-billing.ts';
import type { VerifiedBooks } from './read-books.ts';
import { type Account, findInvoiceState, updateDraft } from './store.ts';
import { longestNumber, takeDocumentNumber } from './take-number.ts';

/**
 * Rebuilds the lines from the frozen days, numbers the invoice and writes it with what it carries on, its message and its
 * audit row. Locks are taken in the order period, organisation and invoice, counter, audit chain; the counter, which all
 * invoices of a seller wait for, as late as can be.
 */
export async function issueInvoice(
  tx: LedgerTransaction,
  ctx: Ctx,
  input: FinalizeDraftInput,
  books: VerifiedBooks,
): Promise<Invoice> {
  const state = await findInvoiceState(tx, input.organisation_id, input.id, true);
  if (!state) throw notFound('invoice');
  const { invoice: draft, account } = state;
  assertDraft(draft);
  assertQuarantineAllowed(state.quarantined, input.allow_quarantined);
  const issuedAt = Math.max(ctx.now, input.now);
  const period = periodOfInvoice(draft);
  const options = { invoiceId: draft.id, at: issuedAt, lock: 'share' } as const;
  const { billing, built, content, settlement, tax } = await composeAndPropose(
    tx,
    ctx,
    account,
    period,
    options,
  );
  assertIssuable(built, content, account, input.expected_total);
  assertConverted(content, draft.currency, account, issuedAt);
  assertComplete(content, tax, account);

  if (billing.adjustments.length > 0) await claimAdjustments(tx, draft, built);
  const lateEvents = await listLateEvents(tx, draft.organisation_id, lateClaimsOf(built));
  const lines = proveLines(content.line_items, books.days, lateEvents);
  const templates = await findDefaultTemplates(tx, draft.organisation_id);
  const unnumbered = issuedOf(
    draft,
    account,
    { ...content, line_items: lines },
    issuedAt,
    (templates.pdf ?? templates.html)?.id,
  );
  await replaceLines(
    tx,
    unnumbered,
    lines.map(() => uuidv7(ctx.now)),
  );
  const source = { kind: 'invoice', organisation_id: draft.organisation_id, id: draft.id } as const;
  await insertCarried(tx, source, carriedOf(unnumbered, ctx.now), ctx.now);

  const invoice_number = await takeDocumentNumber(tx, account.seller, account.seller.series, issuedAt);
  const invoice = { ...unnumbered, invoice_number };
  await updateDraft(tx, invoice);
  await issueDocument(tx, ctx, {
    organisation_id: invoice.organisation_id,
    invoice_id: invoice.id,
    credit_note_id: null,
    recipient: account.buyer.billing_email,
    model: documentOfInvoice(invoice, account, settlement.legal_notes, templates, billing),
  });
  await announce(tx, ctx, invoice, {
    quarantined: state.quarantined,
    allow_quarantined: input.allow_quarantined ?? false,
  });
  return invoice;
}

export function assertQuarantineAllowed(quarantined: number, allowed = false): void {
  if (quarantined === 0 || allowed) return;
  throw new AppError(
    'quarantine_not_empty',
    `The organisation has ${quarantined} events in quarantine. Resolve them, or finalize with allow_quarantined.`,
  );
}

function assertIssuable(
  built: BuiltInvoice,
  content: InvoiceContent,
  account: Account,
  expectedTotal: string | undefined,
): void {
  assertInvoiceable(built);
  const [unpriced] = built.unpriced;
  if (account.block_unpriced && unpriced) {
    throw new AppError(
      'unpriced_usage',
      `block_unpriced is set and ${built.unpriced.length} metrics have usage without a price: ` +
        `the first is ${unpriced.metric_name} with ${unpriced.quantity} ${unpriced.unit}`.trimEnd(),
    );
  }
  if (expectedTotal !== undefined && compare(decimal(expectedTotal), decimal(content.total)) !== 0) {
    throw new AppError(
      'draft_stale',
      `The total is now ${content.total}, not ${expectedTotal}. Review the draft and finalize it with the new total.`,
    );
  }
}

/** Every line must have its amount in the invoice's currency, at a rate that the organisation allows. */
function assertConverted(
  { line_items, conversions }: InvoiceContent,
  currency: string,
  account: Account,
  at: number,
): void {
  const missing = listUnconverted(line_items);
  if (missing.length > 0) {
    const from = missing.map(({ original_currency }) => original_currency).join(', ');
    throw new AppError(
      'exchange_rate_missing',
      `No exchange rate from ${from} to ${currency} is in force. Create one and finalize again.`,
    );
  }
  const maxAge = account.buyer.exchange_rate_max_age_days;
  const stale = conversions.find((rate) => isStale(Date.parse(rate.effective_from), at, maxAge));
  if (stale) {
    throw new AppError(
      'exchange_rate_stale',
      `The rate from ${stale.original_currency} to ${currency} dates from ${stale.effective_from}; the organisation allows at most ${maxAge} days. Create a newer rate.`,
    );
  }
}

/** What the tax regime demands of the paper; all that is missing at once. */
function assertComplete({ line_items }: InvoiceContent, tax: TaxInput, { seller, buyer }: Account): void {
  const faults = findTaxFaults({
    ...tax,
    seller,
    buyer,
    number: longestNumber(seller, seller.series, tax.day),
    lines: line_items,
  });
  if (faults.length === 0) return;
  throw new AppError(
    'invoice_incomplete',
    `The invoice lacks data required by its tax regime: ${faults[0]?.detail}`,
    {
      errors: faults,
    },
  );
}

/** The line of each adjustment that is on one. */
function lateClaimsOf({ lines, claims }: BuiltInvoice): Map<string, number> {
  const lateLines = new Set(lines.filter((line) => line.kind === 'late').map((line) => line.line_number));
  return new Map([...claims].filter(([, lineNumber]) => lateLines.has(lineNumber)));
}

function issuedOf(
  draft: InvoiceRow,
  account: Account,
  content: InvoiceContent,
  issuedAt: number,
  templateId: string | undefined,
): Invoice {
  const issueDay = dayOf(issuedAt, account.organisation_timezone);
  return {
    ...draft,
    ...content,
    ...openBalance({ status: 'finalized', total: content.total, currency: draft.currency }),
    billing_entity_id: account.billing_entity_id,
    status: 'finalized',
    template_id: templateId ?? null,
    issued_at: formatInstant(issuedAt),
    due_date: addDays(issueDay, account.payment_terms_days),
    updated_at: formatInstant(issuedAt),
  };
}

/** What the next period takes over of each line: see carried-lines.ts. */
function carriedOf({ line_items, year, month }: Invoice, now: number): CarriedRow[] {
  return line_items
    .filter((line) => !isZero(decimal(line.carried_quantity)))
    .map(({ metric_name, unit, last_day, carried_quantity }) => ({
      id: uuidv7(now),
      metric_name,
      unit,
      year,
      month,
      day: last_day,
      quantity: carried_quantity,
    }));
}

async function announce(
  tx: LedgerTransaction,
  ctx: Ctx,
  invoice: Invoice,
  quarantine: { readonly quarantined: number; readonly allow_quarantined: boolean },
): Promise<void> {
  const { organisation_id, id, invoice_number, total, currency } = invoice;
  await insertOutbox(tx, {
    organisation_id,
    id: uuidv7(ctx.now),
    topic: 'invoice.finalized',
    payload: { invoice_id: id, invoice_number, total, currency },
    created_at: formatInstant(ctx.now),
  });
  await appendAudit(tx, ctx, {
    organisation_id,
    entity_type: 'invoice',
    entity_id: id,
    action: 'invoice.finalize',
    changes: { invoice_number, total, currency, ...quarantine },
  });
}
