/** The SQL of what is owed on an invoice. It is defined once, by the view `invoice_balances`: nothing here computes. */
import type { LedgerTransaction } from '../db/ledger.ts';
import type { InvoiceBalance } from './invoice.ts';

/** What an issued invoice has come to. Amounts have its currency's decimals. */
export interface IssuedBalance extends InvoiceBalance {
  readonly amount_due: string;
  /** What no credit note takes yet, proposals included. */
  readonly creditable_total: string;
  /** What was credited and paid beyond the total. */
  readonly excess_total: string;
  /** When the latest of its payments was made. */
  readonly last_paid_at: string | null;
}

export const BALANCE_COLUMNS = 'b.credited_total, b.paid_total, b.amount_due';

export const WITH_BALANCE = `invoices i
  JOIN invoice_balances b ON b.organisation_id = i.organisation_id AND b.invoice_id = i.id`;

/** Read it under the invoice's lock: a statement of its own then sees what the holders before have committed. */
export async function readIssuedBalance(
  tx: LedgerTransaction,
  organisationId: string,
  invoiceId: string,
): Promise<IssuedBalance> {
  const [row] = await tx.query<IssuedBalance>(
    `SELECT ${BALANCE_COLUMNS}, b.creditable_total, b.excess_total, b.last_paid_at FROM invoice_balances b
     WHERE b.organisation_id = $1 AND b.invoice_id = $2 AND b.amount_due IS NOT NULL`,
    [organisationId, invoiceId],
  );
  if (!row) throw new Error('only an issued invoice has something due');
  return row;
}
