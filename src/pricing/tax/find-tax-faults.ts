import { isCountry, isEuMember } from '../../core/country.ts';
import { isGstNumber } from '../../core/document-number.ts';
import { type Fault, unreachable } from '../../core/error.ts';
import { isIndianState } from '../../core/indian-state.ts';
import { isGstin, isHsnSac, vatCountryOf } from '../../core/tax-id.ts';
import { findRate, type TaxRate } from './tax-rate.ts';
import {
  deriveTaxTreatment,
  placeOfSupplyInIndia,
  sellerStateOf,
  type TaxBuyer,
  type TaxParties,
  type TaxSeller,
} from './tax-treatment.ts';

export interface TaxFaultInput extends TaxParties {
  readonly seller: TaxSeller & { readonly legal_name: string };
  readonly buyer: TaxBuyer & { readonly legal_name: string | null };
  /** The tax point, `YYYY-MM-DD`. */
  readonly day: string;
  readonly rates: readonly TaxRate[];
  /** The longest number the document can get: longestDocumentNumber. */
  readonly number: string;
  readonly lines: readonly {
    readonly tax_category: string;
    /** From the plan, else from the seller. */
    readonly hsn_sac: string | null;
  }[];
}

const fault = (pointer: string, code: string, detail: string): Fault => ({ pointer, code, detail });
const required = (pointer: string, detail: string): Fault => fault(pointer, 'required', detail);

/**
 * Everything the regime requires on an invoice that is missing or malformed: CGST Rule 46 in India, Article 226 of
 * the VAT Directive in the EU, nothing without a regime. Pointers start at the billing entity, the organisation or
 * the invoice's line_items, which count from 0. Codes: `required`, `invalid_format`, `not_allowed`, `too_long`,
 * `no_rate`.
 */
export function findTaxFaults(input: TaxFaultInput): Fault[] {
  switch (input.regime) {
    case 'none':
      return [];
    case 'in':
      return [
        ...findIndianSellerFaults(input),
        ...findBuyerFaults(input),
        ...findIndianBuyerFaults(input.buyer),
        ...findHsnSacFaults(input),
        ...findRateFaults(input),
      ];
    case 'eu':
      return [
        ...findEuropeanSellerFaults(input),
        ...findBuyerFaults(input),
        ...findEuropeanBuyerFaults(input.buyer),
        ...findRateFaults(input),
      ];
    default:
      return unreachable(input.regime);
  }
}

function findSellerFaults({ seller }: TaxFaultInput): Fault[] {
  const faults: Fault[] = [];
  if (seller.legal_name.trim() === '') {
    faults.push(required('/billing_entity/legal_name', 'The invoice needs the legal name of the seller.'));
  }
  if (seller.address === null) {
    faults.push(required('/billing_entity/address', 'The invoice needs the address of the seller.'));
  }
  return faults;
}

function findIndianSellerFaults(input: TaxFaultInput): Fault[] {
  const { seller, number } = input;
  const faults = findSellerFaults(input);
  if (seller.address !== null && seller.address.country !== 'IN') {
    const detail = 'A seller under the Indian regime must have an address in India.';
    faults.push(fault('/billing_entity/address/country', 'not_allowed', detail));
  }
  if (sellerStateOf(seller) === null) {
    faults.push(required('/billing_entity/tax_ids', 'The invoice needs the GSTIN of the seller.'));
  }
  if (!isGstNumber(number)) {
    const detail = `An invoice number may have at most 16 letters, digits, hyphens and slashes (CGST Rule 46(b)); ${number} does not comply.`;
    faults.push(fault('/billing_entity/number_format', 'too_long', detail));
  }
  return faults;
}

