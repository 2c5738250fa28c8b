import { decimal } from '../../core/decimal.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import type { BillingInput } from '../lines/billing-input.ts';
import { buildLateLines } from '../lines/late-lines.ts';
import { pricesOf } from '../lines/price-days.ts';
import { listCreditable, listProposals } from './credit-store.ts';
import type { CreditableInvoice } from './proposal.ts';

/**
 * The issued invoices that late usage lowers, and how much of them can be credited; valid while the organisation is
 * locked. Most late usage increases amounts, and then nothing is read. Throws `currency_mismatch`.
 */
export async function loadCreditable(
  tx: LedgerTransaction,
  billing: BillingInput,
): Promise<CreditableInvoice[]> {
  if (billing.invoiced.length === 0) return [];
  const { decreases } = buildLateLines(billing, pricesOf(billing));
  const ids = new Set(decreases.flatMap(({ credits }) => credits.map(({ invoice_id }) => invoice_id)));
  if (ids.size === 0) return [];
  const invoices = await listCreditable(tx, billing.organisation_id, [...ids]);
  const proposals = await listProposals(tx, billing.organisation_id, [...ids]);
  const byInvoice = new Map(proposals.map((note) => [note.invoice_id, note]));
  return invoices.map(({ creditable_total, ...invoice }) => ({
    ...invoice,
    room: decimal(creditable_total),
    proposal: byInvoice.get(invoice.invoice_id) ?? null,
  }));
}
