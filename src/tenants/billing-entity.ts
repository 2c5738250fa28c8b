/** A seller: the party that bills, with its tax ids and document numbering. */
import type { Address, TaxId } from '../core/address.ts';
import { findNumberingFaults, type Numbering } from '../core/document-number.ts';
import type { Fault } from '../core/error.ts';
import { isGstin, vatCountryOf } from '../core/tax-id.ts';

/** The fields that a body may contain; an absent field keeps its value. */
export interface BillingEntityFields {
  readonly legal_name?: string | undefined;
  readonly address?: Address | undefined;
  readonly tax_ids?: readonly TaxId[] | undefined;
  readonly email?: string | null | undefined;
  /** A data URL; null removes the logo. */
  readonly logo?: string | null | undefined;
  readonly series?: string | undefined;
  readonly credit_note_series?: string | undefined;
  readonly number_format?: string | undefined;
  readonly financial_year_start_month?: number | undefined;
  readonly timezone?: string | undefined;
  readonly hsn_sac?: string | null | undefined;
  readonly payment_instructions?: string | null | undefined;
  readonly is_default?: boolean | undefined;
}

/** The defaults of a seller's numbering. */
export const NUMBERING_DEFAULT: Numbering = {
  series: 'INV',
  credit_note_series: 'CN',
  number_format: '{series}-{fy}-{seq}',
  financial_year_start_month: 1,
};

/** The faults of a seller as it would be stored: the format of its tax ids, each kind only once, and its numbering. */
export function findBillingEntityFaults(entity: Numbering & { readonly tax_ids: readonly TaxId[] }): Fault[] {
  const hasGstin = entity.tax_ids.some(({ type }) => type === 'gstin');
  return [...findTaxIdFaults(entity.tax_ids), ...findNumberingFaults(entity, { hasGstin })];
}

function findTaxIdFaults(taxIds: readonly TaxId[]): Fault[] {
  return taxIds.flatMap(({ type, value }, index) => {
    const pointer = `/tax_ids/${index}/value`;
    if (type === 'gstin' && taxIds.findIndex((other) => other.type === 'gstin') < index) {
      const detail =
        'A seller may have only one GSTIN. Create a billing entity for each state of registration.';
      return [{ pointer: `/tax_ids/${index}`, code: 'not_allowed', detail }];
    }
    if (type === 'gstin' && !isGstin(value)) {
      return [
        {
          pointer,
          code: 'invalid_format',
          detail: 'Not a valid GSTIN: check its format and check character.',
        },
      ];
    }
    if (type === 'eu_vat' && vatCountryOf(value) === null) {
      const detail =
        'Not a valid VAT ID of an EU member state: expected its two-letter prefix and the digits of that state.';
      return [{ pointer, code: 'invalid_format', detail }];
    }
    return [];
  });
}
