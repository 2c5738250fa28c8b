import { appendAudit } from '../audit/append-audit.ts';
import { compare, decimal, isZero, parseDecimal } from '../core/decimal.ts';
import { AppError, invalidRequest, notFound } from '../core/error.ts';
import { uuidv7 } from '../core/id.ts';
import { addDays, dayOf, formatInstant } from '../core/time.ts';
import type { Ctx } from '../db/ctx.ts';
import { hotDatabase } from '../db/hot.ts';
import { type Ledger, type LedgerTransaction, PLATFORM, tenant } from '../db/ledger.ts';
import { assertDrained, type CutoffLedger, closePeriod, type PeriodKey } from '../rollup/close-period.ts';
import { hotReader } from '../rollup/hot-store.ts';
import { cutoffLedger, periodTransaction } from '../rollup/store.ts';
import { withOwner } from '../tenants/tenant-scope.ts';
import { insertCarried, listLateEvents } from './book-store.ts';
import { type BuiltInvoice, buildInvoice } from './build-invoice.ts';
import { assertInvoiceable } from './create-invoice.ts';
import { readBooks, type VerifiedBooks } from './read-books.ts';
import type { Invoice, InvoiceRow, LineItem } from './invoice.ts';
import { financialYearOf, formatInvoiceNumber } from './invoice-number.ts';
import { loadBilling, periodOfInvoice } from './load-billing.ts';
import { proveLines } from './prove-lines.ts';
import { assertDraft, reclaim } from './regenerate-invoice.ts';
import {
  type Account,
  findInvoiceState,
  insertOutbox,
  replaceLines,
  takeNumber,
  updateDraft,
} from './store.ts';

export interface FinalizeInvoiceInput {
  readonly id: string;
  /** What the caller saw: another total is refused. */
  readonly expected_total?: string | undefined;
  /** Issue it although the organisation's quarantine is not empty; the audit row says so. */
  readonly allow_quarantined?: boolean | undefined;
}

/** Throws `not_drained` where events from before the cutoff are not in the ledger yet. */
export type DrainedCheck = (period: PeriodKey, shard: number) => Promise<void>;

export interface FinalizeDraftInput extends FinalizeInvoiceInput {
  readonly organisation_id: string;
  /** The moment that must be past the period's end, and at which the invoice is issued. */
  readonly now: number;
  readonly assertDrained: DrainedCheck;
}

/** A drain that adds to the days between their verification and the lock makes it begin again, this often. */
const ATTEMPTS_MAX = 3;

/**
 * Issues a draft (design §5.7): closes its period, rebuilds its lines from the frozen days and gives it its number, in one
 * transaction. Throws, in this order, `not_found`, `invalid_state` (not a draft), `period_open`, `not_drained`,
 * `quarantine_not_empty`, `books_differ`, `currency_mismatch`, `nothing_to_invoice`, `unpriced_usage`, `draft_stale`.
 */
export async function finalizeInvoice(ctx: Ctx, input: FinalizeInvoiceInput): Promise<Invoice> {
  const organisation_id = await withOwner(ctx, 'invoices', input.id, async (_, owner) => owner);
  return await finalizeDraft(ctx, {
    ...input,
    organisation_id,
    now: ctx.now,
    assertDrained: (period, shard) =>
      assertDrained(
        { hot: hotReader(hotDatabase(ctx.shards, shard)), ledger: ledgerOfCutoffs(ctx.ledger) },
        period,
        shard,
      ),
  });
}

export async function finalizeDraft(ctx: Ctx, input: FinalizeDraftInput): Promise<Invoice> {
  checkExpectedTotal(input.expected_total);
  const { organisation_id, id } = input;
  const reach = tenant(organisation_id);
  const before = await ctx.ledger.transaction(reach, (tx) => findInvoiceState(tx, organisation_id, id, false));
  if (!before) throw notFound('invoice');
  assertDraft(before.invoice);
  const period = periodOfInvoice(before.invoice);
  if (input.now < Date.parse(period.period_end)) {
    throw new AppError('period_open', `The period lasts until ${period.period_end}.`);
  }
  // A closed period was drained when it was closed: what came since is in its adjustments.
  if (before.period_status === 'open') await input.assertDrained(period, before.account.shard);

  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    const books = await ctx.ledger.transaction(reach, (tx) => readBooks(tx, period, id));
    checkQuarantine(books.quarantined, input);
    const issued = await ctx.ledger.transaction(reach, async (tx) =>
      (await closePeriod(periodTransaction(tx), period, books.dayVersions, ctx.now))
        ? await issue(tx, ctx, input, books)
        : null,
    );
    if (issued) return issued;
  }
  throw new AppError('books_differ', 'The usage of the period is still changing. Try again.', {
    retryAfterSeconds: 60,
    log: `the days of ${organisation_id} changed during ${ATTEMPTS_MAX} verifications`,
  });
}

function checkExpectedTotal(expected: string | undefined): void {
  if (expected === undefined || parseDecimal(expected) !== null) return;
  const detail = 'Must be a decimal in plain notation.';
  throw invalidRequest([{ pointer: '/expected_total', code: 'invalid_decimal', detail }]);
}

function checkQuarantine(quarantined: number, { allow_quarantined = false }: FinalizeDraftInput): void {
  if (quarantined === 0 || allow_quarantined) return;
  throw new AppError(
    'quarantine_not_empty',
    `${quarantined} events of the organisation are in quarantine: resolve them, or finalize with allow_quarantined.`,
  );
}

/** Under the lock of the period: the order of locks is period, organisation and invoice, counter, audit chain. */
async function issue(
  tx: LedgerTransaction,
  ctx: Ctx,
  input: FinalizeDraftInput,
  books: VerifiedBooks,
): Promise<Invoice> {
  const state = await findInvoiceState(tx, input.organisation_id, input.id, true);
  if (!state) throw notFound('invoice');
  assertDraft(state.invoice);
  const { account } = state;
  const built = buildInvoice(await loadBilling(tx, periodOfInvoice(state.invoice), input.id));
  checkBuilt(built, account, input);
  if (built.claims.size > 0 || state.invoice.total !== built.total || hasAdjustments(books)) {
    await reclaim(tx, state.invoice, built);
  }
  const lateEvents = await listLateEvents(tx, input.organisation_id, lateClaims(built));
  const lines = proveLines(built.lines, books.days, lateEvents);
  const unnumbered = issuedOf(state.invoice, account, input.now, ctx.now, { ...built, lines });
  await replaceLines(
    tx,
    unnumbered,
    lines.map(() => uuidv7(ctx.now)),
  );
  await insertCarried(tx, unnumbered, carriedRows(unnumbered, ctx.now), ctx.now);

  const invoice = { ...unnumbered, invoice_number: await numberOf(tx, account, input.now) };
  await updateDraft(tx, invoice);
  await insertOutbox(tx, {
    organisation_id: invoice.organisation_id,
    id: uuidv7(ctx.now),
    topic: 'invoice.finalized',
    payload: { invoice_id: invoice.id, invoice_number: invoice.invoice_number },
    created_at: formatInstant(ctx.now),
  });
  await appendAudit(tx, ctx, {
    organisation_id: invoice.organisation_id,
    entity_type: 'invoice',
    entity_id: invoice.id,
    action: 'invoice.finalize',
    changes: {
      invoice_number: invoice.invoice_number,
      total: invoice.total,
      currency: invoice.currency,
      quarantined: books.quarantined,
      allow_quarantined: input.allow_quarantined ?? false,
    },
  });
  return invoice;
}
