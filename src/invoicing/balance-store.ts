/** The SQL of invoice balances. The view `invoice_balances` is the only definition; nothing is computed here. */
import type { LedgerTransaction } from '../db/ledger.ts';
import type { InvoiceBalance } from './invoice.ts';

/** The balance of an issued invoice. Amounts have its currency's decimals. */
export interface IssuedBalance extends InvoiceBalance {
  readonly amount_due: string;
  /** The part that no credit note, proposals included, takes back yet. */
  readonly creditable_total: string;
  /** What was credited and paid in excess of the total. */
  readonly excess_total: string;
  /** The date of its latest payment. */
  readonly last_paid_at: string | null;
}

export const BALANCE_COLUMNS = 'b.credited_total, b.paid_total, b.amount_due';

export const WITH_BALANCE = `invoices i
  JOIN invoice_balances b ON b.organisation_id = i.organisation_id AND b.invoice_id = i.id`;

/** Call it under the invoice's lock: as a separate statement it then sees what earlier lock holders committed. */
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
