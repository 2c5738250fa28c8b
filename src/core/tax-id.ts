/** Tax identification numbers, checked by format only: no register is queried. */
import type { TaxId } from './address.ts';
import { isIndianState } from './indian-state.ts';

const GSTIN = /^[0-9]{2}[A-Z]{5}[0-9]{4}[A-Z][0-9A-Z]Z[0-9A-Z]$/;
const BASE_36 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/**
 * A GSTIN: the state's code, the ten characters of a PAN, a serial character, Z, and a check character. The
 * check character makes the sum of the digits of all values, with every second value doubled, a multiple of
 * 36: 27AAPFU0939F1ZV is valid, 27AAPFU0939F1ZW is not.
 */
export function isGstin(text: string): boolean {
  if (!GSTIN.test(text) || !isIndianState(text.slice(0, 2))) return false;
  let sum = 0;
  for (let i = 0; i < 14; i++) {
    const product = BASE_36.indexOf(text.charAt(i)) * (i % 2 === 0 ? 1 : 2);
    sum += Math.floor(product / 36) + (product % 36);
  }
  return BASE_36.charAt((36 - (sum % 36)) % 36) === text.charAt(14);
}

/** The part after the country prefix of a VAT identification number, by the Commission's list of formats (VIES). */
const VAT: Readonly<Record<string, RegExp>> = {
  AT: /^U\d{8}$/,
  BE: /^[01]\d{9}$/,
  BG: /^\d{9,10}$/,
  CY: /^\d{8}[A-Z]$/,
  CZ: /^\d{8,10}$/,
  DE: /^\d{9}$/,
  DK: /^\d{8}$/,
  EE: /^\d{9}$/,
  EL: /^\d{9}$/,
  ES: /^([A-Z]\d{7}[A-Z0-9]|\d{8}[A-Z])$/,
  FI: /^\d{8}$/,
  FR: /^[A-HJ-NP-Z0-9]{2}\d{9}$/,
  HR: /^\d{11}$/,
  HU: /^\d{8}$/,
  IE: /^(\d[A-Z0-9+*]\d{5}[A-Z]|\d{7}[A-W][A-I])$/,
  IT: /^\d{11}$/,
  LT: /^(\d{9}|\d{12})$/,
  LU: /^\d{8}$/,
  LV: /^\d{11}$/,
  MT: /^\d{8}$/,
  NL: /^[A-Z0-9+*]{10}\d{2}$/,
  PL: /^\d{10}$/,
  PT: /^\d{9}$/,
  RO: /^\d{2,10}$/,
  SE: /^\d{10}01$/,
  SI: /^\d{8}$/,
  SK: /^\d{10}$/,
};

/**
 * The member state that issued a VAT identification number, null if it is not one: DE123456789 → DE,
 * EL123456789 → GR. Northern Ireland's prefix XI covers only goods; for services it is outside the EU, so it
 * does not count here.
 */
export function vatCountryOf(text: string): string | null {
  const prefix = text.slice(0, 2);
  if (!VAT[prefix]?.test(text.slice(2))) return null;
  return prefix === 'EL' ? 'GR' : prefix;
}

/** A customer gives one number without its kind, which follows from the formats of GSTIN and VAT numbers. */
export function taxIdOf(value: string): TaxId {
  if (isGstin(value)) return { type: 'gstin', value };
  return { type: vatCountryOf(value) === null ? 'other' : 'eu_vat', value };
}

/** Digits of the Indian codes for goods (HSN: 4, 6 or 8) and services (SAC: 6). */
export const isHsnSac = (text: string): boolean => /^(\d{4}|\d{6}|\d{8})$/.test(text);
