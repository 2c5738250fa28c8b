/** Schemas that several routes share. They validate, and the API description is generated from them. */
import * as z from 'zod';
import { isCurrency } from '../core/currency.ts';
import { canonicalDecimal } from '../core/decimal.ts';
import { PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX } from '../core/page.ts';
import { isStorableText } from '../core/read-fields.ts';
import { formatInstant, isDay, isTimeZone, parseInstant } from '../core/time.ts';

/** Valid Unicode without U+0000, which Postgres cannot store. */
export const textOf = (min: number, max: number) =>
  z.string().min(min).max(max).refine(isStorableText, { error: 'Must be valid Unicode without U+0000.' });

/** For filters: an empty text matches nothing and is valid. */
export const filterText = (max: number) => textOf(0, max);

export const id = z.uuid().toLowerCase().meta({ description: 'A UUID, in lower case in responses.' });
export const name = textOf(1, 255);
export const email = z.email().max(320);
export const currency = z
  .string()
  .refine(isCurrency, { error: 'Must be an upper-case ISO 4217 code.' })
  .meta({ description: 'ISO 4217 code', pattern: '^[A-Z]{3}$' });
export const timezone = z
  .string()
  .refine(isTimeZone, { error: 'Must be an IANA time zone, such as Europe/Berlin.' })
  .meta({ description: 'IANA time zone' });
export const day = z.iso.date().meta({ description: 'YYYY-MM-DD' });
export const decimal = z
  .string()
  .refine((text) => canonicalDecimal(text) !== null, { error: 'Must be a decimal in plain notation.' })
  .meta({ description: 'Decimal in plain notation', pattern: '^-?[0-9]+(\\.[0-9]+)?$' });

/** The range that both RFC 3339 and Postgres can write: the years 1 to 9999. */
const INSTANT_MIN = Date.parse('0001-01-01T00:00:00Z');
const INSTANT_MAX = Date.parse('9999-12-31T23:59:59.999Z');
/** A smaller integer is taken as seconds. */
const EPOCH_MS_MIN = 100_000_000_000;

function instantFrom(value: number | null, context: z.core.ParsePayload, message: string): number {
  if (value !== null && value >= INSTANT_MIN && value <= INSTANT_MAX) return value;
  context.issues.push({ code: 'custom', input: context.value, message });
  return z.NEVER;
}

/** RFC 3339 or epoch milliseconds, parsed to epoch milliseconds. */
export const instant = z
  .union([z.string(), z.int().min(EPOCH_MS_MIN)])
  .transform((value, context) =>
    instantFrom(
      typeof value === 'number' ? value : parseInstant(value),
      context,
      'Must be an RFC 3339 date-time or epoch milliseconds.',
    ),
  )
  .meta({ description: 'RFC 3339 date-time, or epoch milliseconds' });

/** Like `instant`; a bare day means its first moment in UTC. */
export const instantOrDay = z
  .union([z.string(), z.int().min(EPOCH_MS_MIN)])
  .transform((value, context) =>
    instantFrom(
      typeof value === 'number' ? value : parseInstant(isDay(value) ? `${value}T00:00:00Z` : value),
      context,
      'Must be an RFC 3339 date-time, epoch milliseconds or a date (YYYY-MM-DD).',
    ),
  )
  .meta({ description: 'RFC 3339 date-time, epoch milliseconds, or a date, which means 00:00 UTC' });

/** RFC 3339, epoch milliseconds or a day in UTC, as an RFC 3339 instant. */
export const instantQuery = z
  .string()
  .transform((text, context) => {
    const parsed = /^\d{12,15}$/.test(text)
      ? Number(text)
      : parseInstant(isDay(text) ? `${text}T00:00:00Z` : text);
    const found = instantFrom(
      parsed,
      context,
      'Must be an RFC 3339 date-time, epoch milliseconds or a date (YYYY-MM-DD).',
    );
    return found === z.NEVER ? z.NEVER : formatInstant(found);
  })
  .meta({ description: 'RFC 3339 date-time, epoch milliseconds, or a date in UTC' });

/** Like `instantQuery`, but a bare day stays a day: usage is kept by the days of the organisation's zone. */
export const usageBound = z
  .union([z.string().refine(isDay), instantQuery])
  .meta({ description: "RFC 3339 date-time, epoch milliseconds, or a date in the organisation's time zone" });

export const year = z.int().min(2000).max(2999);
export const month = z.int().min(1).max(12);
export const yearQuery = z.coerce.number().pipe(year);
export const monthQuery = z.coerce.number().pipe(month);

/** An id that is not a UUID answers 404, like an unknown one. */
export const idParams = z.strictObject({ id: z.string().toLowerCase() });

export const pageQuery = {
  limit: z.coerce
    .number()
    .pipe(z.int().min(1))
    .transform((limit) => Math.min(limit, PAGE_LIMIT_MAX))
    .default(PAGE_LIMIT_DEFAULT),
  cursor: z.string().max(4096).optional(),
};

/** An RFC 3339 instant in an answer. */
export const time = z.string().meta({ format: 'date-time' });
export const money = z.string().meta({ description: 'Decimal with the number of decimals of its currency' });
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
  .loose()
  .meta({ id: 'Problem', description: 'RFC 9457 problem details' });
