/** The words of a document's parts in its language, for every form that it is rendered in. */

import type { Address, TaxId } from '../core/address.ts';
import { decimal, isZero } from '../core/decimal.ts';
import type {
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

/** A term and what it says. */
export interface Fact {
  readonly label: string;
  readonly value: string;
}

export function titleOf(model: DocumentModel): string {
  const { texts } = languageOf(model.language);
  if (model.kind === 'credit_note') return texts.credit_note;
  return model.tax_regime === 'in' ? texts.tax_invoice : texts.invoice;
}

/** The amount as the reader's first question: '€1,234.50 due 31 January 2026'. */
export function headlineOf(model: DocumentModel): string {
  const language = languageOf(model.language);
  const amount = formatAmount(language, model.total, model.currency);
  if (model.kind === 'credit_note') return fillText(language.texts.amount_credited, { amount });
  if (model.due_date === null) return amount;
  return fillText(language.texts.amount_due, { amount, date: formatDay(language, model.due_date) });
}

/** Number, dates, place of supply, the invoice corrected: what the law wants at the head. */
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

/** The address and identity of a party below its name, a line each. */
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

/** What stands below a line's name: what it is, its days where they are not the document's, how it was converted. */
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

/** Prices are in the currency of the plan. */
export const priceCurrencyOf = (model: DocumentModel, line: DocumentLine): string =>
  line.original_currency ?? model.currency;

/** 'First 1,000', 'From 1,000 to 5,000', 'Above 5,000', with the tier's fee where it has one. */
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

/** Where the recipient owes the tax there is none of the seller's to be named, and no rate or country of it. */
export function taxNameOf({ language, reverse_charge }: DocumentModel, { name }: DocumentTax): string {
  const { texts } = languageOf(language);
  if (reverse_charge) return texts.reverse_charge;
  return name === 'VAT' ? texts.vat : name;
}

/** The country whose tax it is; empty where the recipient owes it. */
export const taxCountryOf = ({ reverse_charge }: DocumentModel, { country }: DocumentTax): string =>
  reverse_charge ? '' : country;

/** Empty where the recipient owes the tax. */
export const taxRateOf = ({ language, reverse_charge }: DocumentModel, { rate }: DocumentTax): string =>
  reverse_charge ? '' : formatPercent(languageOf(language), rate);

/** 'CGST 9%'; 'Reverse charge'. */
export const taxLabelOf = (model: DocumentModel, tax: DocumentTax): string =>
  [taxNameOf(model, tax), taxRateOf(model, tax)].filter(Boolean).join(' ');

/** The sentences that the law wants. */
export function legalTextsOf(model: DocumentModel): string[] {
  const { texts } = languageOf(model.language);
  const notes = model.legal_notes.map((note) => {
    if (note !== 'in_export') return texts[note];
    return isZero(decimal(model.tax_total)) ? texts.in_export_without_tax : texts.in_export_with_tax;
  });
  if (model.tax_regime === 'in' && model.reverse_charge) notes.push(texts.in_reverse_charge_yes);
  return notes;
}
