/** Numbers under which tax authorities know somebody, by their form alone: no register is asked. */
import type { TaxId } from './address.ts';
import { isIndianState } from './indian-state.ts';

const GSTIN = /^[0-9]{2}[A-Z]{5}[0-9]{4}[A-Z][0-9A-Z]Z[0-9A-Z]$/;
const BASE_36 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/**
 * A GSTIN: the state's code, the ten characters of a PAN, a serial character, Z, and a check character. That one makes the sum
 * of the digits of all values, every second value doubled, a multiple of 36: 27AAPFU0939F1ZV is one, 27AAPFU0939F1ZW is not.
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

/** What follows the country's prefix in a VAT identification number, after the Commission's list of formats (VIES). */
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
 * The member state that gave a VAT identification number, null for what is none: DE123456789 → DE, EL123456789 → GR. Northern
 * Ireland's XI is for goods alone; for services it is outside the EU, and is none here.
 */
export function vatCountryOf(text: string): string | null {
  const prefix = text.slice(0, 2);
  if (!VAT[prefix]?.test(text.slice(2))) return null;
  return prefix === 'EL' ? 'GR' : prefix;
}

/** A customer gives one number and no word on its kind: the forms of GSTIN and VAT tell it. */
export function taxIdOf(value: string): TaxId {
  if (isGstin(value)) return { type: 'gstin', value };
  return { type: vatCountryOf(value) === null ? 'other' : 'eu_vat', value };
}

/** Digits of the Indian codes of goods (HSN: 4, 6 or 8) and services (SAC: 6). */
export const isHsnSac = (text: string): boolean => /^(\d{4}|\d{6}|\d{8})$/.test(text);