function findEuropeanSellerFaults(input: TaxFaultInput): Fault[] {
  const { seller } = input;
  const faults = findSellerFaults(input);
  if (seller.address !== null && !isEuMember(seller.address.country)) {
    const detail = 'A seller under the EU regime must have an address in an EU member state.';
    faults.push(fault('/billing_entity/address/country', 'not_allowed', detail));
  }
  if (!seller.tax_ids.some((id) => id.type === 'eu_vat' && vatCountryOf(id.value) !== null)) {
    faults.push(required('/billing_entity/tax_ids', 'The invoice needs the VAT ID of the seller.'));
  }
  return faults;
}

function findBuyerFaults({ buyer }: TaxFaultInput): Fault[] {
  const faults: Fault[] = [];
  if (buyer.legal_name === null || buyer.legal_name.trim() === '') {
    faults.push(required('/organisation/legal_name', 'The invoice needs the legal name of the buyer.'));
  }
  if (buyer.address === null) {
    faults.push(required('/organisation/address', 'The invoice needs the address of the buyer.'));
  } else if (!isCountry(buyer.address.country)) {
    const detail = 'Must be an ISO 3166-1 alpha-2 country code.';
    faults.push(fault('/organisation/address/country', 'invalid_format', detail));
  }
  return faults;
}

function findIndianBuyerFaults(buyer: TaxBuyer): Fault[] {
  const faults: Fault[] = [];
  const isIndian = buyer.address?.country === 'IN';
  if (isIndian && buyer.tax_id !== null && !isGstin(buyer.tax_id)) {
    faults.push(
      fault('/organisation/tax_id', 'invalid_format', 'The tax ID of an Indian buyer must be a valid GSTIN.'),
    );
  }
  const place = '/organisation/place_of_supply';
  if (buyer.place_of_supply !== null && !isIndianState(buyer.place_of_supply)) {
    faults.push(fault(place, 'invalid_format', 'Must be the code of an Indian state: 01 to 38, or 97.'));
  } else if ((isIndian || buyer.address === null) && placeOfSupplyInIndia(buyer) === null) {
    const detail =
      'A buyer without a GSTIN who is not known to be abroad needs the state code of the place of supply.';
    faults.push(required(place, detail));
  }
  return faults;
}

function findEuropeanBuyerFaults(buyer: TaxBuyer): Fault[] {
  const faults: Fault[] = [];
  const isEuropean = buyer.address !== null && isEuMember(buyer.address.country);
  if (isEuropean && buyer.tax_id !== null && vatCountryOf(buyer.tax_id) === null) {
    const detail = 'The tax ID of a buyer in the EU must be a VAT ID with the prefix of its country.';
    faults.push(fault('/organisation/tax_id', 'invalid_format', detail));
  }
  if (buyer.place_of_supply !== null && !isCountry(buyer.place_of_supply)) {
    const detail = 'Must be an ISO 3166-1 alpha-2 country code.';
    faults.push(fault('/organisation/place_of_supply', 'invalid_format', detail));
  }
  return faults;
}

const findHsnSacFaults = ({ lines }: TaxFaultInput): Fault[] =>
  lines.flatMap(({ hsn_sac }, index) => {
    const pointer = `/line_items/${index}/hsn_sac`;
    if (hsn_sac === null) {
      return [
        required(
          pointer,
          'The line needs an HSN or SAC code. Set hsn_sac on the plan or on the billing entity.',
        ),
      ];
    }
    return isHsnSac(hsn_sac) ? [] : [fault(pointer, 'invalid_format', 'Must have 4, 6 or 8 digits.')];
  });

function findRateFaults(input: TaxFaultInput): Fault[] {
  const treatment = deriveTaxTreatment(input);
  if (treatment.kind !== 'rated') return [];
  const { country } = treatment;
  const { rates, day } = input;
  return input.lines.flatMap(({ tax_category }, index) => {
    if (findRate(rates, { country, category: tax_category, day }) !== null) return [];
    const detail = `No tax rate for ${country} and category ${JSON.stringify(tax_category)} is in force on ${day}. Create one.`;
    return [fault(`/line_items/${index}/tax_category`, 'no_rate', detail)];
  });
}
