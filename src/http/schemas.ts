/** Schemas that several routes share. They validate, and the description of the API is generated from them. */
import * as z from 'zod';
import { isCurrency } from '../core/currency.ts';
import { canonicalDecimal } from '../core/decimal.ts';
import { PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX } from '../core/page.ts';
import { isTimeZone, parseInstant } from '../core/time.ts';

const isText = (text: string): boolean => text.isWellFormed() && !text.includes('\0');

/** Valid Unicode without U+0000, which Postgres cannot hold. */
export const textOf = (min: number, max: number) =>
  z.string().min(min).max(max).refine(isText, { error: 'Must be valid Unicode without U+0000.' });

export const id = z.uuid().meta({ description: 'A UUID, lower case.' });
export const name = textOf(1, 255);
export const email = z.email().max(320);
export const currency = z
  .string()
  .refine(isCurrency, { error: 'Must be an ISO 4217 code in capitals.' })
  .meta({ description: 'ISO 4217 code', pattern: '^[A-Z]{3}$' });
export const timezone = z
  .string()
  .refine(isTimeZone, { error: 'Must be the name of a zone in the IANA database.' })
  .meta({ description: 'IANA zone name' });
export const day = z.iso.date().meta({ description: 'YYYY-MM-DD' });
export const decimal = z
  .string()
  .refine((text) => canonicalDecimal(text) !== null, { error: 'Must be a decimal in plain notation.' })
  .meta({ description: 'Decimal in plain notation', pattern: '^-?[0-9]+(\\.[0-9]+)?$' });

/** RFC 3339 or epoch milliseconds, read as epoch milliseconds. */
export const instant = z
  .union([z.string(), z.int()])
  .transform((value, context) => {
    const parsed = typeof value === 'number' ? (value < 100_000_000_000 ? null : value) : parseInstant(value);
    if (parsed !== null) return parsed;
    context.issues.push({ code: 'custom', input: value, message: 'Must be RFC 3339 or epoch milliseconds.' });
    return z.NEVER;
  })
  .meta({ description: 'RFC 3339 date-time, or epoch milliseconds' });

export const year = z.int().min(2000).max(2999);
export const month = z.int().min(1).max(12);
export const yearQuery = z.coerce.number().pipe(year);
export const monthQuery = z.coerce.number().pipe(month);

export const idParams = z.strictObject({ id: z.string() });

export const pageQuery = {
  limit: z.coerce
    .number()
    .pipe(z.int().min(1))
    .transform((limit) => Math.min(limit, PAGE_LIMIT_MAX))
    .default(PAGE_LIMIT_DEFAULT),
  cursor: z.string().max(4096).optional(),
};

/** An RFC 3339 instant of an answer. */
export const time = z.string().meta({ format: 'date-time' });
export const money = z.string().meta({ description: 'Decimal with exactly the decimals of its currency' });
export const quantity = z.string().meta({ description: 'Canonical decimal' });

export const pageOf = (row: z.ZodType) =>
  z.object({ data: z.array(row), next_cursor: z.string().nullable() });

export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
    request_id: z.string(),
    errors: z.array(z.object({ pointer: z.string(), code: z.string(), detail: z.string() })),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem details' });
