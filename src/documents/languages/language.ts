/** A document language: its texts and its formats for numbers, amounts and days. Digits are always Latin. */
export interface Language {
  /** BCP 47; the file's name. */
  readonly code: string;
  readonly months: readonly string[];
  /** The day number within a date: '31' or '31.'. */
  readonly dayOfMonth: (day: string) => string;
  readonly decimalPoint: string;
  readonly groupSeparator: string;
  /** Thousands: 1,234,567. Lakh: 12,34,567; `lakh_for_inr` uses lakh only for rupee amounts. */
  readonly grouping: 'thousands' | 'lakh' | 'lakh_for_inr';
  /** Joins number and currency (a symbol or an ISO code) in the right order. */
  readonly amount: (number: string, currency: string, isSymbol: boolean) => string;
  readonly percent: (number: string) => string;
  readonly texts: DocumentTexts;
}

/** `fillText` fills the placeholders in braces. */
export interface DocumentTexts {
  readonly invoice: string;
  readonly tax_invoice: string;
  readonly credit_note: string;
  readonly invoice_number: string;
  readonly credit_note_number: string;
  readonly issue_date: string;
  readonly due_date: string;
  readonly period: string;
  readonly place_of_supply: string;
  readonly corrected_invoice: string;
  /** {number} {date} */
  readonly number_of_date: string;
  readonly reason: string;
  readonly seller: string;
  readonly buyer: string;
  readonly gstin: string;
  readonly eu_vat: string;
  readonly other_tax_id: string;
  /** {amount} {date} */
  readonly amount_due: string;
  /** {amount} */
  readonly amount_credited: string;

  readonly description: string;
  readonly hsn_sac: string;
  readonly quantity: string;
  readonly unit_price: string;
  readonly tax_rate: string;
  readonly amount: string;
  readonly carried_forward: string;
  readonly brought_forward: string;
  readonly adjustment: string;
  /** {month} {date} */
  readonly adjustment_of: string;
  readonly carried: string;
  readonly credit: string;
  /** {amount} {rate} */
  readonly converted_from: string;
  /** {to} */
  readonly tier_first: string;
  /** {from} {to} */
  readonly tier_between: string;
  /** {from} */
  readonly tier_above: string;
  /** {amount} */
  readonly tier_fee: string;

  readonly subtotal: string;
  readonly discount: string;
  /** {tax} {taxable} */
  readonly tax_on: string;
  readonly total: string;
  readonly total_credit: string;
  readonly tax_summary: string;
  readonly tax: string;
  /** The name of VAT in this language; other taxes keep their names. */
  readonly vat: string;
  /** Replaces the name of a tax that the recipient owes. */
  readonly reverse_charge: string;
  readonly rate_of_tax: string;
  readonly taxable_amount: string;
  readonly tax_amount: string;
  readonly conversion: string;
  readonly exchange_rate: string;
  readonly date: string;
  readonly source: string;
  readonly unpriced: string;
  readonly payment: string;
  readonly notes: string;
  /** {page} {pages} */
  readonly page_of: string;

  readonly eu_reverse_charge: string;
  readonly in_reverse_charge_no: string;
  readonly in_reverse_charge_yes: string;
  /** Exports from India: under a letter of undertaking, or with the tax paid. */
  readonly in_export_without_tax: string;
  readonly in_export_with_tax: string;
  readonly outside_scope: string;
}
