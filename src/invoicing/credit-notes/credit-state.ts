/** What can still be credited of an issued invoice; valid while the invoice is locked. */
import { type Decimal, decimal, ZERO } from '../../core/decimal.ts';
import { assert } from '../../core/error.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import { readIssuedBalance } from '../balance-store.ts';
import type { Invoice } from '../invoice.ts';
import { findInvoice } from '../store.ts';
import { listCreditedLines } from './credit-store.ts';

export interface CreditState {
  readonly invoice: Invoice;
  /** The part of a line's total taken back by all notes, proposals included. */
  readonly creditedOf: (lineNumber: number) => Decimal;
  /** The part of the invoice that no note takes back yet. */
  readonly room: Decimal;
}

export async function loadCreditState(
  tx: LedgerTransaction,
  organisationId: string,
  invoiceId: string,
): Promise<CreditState> {
  const invoice = await findInvoice(tx, organisationId, invoiceId);
  assert(invoice, 'a locked invoice exists');
  const lines = await listCreditedLines(tx, organisationId, invoiceId);
  const { creditable_total } = await readIssuedBalance(tx, organisationId, invoiceId);
  const byNumber = new Map(lines.map((line) => [line.invoice_line_number, decimal(line.total)]));
  return {
    invoice,
    creditedOf: (lineNumber) => byNumber.get(lineNumber) ?? ZERO,
    room: decimal(creditable_total),
  };
}
