/** The texts of a document's parts in its language, shared by all output formats. */

import type { Address, TaxId } from '../core/address.ts';
import { decimal, isZero } from '../core/decimal.ts';
import type {
  DocumentConversion,
  DocumentDiscount,
  DocumentLine,
  DocumentModel,
  DocumentTax,
  DocumentTier,
  LineAdjusts,
  Party,
} from './document-model.ts';
import {
  fillText,
  formatAmount,
  formatDay,
  formatDays,
  formatMonth,
  formatNumber,
  formatPercent,
  formatPrice,
} from './format-numbers.ts';
import { type Language, languageOf } from './languages/index.ts';

/** A label and its value. */
export interface Fact {
  readonly label: string;
  readonly value: string;
}

export function titleOf(model: DocumentModel): string {
  const { texts } = languageOf(model.language);
  if (model.kind === 'credit_note') return texts.credit_note;
  return model.tax_regime === 'in' ? texts.tax_invoice : texts.invoice;
}

/** The amount first, as a headline: '€1,234.50 due 31 January 2026'. */
export function headlineOf(model: DocumentModel): string {
  const language = languageOf(model.language);
  const amount = formatAmount(language, model.total, model.currency);
  if (model.kind === 'credit_note') return fillText(language.texts.amount_credited, { amount });
  if (model.due_date === null) return amount;
  return fillText(language.texts.amount_due, { amount, date: formatDay(language, model.due_date) });
}

/** Number, dates, place of supply, corrected invoice: what the law requires at the head. */
export function headFactsOf(model: DocumentModel, showsPeriod: boolean): Fact[] {
  const language = languageOf(model.language);
  const { texts } = language;
  const isInvoice = model.kind === 'invoice';
  const facts: Fact[] = [
    { label: isInvoice ? texts.invoice_number : texts.credit_note_number, value: model.number },
    { label: texts.issue_date, value: formatDay(language, model.issue_date) },
  ];
  if (isInvoice && model.due_date !== null) {
    facts.push({ label: texts.due_date, value: formatDay(language, model.due_date) });
  }
  if (showsPeriod) {
    const days = formatDays(language, model.period.first_day, model.period.last_day);
    facts.push({ label: texts.period, value: `${days} (${model.period.timezone})` });
  }
  if (model.corrects) {
    const { number, issue_date, reason } = model.corrects;
    const values = { number, date: formatDay(language, issue_date) };
    facts.push({ label: texts.corrected_invoice, value: fillText(texts.number_of_date, values) });
    if (reason !== null) facts.push({ label: texts.reason, value: reason });
  }
  if (model.place_of_supply !== null) {
    facts.push({ label: texts.place_of_supply, value: model.place_of_supply });
  }
  return facts;
}

/** The address and identifiers of a party below its name, one per line. */
export function partyLinesOf(language: Language, party: Party): string[] {
  const address = party.address ? addressLinesOf(party.address) : [];
  const taxIds = party.tax_ids.map((taxId) => `${taxIdLabel(language, taxId)} ${taxId.value}`);
  return [...address, ...(party.email === null ? [] : [party.email]), ...taxIds];
}

function addressLinesOf(address: Address): string[] {
  const town = [address.postal_code, address.city].filter(Boolean).join(' ');
  const land = [address.region, address.country].filter(Boolean).join(', ');
  const lines = [address.line1, address.line2, town, land];
  return lines.filter((line): line is string => line !== undefined && line !== '');
}

function taxIdLabel({ texts }: Language, { type }: TaxId): string {
  if (type === 'gstin') return texts.gstin;
  return type === 'eu_vat' ? texts.eu_vat : texts.other_tax_id;
}

/** The details below a line's name: its kind, its days if they differ from the document's, its conversion. */
export function lineDetailsOf(model: DocumentModel, line: DocumentLine): string[] {
  const language = languageOf(model.language);
  const details: string[] = [];
  const kind = lineKindText(language, line);
  if (kind !== null) details.push(kind);
  if (line.first_day !== model.period.first_day || line.last_day !== model.period.last_day) {
    details.push(formatDays(language, line.first_day, line.last_day));
  }
  if (line.original_currency !== null && line.original_amount !== null) {
    const amount = formatPrice(language, line.original_amount, line.original_currency);
    const rate = line.exchange_rate === null ? '' : formatNumber(language, line.exchange_rate);
    details.push(rate === '' ? amount : fillText(language.texts.converted_from, { amount, rate }));
  }
  return details;
}

