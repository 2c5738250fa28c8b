import { parseDecimal } from '../../core/decimal.ts';
import { AppError, invalidRequest, notFound } from '../../core/error.ts';
import type { Ctx } from '../../db/ctx.ts';
import { hotDatabase } from '../../db/hot.ts';
import { type Ledger, PLATFORM, tenant } from '../../db/ledger.ts';
import { assertDrained, type CutoffLedger, closePeriod } from '../../rollup/close-period.ts';
import { hotReader } from '../../rollup/hot-store.ts';
import { cutoffLedger, periodTransaction } from '../../rollup/period-store.ts';
import { withOwner } from '../../tenants/tenant-scope.ts';
import { assertDraft } from '../draft.ts';
import type { Invoice } from '../invoice.ts';
import { periodOfInvoice } from '../load-billing.ts';
import { findInvoiceState } from '../store.ts';
import type { FinalizeDraftInput, FinalizeInvoiceInput } from './finalize-input.ts';
import { assertQuarantineAllowed, issueInvoice } from './issue-invoice.ts';
import { readBooks } from './read-books.ts';

/** Attempts if a drain changes the days between their verification and the lock. */
const ATTEMPTS_MAX = 3;

/**
 * Issues a draft: closes its period, rebuilds its lines from the frozen days and numbers it, in one transaction.
 * Throws, in this order, `not_found`, `invalid_state` (not a draft), `period_open`, `not_drained`,
 * `quarantine_not_empty`, `books_differ`, `currency_mismatch`, `nothing_to_invoice`, `unpriced_usage`,
 * `draft_stale`.
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
  const before = await ctx.ledger.transaction(reach, (tx) =>
    findInvoiceState(tx, organisation_id, id, false),
  );
  if (!before) throw notFound('invoice');
  assertDraft(before.invoice);
  const period = periodOfInvoice(before.invoice);
  if (input.now < Date.parse(period.period_end)) {
    throw new AppError(
      'period_open',
      `The period is still open. It ends at ${period.period_end}; finalize after that.`,
    );
  }
  // A closed period was drained when it was closed; later usage is in its adjustments.
  const { shard } = before.account;
  const drained =
    before.period_status === 'open' ? { shard, cutoff: await input.assertDrained(period, shard) } : null;
  assertQuarantineAllowed(before.quarantined, input.allow_quarantined);

  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    const books = await ctx.ledger.transaction(reach, (tx) => readBooks(tx, period));
    const issued = await ctx.ledger.transaction(reach, async (tx) =>
      (await closePeriod(periodTransaction(tx), period, { dayVersions: books.dayVersions, drained }, ctx.now))
        ? await issueInvoice(tx, ctx, input, books)
        : null,
    );
    if (issued) return issued;
  }
  throw new AppError('books_differ', 'The usage of the period is still changing. Retry later.', {
    retryAfterSeconds: 60,
    log: `the days of ${organisation_id} changed during ${ATTEMPTS_MAX} verifications`,
  });
}

function checkExpectedTotal(expected: string | undefined): void {
  if (expected === undefined || parseDecimal(expected) !== null) return;
  const detail = 'Must be a decimal in plain notation.';
  throw invalidRequest([{ pointer: '/expected_total', code: 'invalid_decimal', detail }]);
}

/** Runs each step in a separate transaction, so none is open while the hot store is read. */
function ledgerOfCutoffs(ledger: Ledger): CutoffLedger {
  const apart = <T>(work: (cutoffs: CutoffLedger) => Promise<T>): Promise<T> =>
    ledger.transaction(PLATFORM, (tx) => work(cutoffLedger(tx)));
  return {
    readCursor: (shard, stream) => apart((cutoffs) => cutoffs.readCursor(shard, stream)),
    readCutoff: (period) => apart((cutoffs) => cutoffs.readCutoff(period)),
    recordCutoff: (period, cutoff) => apart((cutoffs) => cutoffs.recordCutoff(period, cutoff)),
  };
}
