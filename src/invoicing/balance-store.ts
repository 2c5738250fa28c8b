/** The SQL of invoice balances. The view `invoice_balances` is the only definition; nothing is computed here. */
import type { ColumnList, RowOf } from '../db/columns.ts';
import type { LedgerTransaction } from '../db/ledger.ts';
import type { InvoiceBalance } from './invoice.ts';

/** A row of the view `invoice_balances`, which src/db/tables does not declare. */
interface InvoiceBalanceRow {
  readonly organisation_id: string;
  readonly invoice_id: string;
  readonly credited_total: string;
  readonly creditable_total: string | null;
  readonly paid_total: string;
  readonly unapplied_total: string;
  readonly refunded_total: string;
  readonly amount_due: string | null;
  readonly excess_total: string;
  readonly last_paid_at: string | null;
}

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

export const balanceColumns = <Column extends keyof InvoiceBalanceRow>(
  names: readonly Column[],
): ColumnList<Pick<InvoiceBalanceRow, Column>> => names.map((name) => `b.${name}`).join(', ');

export const BALANCE_COLUMNS = balanceColumns(['credited_total', 'paid_total', 'amount_due']);
const ISSUED = balanceColumns(['creditable_total', 'excess_total', 'last_paid_at']);

export const WITH_BALANCE = `invoices i
  JOIN invoice_balances b ON b.organisation_id = i.organisation_id AND b.invoice_id = i.id`;

/** Call it under the invoice's lock: as a separate statement it then sees what earlier lock holders committed. */
export async function readIssuedBalance(
  tx: LedgerTransaction,
  organisationId: string,
  invoiceId: string,
): Promise<IssuedBalance> {
  const [row] = await tx.query<
    RowOf<typeof BALANCE_COLUMNS> &
      RowOf<typeof ISSUED> &
      Pick<IssuedBalance, 'amount_due' | 'creditable_total'>
  >(
    `SELECT ${BALANCE_COLUMNS}, ${ISSUED} FROM invoice_balances b
     WHERE b.organisation_id = $1 AND b.invoice_id = $2 AND b.amount_due IS NOT NULL`,
    [organisationId, invoiceId],
  );
  if (!row) throw new Error('only an issued invoice has something due');
  return row;
}
