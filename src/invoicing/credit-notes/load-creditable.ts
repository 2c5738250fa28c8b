import { decimal } from '../../core/decimal.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import type { InvoicedPeriod } from '../lines/billing-input.ts';
import { listCreditable, listProposals } from './credit-store.ts';
import type { CreditableInvoice } from './proposal.ts';

/** The invoices that charged for the periods, and what of them may go back; it holds while the organisation is locked. */
export async function loadCreditable(
  tx: LedgerTransaction,
  organisation_id: string,
  invoiced: readonly InvoicedPeriod[],
): Promise<CreditableInvoice[]> {
  const ids = new Set(invoiced.flatMap(({ lines }) => lines.map((line) => line.invoice_id)));
  if (ids.size === 0) return [];
  const invoices = await listCreditable(tx, organisation_id, [...ids]);
  const proposals = await listProposals(tx, organisation_id, [...ids]);
  const byInvoice = new Map(proposals.map((note) => [note.invoice_id, note]));
  return invoices.map(({ creditable_total, ...invoice }) => ({
    ...invoice,
    room: decimal(creditable_total),
    proposal: byInvoice.get(invoice.invoice_id) ?? null,
  }));
}
