import { appendAudit } from '../../access/audit/append-audit.ts';
import { notFound } from '../../core/error.ts';
import type { Month } from '../../core/time.ts';
import type { Ctx } from '../../db/ctx.ts';
import { tenant } from '../../db/ledger.ts';
import { buildLateLines } from '../lines/late-lines.ts';
import { pricesOf } from '../lines/price-days.ts';
import { loadBilling, loadPeriod } from '../load-billing.ts';
import { findAccount } from '../store.ts';
import { deriveProposals } from './derive-proposals.ts';
import { loadCreditable } from './load-creditable.ts';
import { saveProposals } from './save-proposals.ts';

export interface ProposeLateCreditsInput {
  readonly organisation_id: string;
  /** Covers all months before this one. */
  readonly before: Month;
}

/**
 * Proposes credit notes for an organisation's open late usage that lowers its issued invoices, whether or not
 * another invoice is due. Returns the number of proposals created or extended. Throws `not_found`,
 * `currency_mismatch`.
 */
export const proposeLateCredits = (
  ctx: Ctx,
  { organisation_id, before }: ProposeLateCreditsInput,
): Promise<number> =>
  ctx.ledger.transaction(tenant(organisation_id), async (tx) => {
    const account = await findAccount(tx, organisation_id, before, true);
    if (!account) throw notFound('organisation');
    const { period } = await loadPeriod(tx, account, before);
    const billing = await loadBilling(tx, period, { invoiceId: null, at: ctx.now, lock: 'none' });
    const creditable = await loadCreditable(tx, billing);

    const { decreases } = buildLateLines(billing, pricesOf(billing));
    const proposals = deriveProposals(decreases, creditable, billing.invoiced);

    const { audit } = await saveProposals(tx, ctx, proposals, null);
    for (const entry of audit) await appendAudit(tx, ctx, entry);
    return proposals.length;
  });
