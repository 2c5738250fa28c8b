/** A document as input for an HTML template: every amount, day and text as shown. */
import { cleanText } from '../clean-text.ts';
import type { DocumentLine, DocumentModel, Party } from '../document-model.ts';
import {
  conversionTextOf,
  discountLabelOf,
  headFactsOf,
  headlineOf,
  legalTextsOf,
  lineDetailsOf,
  partyLinesOf,
  priceCurrencyOf,
  quantityOf,
  taxCountryOf,
  taxLabelOf,
  taxNameOf,
  tierLabelOf,
  titleOf,
} from '../format-document.ts';
import {
  formatAmount,
  formatDay,
  formatDays,
  formatNumber,
  formatPercent,
  formatPrice,
  negated,
} from '../format-numbers.ts';
import { type Language, languageOf } from '../languages/index.ts';
import type { View, ViewValue } from '../templates/template.ts';
import type { DocumentView } from '../templates/template-variables.ts';

/** `logo`: the file of `model.logo`; `amountDue`: the amount still due, if known. */
export function deriveDocumentView(
  model: DocumentModel,
  logo: Uint8Array | null,
  amountDue = model.total,
): DocumentView {
  const language = languageOf(model.language);
  const money = (amount: string): string => formatAmount(language, amount, model.currency);
  const view: DocumentView = {
    title: titleOf(model),
    headline: headlineOf(model),
    number: model.number,
    invoice_number: model.number,
    is_credit_note: model.kind === 'credit_note',
    issue_date: formatDay(language, model.issue_date),
    due_date: model.due_date === null ? '' : formatDay(language, model.due_date),
    period: formatDays(language, model.period.first_day, model.period.last_day),
    period_start: formatDay(language, model.period.first_day),
    period_end: formatDay(language, model.period.last_day),
    timezone: model.period.timezone,
    currency: model.currency,
    place_of_supply: model.place_of_supply ?? '',
    reason: model.corrects?.reason ?? '',
    facts: headFactsOf(model, true),
    logo: '',
    seller: partyOf(language, model.seller),
    buyer: partyOf(language, model.buyer),
    seller_name: model.seller.legal_name,
    customer_name: model.buyer.legal_name,
    organisation_name: model.buyer.legal_name,
    lines: model.lines.map((line) => lineOf(model, line)),
    line_items: model.lines.map((line) => lineItemOf(model, line)),
    has_hsn_sac: model.lines.some((line) => line.hsn_sac !== null),
    has_tax_rate: model.lines.some((line) => line.tax_rate !== null),
    subtotal: money(model.subtotal),
    discounts: model.discounts.map((discount) => ({
      label: discountLabelOf(language, discount),
      amount: money(negated(discount.amount)),
    })),
    discount_total: money(negated(model.discount_total)),
    has_taxes: model.taxes.length > 0,
    taxes: model.taxes.map((tax) => ({
      label: taxLabelOf(model, tax),
      name: taxNameOf(model, tax),
      country: taxCountryOf(model, tax),
      rate: formatPercent(language, tax.rate),
      taxable_amount: money(tax.taxable_amount),
      amount: money(tax.amount),
    })),
    tax_total: money(model.tax_total),
    total: money(model.total),
    amount_due: model.kind === 'invoice' ? money(amountDue) : '',
    has_conversions: model.conversions.length > 0,
    conversions: model.conversions.map((conversion) => ({
      rate: conversionTextOf(model, conversion),
      date: formatDay(language, conversion.conversion_date),
      source: conversion.source,
    })),
    has_unpriced: model.unpriced.length > 0,
    unpriced: model.unpriced.map(({ metric_name, unit, quantity }) => ({
      name: metric_name,
      quantity: quantityOf(language, quantity, unit),
    })),
    legal_notes: legalTextsOf(model),
    payment_instructions: model.kind === 'invoice' ? (model.payment_instructions ?? '') : '',
    labels: language.texts,
  };
  // Cleaning keeps the shape and changes only texts.
  const clean = cleanView(view) as unknown as DocumentView;
  return logo && model.logo ? { ...clean, logo: dataAddress(model.logo.media_type, logo) } : clean;
}

function partyOf(language: Language, party: Party): DocumentView['seller'] {
  return { name: party.legal_name, details: partyLinesOf(language, party) };
}

function lineOf(model: DocumentModel, line: DocumentLine): DocumentView['lines'][number] {
  const language = languageOf(model.language);
  const price = (text: string): string => formatPrice(language, text, priceCurrencyOf(model, line));
  return {
    number: String(line.line_number),
    name: line.name,
    details: lineDetailsOf(model, line),
    hsn_sac: line.hsn_sac ?? '',
    quantity: line.quantity === null ? '' : quantityOf(language, line.quantity, line.unit),
    unit_price: line.unit_price === null ? '' : price(line.unit_price),
    tax_rate: line.tax_rate === null ? '' : formatPercent(language, line.tax_rate),
    amount: formatAmount(language, line.amount, model.currency),
    tiers: line.tiers.map((tier) => ({
      label: tierLabelOf(model, line, tier),
      quantity: formatNumber(language, tier.quantity),
      unit_price: price(tier.price_per_unit),
      amount: price(tier.amount),
    })),
  };
}

function lineItemOf(model: DocumentModel, line: DocumentLine): DocumentView['line_items'][number] {
  const shown = lineOf(model, line);
  return {
    ...shown,
    description: shown.name,
    quantity: line.quantity === null ? '' : formatNumber(languageOf(model.language), line.quantity),
    unit: line.quantity === null ? '' : line.unit,
    total: shown.amount,
  };
}

/** Removes invisible characters from every text. */
export function cleanView(value: ViewValue | View): ViewValue {
  if (typeof value === 'string') return cleanText(value);
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(cleanView);
  return Object.fromEntries(Object.entries(value as View).map(([name, inner]) => [name, cleanView(inner)]));
}

function dataAddress(mediaType: string, bytes: Uint8Array): string {
  let binary = '';
  for (let at = 0; at < bytes.length; at += 8192) {
    binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return `data:${mediaType};base64,${btoa(binary)}`;
}
