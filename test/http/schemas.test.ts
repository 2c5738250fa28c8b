import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { AppError } from '../../src/core/error.ts';
import { instant, instantOrDay } from '../../src/http/schemas.ts';
import { taxIds } from '../../src/http/tax-schemas.ts';
import { validate } from '../../src/http/validate.ts';

const DAY_MS = Date.parse('2026-02-01T00:00:00Z');

/** The parsed value, or its faults as `pointer code`. */
function read(schema: z.ZodType, value: unknown): unknown {
  try {
    return validate(schema, value, '');
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return error.errors.map(({ pointer, code }) => `${pointer} ${code}`);
  }
}

describe('a moment where a day will do', () => {
  const body = z.strictObject({ at: instantOrDay });
  test.each<[string, unknown, unknown]>([
    ['RFC 3339', '2026-02-01T05:30:00+05:30', { at: DAY_MS }],
    ['epoch milliseconds', DAY_MS, { at: DAY_MS }],
    ['a day: its first moment in UTC', '2026-02-01', { at: DAY_MS }],
    ['a day that is none', '2026-02-29', ['/at invalid']],
    ['the year 0', '0000-12-31', ['/at invalid']],
    ['a month', '2026-02', ['/at invalid']],
    ['epoch seconds', DAY_MS / 1000, ['/at too_short']],
    ['nothing', undefined, ['/at required']],
    ['null', null, ['/at invalid']],
  ])('%s', (_, at, expected) => {
    expect(read(body, { at })).toEqual(expected);
  });

  test('elsewhere a day is no moment', () => {
    expect(read(z.strictObject({ at: instant }), { at: '2026-02-01' })).toEqual(['/at invalid']);
  });
});

describe('tax ids', () => {
  const gstin = '29AAGCB7383J1Z4';
  const body = z.strictObject({ tax_ids: taxIds.optional() });
  test.each<[string, unknown, unknown]>([
    ['none', undefined, {}],
    ['a list', [{ type: 'gstin', value: gstin }], { tax_ids: [{ type: 'gstin', value: gstin }] }],
    [
      'by their types, listed in the order of the types',
      { other: 'X', gstin },
      {
        tax_ids: [
          { type: 'gstin', value: gstin },
          { type: 'other', value: 'X' },
        ],
      },
    ],
    ['an empty object', {}, { tax_ids: [] }],
    ['a fault within a list', [{ type: 'gstin', value: 'x' }], ['/tax_ids/0/value invalid_format']],
    ['eleven', new Array(11).fill({ type: 'other', value: 'X' }), ['/tax_ids too_long']],
    ['a GSTIN that is none, by its type', { gstin: 'X' }, ['/tax_ids/gstin invalid_format']],
    ['a VAT ID that is none, by its type', { eu_vat: 'X' }, ['/tax_ids/eu_vat invalid_format']],
    ['an unknown type', { vat: 'X' }, ['/tax_ids/vat unknown_field']],
    ['neither a list nor an object', gstin, ['/tax_ids invalid']],
  ])('%s', (_, tax_ids, expected) => {
    expect(read(body, { tax_ids })).toEqual(expected);
  });
});

test('an unknown field is told before what is missing', () => {
  expect(read(z.strictObject({ effective_to: instant }), { rate: '2' })).toEqual([
    '/rate unknown_field',
    '/effective_to required',
  ]);
});
