/** Schemas of the data that tax authorities require about sellers, buyers and goods. */
import * as z from 'zod';
import { TAX_ID_TYPES, type TaxId } from '../core/address.ts';
import { isCountry } from '../core/country.ts';
import { isGstin, isHsnSac, vatCountryOf } from '../core/tax-id.ts';
import { textOf } from './schemas.ts';

export const country = z
  .string()
  .refine(isCountry, { error: 'Must be an upper-case ISO 3166-1 alpha-2 country code.' })
  .meta({ description: 'ISO 3166-1 alpha-2 code', pattern: '^[A-Z]{2}$' });

export const address = z
  .strictObject({
    line1: textOf(1, 255),
    line2: textOf(1, 255).optional(),
    city: textOf(1, 128).optional(),
    region: textOf(1, 128).optional(),
    postal_code: textOf(1, 32).optional(),
    country,
  })
  .meta({ description: 'A postal address' });

export const taxIdText = z.string().regex(/^[A-Z0-9][A-Z0-9+*./ -]{0,63}$/, {
  error: 'Must be 1 to 64 upper-case letters, digits and the characters + * . / - or space.',
});

export const taxId = z.strictObject({ type: z.enum(TAX_ID_TYPES), value: taxIdText });

const TAX_IDS_MAX = 10;

/** The same checks as findTaxIdFaults makes of a list, with the pointer of the object's own field. */
const taxIdsByType = z.strictObject({
  gstin: z
    .stringFormat('gstin', isGstin, { error: 'Not a valid GSTIN: check its format and check character.' })
    .optional(),
  eu_vat: z
    .stringFormat('eu_vat', (text) => vatCountryOf(text) !== null, {
      error: 'Not a valid VAT ID of an EU member state.',
    })
    .optional(),
  other: taxIdText.optional(),
});

const listTaxIds = (ids: z.output<typeof taxIdsByType>): TaxId[] =>
  TAX_ID_TYPES.flatMap((type) => (ids[type] === undefined ? [] : [{ type, value: ids[type] }]));

/** Parsed to a list. */
export const taxIds = z
  .union([z.array(taxId).max(TAX_IDS_MAX), taxIdsByType])
  .transform((given): TaxId[] => (Array.isArray(given) ? given : listTaxIds(given)))
  .meta({ description: 'A list, or an object with one tax id per type' });

export const hsnSac = z
  .string()
  .refine(isHsnSac, { error: 'Must have 4, 6 or 8 digits.' })
  .meta({ description: 'The Indian code of goods (HSN) or services (SAC)', pattern: '^[0-9]{4,8}$' });

/** Free text that selects one of a country's rates. */
export const taxCategory = textOf(1, 64);
