/** A seller's numbering on a day, before a number is taken. Pure. */
import {
  financialYearOf,
  formatOfSeries,
  GST_NUMBER_LENGTH,
  longestDocumentNumber,
} from '../../core/document-number.ts';
import type { Seller } from '../parties.ts';

export function longestNumber(seller: Seller, series: string, day: string): string {
  const { format, parts } = numberingOn(seller, series, day);
  return longestDocumentNumber(format, parts);
}

export function numberingOn(seller: Seller, series: string, day: string) {
  const isUnderGst = seller.tax_ids.some((id) => id.type === 'gstin');
  return {
    format: formatOfSeries(seller, series),
    parts: {
      series,
      financialYear: financialYearOf(day, seller.financial_year_start_month),
      lengthMax: isUnderGst ? GST_NUMBER_LENGTH : undefined,
    },
  };
}
