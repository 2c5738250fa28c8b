/** What is left of an issued invoice to be credited; it holds while the invoice's lock is held. */
import { type Decimal, decimal, ZERO } from '../../core/decimal.ts';
import { assert } from '../../core/error.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import { readIssuedBalance } from '../balance-store.ts';
import type { Invoice } from '../invoice.ts';
import { findInvoice } from '../store.ts';
import { listCreditedLines } from './credit-store.ts';

export interface CreditState {
  readonly invoice: Invoice;
  /** What all notes, proposals included, take back of a line's total. */
  readonly creditedOf: (lineNumber: number) => Decimal;
  /** What of the invoice no note takes yet. */
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
