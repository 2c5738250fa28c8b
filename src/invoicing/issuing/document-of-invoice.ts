/** The frozen content of an issued invoice: see document-model.ts. */
import type { TaxId } from '../../core/address.ts';
import { decimal, formatDecimal, sum } from '../../core/decimal.ts';
import { assert } from '../../core/error.ts';
import { dayOf, firstDay, lastDay } from '../../core/time.ts';
import type {
  DocumentConversion,
  DocumentLine,
  DocumentLineKind,
  DocumentModel,
  Party,
} from '../../documents/document-model.ts';
import type { DefaultTemplates } from '../../documents/templates/template-store.ts';
import type { LegalNote } from '../../pricing/tax/legal-note.ts';
import { describePlaceOfSupply } from '../../pricing/tax/tax-treatment.ts';
import type { Invoice, InvoiceConversion, LineItem, LineKind } from '../invoice.ts';
import type { BillingInput } from '../lines/billing-input.ts';
import type { Buyer, Seller } from '../parties.ts';

const LINE_KINDS: Readonly<Record<LineKind, DocumentLineKind>> = {
  usage: 'usage',
  flat: 'flat',
  late: 'adjustment',
  carried: 'carried',
};

type Issued = Omit<Invoice, 'invoice_number' | 'issued_at'> & {
  readonly invoice_number: string;
  readonly issued_at: string | null;
};

export function documentOfInvoice(
  invoice: Issued,
  { seller, buyer }: { readonly seller: Seller; readonly buyer: Buyer },
  legal_notes: readonly LegalNote[],
  templates: DefaultTemplates,
  billing: Pick<BillingInput, 'plans' | 'invoiced'>,
): DocumentModel {
  const pricesFrom = startsOfPrices(billing);
  return {
    version: 1,
    kind: 'invoice',
    ...partiesOf(seller, buyer),
    number: invoice.invoice_number,
    issue_date: dayOf(Date.parse(invoice.issued_at ?? ''), seller.timezone),
    due_date: invoice.due_date,
    currency: invoice.currency,
    period: { first_day: firstDay(invoice), last_day: lastDay(invoice), timezone: invoice.timezone },
    corrects: null,
    reverse_charge: invoice.reverse_charge,
    lines: invoice.line_items.map((line) => lineOf(line, seller, pricesFrom)),
    discounts: invoice.discounts.map(({ description, percentage, amount }) => ({
      description,
      percentage,
      amount,
    })),
    taxes: invoice.taxes,
    subtotal: invoice.subtotal,
    discount_total: invoice.discount_total,
    tax_total: invoice.tax_total,
    total: invoice.total,
    conversions: invoice.conversions.map(conversionOf),
    unpriced: invoice.unpriced,
    legal_notes,
    templates: frozenTemplates(templates),
  };
}

export const conversionOf = ({
  original_currency,
  exchange_rate,
  conversion_date,
  source,
  provider = source,
}: InvoiceConversion): DocumentConversion => ({
  original_currency,
  exchange_rate,
  conversion_date,
  source: provider,
});

/** The fields that invoices and credit notes share. */
export function partiesOf(
  seller: Seller,
  buyer: Buyer,
): Pick<
  DocumentModel,
  'language' | 'seller' | 'buyer' | 'tax_regime' | 'place_of_supply' | 'payment_instructions' | 'logo'
> {
  const { logo_sha256, logo_media_type } = seller;
  return {
    language: buyer.language,
    seller: {
      legal_name: seller.legal_name,
      address: seller.address,
      tax_ids: seller.tax_ids,
      email: seller.email,
    },
    buyer: partyOfBuyer(buyer),
    tax_regime: buyer.tax_regime,
    place_of_supply: describePlaceOfSupply({ regime: buyer.tax_regime, buyer }),
    payment_instructions: seller.payment_instructions,
    logo: logo_sha256 && logo_media_type ? { sha256: logo_sha256, media_type: logo_media_type } : null,
  };
}

const TAX_ID_TYPES: Readonly<Record<Buyer['tax_regime'], TaxId['type']>> = {
  none: 'other',
  in: 'gstin',
  eu: 'eu_vat',
};

const partyOfBuyer = (buyer: Buyer): Party => ({
  legal_name: buyer.legal_name ?? buyer.name,
  address: buyer.address,
  tax_ids: buyer.tax_id === null ? [] : [{ type: TAX_ID_TYPES[buyer.tax_regime], value: buyer.tax_id }],
  email: buyer.billing_email,
});

export const frozenTemplates = ({ html, pdf }: DefaultTemplates): DocumentModel['templates'] => ({
  html: html && { html_content: html.html_content, css_content: html.css_content },
  pdf: pdf?.settings ?? {},
});

/** The first day of each plan version's price: versions that may price usage now, and those that priced it before. */
const startsOfPrices = ({ plans, invoiced }: Pick<BillingInput, 'plans' | 'invoiced'>): StartsOfPrices =>
  new Map(
    [...invoiced.flatMap(({ lines }) => lines.map(({ plan }) => plan)), ...plans].map((plan) => [
      plan.id,
      plan.effective_from,
    ]),
  );
type StartsOfPrices = ReadonlyMap<string, string>;

function adjustsOf(line: LineItem, pricesFrom: StartsOfPrices): DocumentLine['adjusts'] {
  if (line.kind !== 'late') return null;
  const price_from = pricesFrom.get(line.pricing_plan_id);
  assert(price_from !== undefined, 'the plan of a late line is among those that it was built from');
  return { year: line.year, month: line.month, price_from };
}

const lineOf = (line: LineItem, seller: Seller, pricesFrom: StartsOfPrices): DocumentLine => ({
  line_number: line.line_number,
  kind: LINE_KINDS[line.kind],
  name: line.display_name ?? line.metric_name,
  unit: line.unit,
  hsn_sac: line.hsn_sac ?? seller.hsn_sac,
  first_day: line.first_day,
  last_day: line.last_day,
  adjusts: adjustsOf(line, pricesFrom),
  quantity: line.quantity,
  unit_price: line.unit_price,
  tiers: line.tiers ?? [],
  original_currency: line.original_currency,
  original_amount: line.original_amount,
  exchange_rate: line.exchange_rate,
  amount: line.total,
  discount_amount: line.discount_amount,
  tax_rate: rateOf(line),
  tax_amount: line.tax_amount,
});

/** CGST 9 and SGST 9 make 18 percent. */
export const rateOf = ({ taxes }: LineItem): string | null =>
  taxes.length === 0 ? null : formatDecimal(sum(taxes.map((tax) => decimal(tax.rate))));
