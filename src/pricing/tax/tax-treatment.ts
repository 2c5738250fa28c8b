/** Which country's tax an invoice bears, and why. Decided once, for both the amounts and the legal notes. */
import type { Address, TaxId } from '../../core/address.ts';
import { isEuMember } from '../../core/country.ts';
import { type Decimal, decimal, ONE } from '../../core/decimal.ts';
import { unreachable } from '../../core/error.ts';
import { isIndianState, nameIndianState } from '../../core/indian-state.ts';
import { isGstin, vatCountryOf } from '../../core/tax-id.ts';
import type { LegalNote, TaxRegime } from './legal-note.ts';

export interface TaxSeller {
  readonly address: Address | null;
  readonly tax_ids: readonly TaxId[];
}

export interface TaxBuyer {
  readonly address: Address | null;
  readonly tax_id: string | null;
  /** India: a state code. EU: the country whose tax applies, if it is not the country of the address. */
  readonly place_of_supply: string | null;
}

export interface TaxParties {
  readonly regime: TaxRegime;
  readonly seller: TaxSeller;
  readonly buyer: TaxBuyer;
}

/** A named part of a rate: CGST and SGST are half of it each. */
export interface TaxComponent {
  readonly name: string;
  readonly share: Decimal;
}

export type TaxTreatment =
  /** No tax, and none shown. */
  | { readonly kind: 'untaxed'; readonly notes: readonly LegalNote[] }
  /** Taxed at zero, for every category. */
  | {
      readonly kind: 'zero_rated';
      readonly country: string;
      readonly name: string;
      readonly reverse_charge: boolean;
      readonly notes: readonly LegalNote[];
    }
  /** Taxed at the rates of a country. */
  | {
      readonly kind: 'rated';
      readonly country: string;
      readonly components: readonly TaxComponent[];
      readonly notes: readonly LegalNote[];
    }
  /** Data is missing; find-tax-faults.ts names it. */
  | { readonly kind: 'undetermined' };

const UNDETERMINED: TaxTreatment = { kind: 'undetermined' };
const HALF = decimal('0.5');

/** Union territories without their own legislature levy UTGST in place of SGST (UTGST Act, section 2). */
const UNION_TERRITORIES: ReadonlySet<string> = new Set(['04', '25', '26', '31', '35', '38', '97']);

export function deriveTaxTreatment({ regime, seller, buyer }: TaxParties): TaxTreatment {
  switch (regime) {
    case 'none':
      return { kind: 'untaxed', notes: [] };
    case 'in':
      return treatInIndia(seller, buyer);
    case 'eu':
      return treatInEurope(seller, buyer);
    default:
      return unreachable(regime);
  }
}

/** The countries whose rates the invoice may need: the input of listTaxRates. */
export function taxCountriesOf(parties: TaxParties): readonly string[] {
  const treatment = deriveTaxTreatment(parties);
  return treatment.kind === 'rated' ? [treatment.country] : [];
}

/** The first two digits of the seller's GSTIN; null without a GSTIN. */
export function sellerStateOf({ tax_ids }: TaxSeller): string | null {
  const gstin = tax_ids.find((id) => id.type === 'gstin' && isGstin(id.value));
  return gstin?.value.slice(0, 2) ?? null;
}

/** The given state, else the state of the buyer's GSTIN. Null if the buyer is abroad or the state is unknown. */
export function placeOfSupplyInIndia(buyer: TaxBuyer): string | null {
  if (buyer.place_of_supply !== null) {
    return isIndianState(buyer.place_of_supply) ? buyer.place_of_supply : null;
  }
  return buyer.tax_id !== null && isGstin(buyer.tax_id) ? buyer.tax_id.slice(0, 2) : null;
}

/** As shown on documents: an Indian state by code and name, else the given value; null if unknown. */
export function describePlaceOfSupply({
  regime,
  buyer,
}: Pick<TaxParties, 'regime' | 'buyer'>): string | null {
  if (regime !== 'in') return buyer.place_of_supply;
  const state = placeOfSupplyInIndia(buyer);
  return state === null ? null : nameIndianState(state);
}

/** IGST Act: section 8 within a state, section 7 between two, section 16 for exports. */
function treatInIndia(seller: TaxSeller, buyer: TaxBuyer): TaxTreatment {
  const origin = sellerStateOf(seller);
  const place = placeOfSupplyInIndia(buyer);
  if (origin === null) return UNDETERMINED;
  if (place === null) {
    const isAbroad =
      buyer.place_of_supply === null && buyer.address !== null && buyer.address.country !== 'IN';
    if (!isAbroad) return UNDETERMINED;
    return { kind: 'zero_rated', country: 'IN', name: 'IGST', reverse_charge: false, notes: ['in_export'] };
  }
  const ofState = UNION_TERRITORIES.has(place) ? 'UTGST' : 'SGST';
  const components =
    place === origin
      ? [
          { name: 'CGST', share: HALF },
          { name: ofState, share: HALF },
        ]
      : [{ name: 'IGST', share: ONE }];
  return { kind: 'rated', country: 'IN', components, notes: ['in_reverse_charge_no'] };
}

/** VAT Directive: Articles 44 and 196 for a business in another member state, 58 and One-Stop-Shop for a consumer. */
function treatInEurope(seller: TaxSeller, buyer: TaxBuyer): TaxTreatment {
  const home = seller.address?.country ?? null;
  if (home === null || !isEuMember(home)) return UNDETERMINED;
  const business = buyer.tax_id === null ? null : vatCountryOf(buyer.tax_id);
  const address = business === home ? home : (buyer.address?.country ?? null);
  const place = buyer.place_of_supply ?? address;
  if (business !== null && business !== home && buyer.place_of_supply !== home) {
    const country = business;
    return { kind: 'zero_rated', country, name: 'VAT', reverse_charge: true, notes: ['eu_reverse_charge'] };
  }
  if (place === null) return UNDETERMINED;
  if (!isEuMember(place)) return { kind: 'untaxed', notes: ['outside_scope'] };
  return { kind: 'rated', country: place, components: [{ name: 'VAT', share: ONE }], notes: [] };
}
