/** The step from a draft to an issued invoice, inside the transaction that holds the period's lock. */
import { appendAudit } from '../audit/append-audit.ts';
import { compare, decimal, isZero } from '../core/decimal.ts';
import { AppError, notFound } from '../core/error.ts';
import { uuidv7 } from '../core/id.ts';
import { addDays, dayOf, formatInstant } from '../core/time.ts';
import type { Ctx } from '../db/ctx.ts';
import type { LedgerTransaction } from '../db/ledger.ts';
import { type CarriedRow, insertCarried, listLateEvents } from './book-store.ts';
import { type BuiltInvoice, buildInvoice } from './build-invoice.ts';
import { assertDraft, assertInvoiceable, claimAdjustments } from './draft.ts';
import type { FinalizeDraftInput } from './finalize-invoice.ts';
import type { Invoice, InvoiceRow, LineItem } from './invoice.ts';
import { financialYearOf, formatInvoiceNumber } from './invoice-number.ts';
import { loadBilling, periodOfInvoice } from './load-billing.ts';
import { proveLines } from './prove-lines.ts';
import type { VerifiedBooks } from './read-books.ts';
import {
  type Account,
  findInvoiceState,
  insertOutbox,
  replaceLines,
  takeNumber,
  updateDraft,
} from './store.ts';

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
  const billing = await loadBilling(tx, periodOfInvoice(draft), draft.id, 'share');
  const built = buildInvoice(billing);
  assertIssuable(built, account, input.expected_total);

  if (billing.adjustments.length > 0) await claimAdjustments(tx, draft, built);
  const lateEvents = await listLateEvents(tx, draft.organisation_id, lateClaimsOf(built));
  const lines = proveLines(built.lines, books.days, lateEvents);
  const issuedAt = Math.max(ctx.now, input.now);
  const unnumbered = issuedOf(draft, account, { ...built, lines }, issuedAt);
  await replaceLines(
    tx,
    unnumbered,
    lines.map(() => uuidv7(ctx.now)),
  );
  await insertCarried(tx, unnumbered, carriedOf(unnumbered, ctx.now), ctx.now);

  const invoice = { ...unnumbered, invoice_number: await takeInvoiceNumber(tx, account, issuedAt) };
  await updateDraft(tx, invoice);
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
    `The organisation has ${quarantined} events in quarantine: resolve them, or finalize with allow_quarantined.`,
  );
}

function assertIssuable(built: BuiltInvoice, account: Account, expectedTotal: string | undefined): void {
  assertInvoiceable(built);
  const [unpriced] = built.unpriced;
  if (account.block_unpriced && unpriced) {
    throw new AppError(
      'unpriced_usage',
      `The organisation is not billed while usage has no price: ${built.unpriced.length} metrics, ` +
        `the first is ${unpriced.metric_name} with ${unpriced.quantity} ${unpriced.unit}`.trimEnd(),
    );
  }
  if (expectedTotal !== undefined && compare(decimal(expectedTotal), decimal(built.total)) !== 0) {
    throw new AppError(
      'draft_stale',
      `The total is now ${built.total}, not ${expectedTotal}: look at the invoice again.`,
    );
  }
}

/** The line of each adjustment that is on one. */
function lateClaimsOf({ lines, claims }: BuiltInvoice): Map<string, number> {
  const lateLines = new Set(lines.filter((line) => line.kind === 'late').map((line) => line.line_number));
  return new Map([...claims].filter(([, lineNumber]) => lateLines.has(lineNumber)));
}

function issuedOf(
  draft: InvoiceRow,
  account: Account,
  built: BuiltInvoice & { readonly lines: readonly LineItem[] },
  issuedAt: number,
): Invoice {
  const issueDay = dayOf(issuedAt, account.organisation_timezone);
  return {
    ...draft,
    billing_entity_id: account.billing_entity_id,
    status: 'finalized',
    total: built.total,
    unpriced: built.unpriced,
    issued_at: formatInstant(issuedAt),
    due_date: addDays(issueDay, account.payment_terms_days),
    updated_at: formatInstant(issuedAt),
    line_items: built.lines,
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

async function takeInvoiceNumber(tx: LedgerTransaction, account: Account, issuedAt: number): Promise<string> {
  const { billing_entity_id, series, number_format, financial_year_start_month } = account;
  const financialYear = financialYearOf(dayOf(issuedAt, account.entity_timezone), financial_year_start_month);
  const sequence = await takeNumber(tx, { billing_entity_id, series, financial_year: financialYear });
  return formatInvoiceNumber(number_format, { series, financialYear, sequence });
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
