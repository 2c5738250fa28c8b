/** The frozen content of an issued credit note: see document-model.ts. */
import { decimal, formatDecimal, isZero, negate, subtract } from '../../core/decimal.ts';
import { assert } from '../../core/error.ts';
import { dayOf, firstDay, lastDay } from '../../core/time.ts';
import type { DocumentLine, DocumentModel } from '../../documents/document-model.ts';
import type { DefaultTemplates } from '../../documents/templates/template-store.ts';
import type { LegalNote } from '../../pricing/tax/legal-note.ts';
import type { Invoice, LineItem } from '../invoice.ts';
import { conversionOf, frozenTemplates, partiesOf, rateOf } from '../issuing/document-of-invoice.ts';
import type { Buyer, Seller } from '../parties.ts';
import type { CreditNote, CreditNoteLine } from './credit-note.ts';

export interface CreditedInvoice {
  readonly invoice: Invoice;
  readonly legal_notes: readonly LegalNote[];
}

/** All amounts are positive; the document states that they are credited. */
export function documentOfCreditNote(
  note: CreditNote,
  { invoice, legal_notes }: CreditedInvoice,
  { seller, buyer }: { readonly seller: Seller; readonly buyer: Buyer },
  templates: DefaultTemplates,
): DocumentModel {
  const { credit_note_number, issued_at } = note;
  assert(
    credit_note_number !== null && issued_at !== null,
    'a credit note is issued with a number and a date',
  );
  assert(invoice.invoice_number !== null && invoice.issued_at !== null, 'it corrects an issued invoice');
  const dayOfSeller = (instant: string): string => dayOf(Date.parse(instant), seller.timezone);
  const byNumber = new Map(invoice.line_items.map((line) => [line.line_number, line]));
  const lines = note.line_items.map((line) => lineOf(line, byNumber.get(line.invoice_line_number), seller));
  const converted = new Set(lines.map((line) => line.original_currency));
  return {
    version: 1,
    kind: 'credit_note',
    ...partiesOf(seller, buyer),
    number: credit_note_number,
    issue_date: dayOfSeller(issued_at),
    due_date: null,
    currency: note.currency,
    period: { first_day: firstDay(invoice), last_day: lastDay(invoice), timezone: invoice.timezone },
    corrects: {
      number: invoice.invoice_number,
      issue_date: dayOfSeller(invoice.issued_at),
      reason: note.reason,
    },
    reverse_charge: invoice.reverse_charge,
    lines,
    discounts: isZero(decimal(note.discount_total))
      ? []
      : [{ description: '', percentage: null, amount: note.discount_total }],
    taxes: note.taxes,
    subtotal: note.subtotal,
    discount_total: note.discount_total,
    tax_total: note.tax_total,
    total: note.total,
    conversions: invoice.conversions
      .filter(({ original_currency }) => converted.has(original_currency))
      .map(conversionOf),
    unpriced: [],
    legal_notes,
    templates: frozenTemplates(templates),
  };
}

function lineOf(line: CreditNoteLine, corrected: LineItem | undefined, seller: Seller): DocumentLine {
  assert(corrected, 'a credit note corrects lines of its invoice');
  const isConverted = corrected.original_currency !== null && line.original_amount !== null;
  return {
    line_number: line.line_number,
    kind: 'credit',
    name: corrected.display_name ?? corrected.metric_name,
    unit: corrected.unit,
    hsn_sac: corrected.hsn_sac ?? seller.hsn_sac,
    first_day: corrected.first_day,
    last_day: corrected.last_day,
    quantity: creditedQuantity(line),
    unit_price: null,
    tiers: [],
    original_currency: isConverted ? corrected.original_currency : null,
    original_amount: isConverted ? line.original_amount : null,
    exchange_rate: isConverted ? corrected.exchange_rate : null,
    amount: line.total,
    discount_amount: line.discount_amount,
    tax_rate: rateOf(corrected),
    tax_amount: line.tax_amount,
  };
}

/** The late usage that is credited. Null if there is none, or if another line of the same decrease carries it. */
function creditedQuantity({ quantity, carried_quantity }: CreditNoteLine): string | null {
  if (quantity === null || isZero(decimal(quantity))) return null;
  return formatDecimal(negate(subtract(decimal(quantity), decimal(carried_quantity))));
}
