/** The rules for an organisation's tax data, as far as they can be checked before an invoice is issued. */
import type { Address } from '../core/address.ts';
import { isCountry, isEuMember } from '../core/country.ts';
import { type AppError, type Fault, invalidRequest } from '../core/error.ts';
import { isIndianState } from '../core/indian-state.ts';
import { isGstin, vatCountryOf } from '../core/tax-id.ts';

export const TAX_REGIMES = ['none', 'in', 'eu'] as const;

/** The customer data on documents, and the days of reminders; null removes a value. */
export interface BuyerFields {
  readonly legal_name?: string | null | undefined;
  readonly address?: Address | null | undefined;
  readonly tax_id?: string | null | undefined;
  readonly place_of_supply?: string | null | undefined;
  readonly language?: string | undefined;
  readonly tax_regime?: (typeof TAX_REGIMES)[number] | undefined;
  readonly exchange_rate_max_age_days?: number | null | undefined;
  readonly reminder_days_before?: number | null | undefined;
  readonly reminder_days_after?: number | null | undefined;
}

export interface TaxData {
  readonly tax_regime: string;
  readonly address: Address | null;
  readonly tax_id: string | null;
  readonly place_of_supply: string | null;
}

/**
 * Checks the data as they would be stored: a wrong value would be taxed wrongly, or be discovered only at the
 * end of the month.
 */
export function findTaxDataFaults({ tax_regime, address, tax_id, place_of_supply }: TaxData): Fault[] {
  const country = address?.country ?? null;
  const faults: Fault[] = [];
  const add = (pointer: string, detail: string): void => {
    faults.push({ pointer, code: 'invalid_format', detail });
  };
  if (tax_id !== null && tax_regime === 'in' && country === 'IN' && !isGstin(tax_id)) {
    add('/tax_id', 'Not a valid GSTIN: check its format and check character.');
  }
  if (tax_id !== null && tax_regime === 'eu' && country !== null && isEuMember(country)) {
    if (vatCountryOf(tax_id) === null) add('/tax_id', 'Not a valid VAT ID of an EU member state.');
  }
  if (place_of_supply === null) return faults;
  if (tax_regime === 'in' && !isIndianState(place_of_supply)) {
    add('/place_of_supply', 'Must be the code of an Indian state: 01 to 38, or 97.');
  }
  if (tax_regime === 'eu' && !isCountry(place_of_supply)) {
    add('/place_of_supply', 'Must be an ISO 3166-1 alpha-2 country code.');
  }
  return faults;
}

export const PAYLOAD_ARCHIVE_DAYS_DEFAULT = 90;
export const PAYLOAD_DELETE_DAYS_DEFAULT = 365;

export interface PayloadDays {
  readonly ai_payload_archive_days?: number | null | undefined;
  readonly ai_payload_delete_days?: number | null | undefined;
}

/** Payloads cannot be archived after they are deleted; null means never. */
export function findPayloadFaults({
  ai_payload_archive_days: archive = PAYLOAD_ARCHIVE_DAYS_DEFAULT,
  ai_payload_delete_days: remove = PAYLOAD_DELETE_DAYS_DEFAULT,
}: PayloadDays): Fault[] {
  if (archive === null || remove === null || archive <= remove) return [];
  const detail = `Must not be less than ai_payload_archive_days (${archive}).`;
  return [{ pointer: '/ai_payload_delete_days', code: 'invalid_order', detail }];
}

export const unknownBillingEntity = (): AppError => {
  const detail = 'No such billing entity.';
  return invalidRequest([{ pointer: '/billing_entity_id', code: 'not_found', detail }]);
};
