import { formatDocumentNumber, hasYear } from '../../core/document-number.ts';
import { dayOf } from '../../core/time.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import type { Seller } from '../parties.ts';
import { takeNumber } from '../store.ts';
import { numberingOn } from './longest-number.ts';

/**
 * The next number of a seller's series in the current financial year (law 7). If the format contains no year, the
 * sequence continues across years. Take it as late as possible.
 */
export async function takeDocumentNumber(
  tx: LedgerTransaction,
  seller: Seller,
  series: string,
  issuedAt: number,
): Promise<string> {
  const { format, parts } = numberingOn(seller, series, dayOf(issuedAt, seller.timezone));
  const financial_year = hasYear(format) ? parts.financialYear : '';
  const sequence = await takeNumber(tx, { billing_entity_id: seller.id, series, financial_year });
  return formatDocumentNumber(format, { ...parts, sequence });
}