function lineKindText(language: Language, { kind, adjusts }: DocumentLine): string | null {
  const { texts } = language;
  if (kind === 'adjustment') return adjusts ? adjustmentText(language, adjusts) : texts.adjustment;
  if (kind === 'carried') return texts.carried;
  return kind === 'credit' ? texts.credit : null;
}

/** 'Adjustment for September 2026, price from 1 January 2026'. */
const adjustmentText = (language: Language, { year, month, price_from }: LineAdjusts): string =>
  fillText(language.texts.adjustment_of, {
    month: formatMonth(language, year, month),
    date: formatDay(language, price_from),
  });

export const quantityOf = (language: Language, quantity: string, unit: string): string =>
  unit === '' ? formatNumber(language, quantity) : `${formatNumber(language, quantity)} ${unit}`;

/** Prices are in the plan's currency. */
export const priceCurrencyOf = (model: DocumentModel, line: DocumentLine): string =>
  line.original_currency ?? model.currency;

/** 'First 1,000', 'From 1,000 to 5,000', 'Above 5,000', with the tier's fee if it has one. */
export function tierLabelOf(model: DocumentModel, line: DocumentLine, tier: DocumentTier): string {
  const language = languageOf(model.language);
  const { texts } = language;
  const from = formatNumber(language, tier.from);
  const range =
    tier.to === null
      ? fillText(texts.tier_above, { from })
      : fillText(isZero(decimal(tier.from)) ? texts.tier_first : texts.tier_between, {
          from,
          to: formatNumber(language, tier.to),
        });
  if (isZero(decimal(tier.flat_fee))) return range;
  const amount = formatPrice(language, tier.flat_fee, priceCurrencyOf(model, line));
  return `${range}, ${fillText(texts.tier_fee, { amount })}`;
}

/** 'Annual commitment (10%)'. */
export function discountLabelOf(language: Language, { description, percentage }: DocumentDiscount): string {
  const label = description === '' ? language.texts.discount : description;
  return percentage === null ? label : `${label} (${formatPercent(language, percentage)})`;
}

/** '1 USD = 83.25 INR'. */
export function conversionTextOf(
  { language, currency }: DocumentModel,
  { original_currency, exchange_rate }: DocumentConversion,
): string {
  return `1 ${original_currency} = ${formatNumber(languageOf(language), exchange_rate)} ${currency}`;
}

/** Under reverse charge the recipient owes the tax, so the seller's tax has neither name, rate nor country. */
export function taxNameOf({ language, reverse_charge }: DocumentModel, { name }: DocumentTax): string {
  const { texts } = languageOf(language);
  if (reverse_charge) return texts.reverse_charge;
  return name === 'VAT' ? texts.vat : name;
}

/** The country that levies the tax; empty under reverse charge. */
export const taxCountryOf = ({ reverse_charge }: DocumentModel, { country }: DocumentTax): string =>
  reverse_charge ? '' : country;

/** Empty under reverse charge. */
export const taxRateOf = ({ language, reverse_charge }: DocumentModel, { rate }: DocumentTax): string =>
  reverse_charge ? '' : formatPercent(languageOf(language), rate);

/** 'CGST 9%'; 'Reverse charge'. */
export const taxLabelOf = (model: DocumentModel, tax: DocumentTax): string =>
  [taxNameOf(model, tax), taxRateOf(model, tax)].filter(Boolean).join(' ');

/** The sentences that the law requires. */
export function legalTextsOf(model: DocumentModel): string[] {
  const { texts } = languageOf(model.language);
  const notes = model.legal_notes.map((note) => {
    if (note !== 'in_export') return texts[note];
    return isZero(decimal(model.tax_total)) ? texts.in_export_without_tax : texts.in_export_with_tax;
  });
  if (model.tax_regime === 'in' && model.reverse_charge) notes.push(texts.in_reverse_charge_yes);
  return notes;
}
