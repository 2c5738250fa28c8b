import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import {
  generationSchema,
  generationsBodySchema,
} from '../../../src/ingest/generations/generation-schema.ts';
import { callOf, faultsOf, read } from '../../ai/calls.ts';

/** Faults that JSON Schema cannot express: the schema accepts them, and only the hand-written reader rejects them. */
const BEYOND_SCHEMA = new Set([
  'not_unicode',
  'imprecise_number',
  'not_a_time',
  'too_old',
  'in_the_future',
  'too_deep',
  'not_finite',
  'less_than_parts',
  'differs',
  'required',
]);

/** The places that the reader or the schema rejects, without faults that the schema cannot express. */
function compare(raw: Record<string, unknown>): { reader: string[]; schema: string[]; isGood: boolean } {
  const token = typeof raw['cost_usd'] === 'number' ? '1' : undefined;
  const faults = faultsOf(read(raw, token)).map(([pointer, code]) => ({
    place: pointer.slice('/3/'.length),
    code,
  }));
  const beyond = new Set(faults.filter(({ code }) => BEYOND_SCHEMA.has(code)).map(({ place }) => place));
  const issues = generationSchema.safeParse(raw).error?.issues ?? [];
  const places = issues.flatMap((issue): string[] => {
    const path = issue.path.filter((part) => typeof part === 'string').join('/');
    if (issue.code !== 'unrecognized_keys') return [path];
    return issue.keys.map((key) => (path === '' ? key : `${path}/${key}`));
  });
  const unique = (list: string[]): string[] =>
    [...new Set(list)].filter((place) => !beyond.has(place)).sort();
  return {
    reader: unique(faults.map(({ place }) => place)),
    schema: unique(places),
    isGood: faults.length === 0,
  };
}

const wrong = fc.constantFrom<unknown>(null, true, 0, 1.5, [], {}, 'x', '');
const text = fc.oneof(
  ...[64, 128, 255].flatMap((max) => [fc.constant('x'.repeat(max)), fc.constant('😀'.repeat(max + 1))]),
  fc.string({ unit: 'binary', maxLength: 10 }),
  wrong,
);
const count = fc.oneof(
  fc.nat(),
  fc.stringMatching(/^[0-9]{0,14}$/),
  fc.constantFrom<unknown>(-1, 1e12, '-1', 1e12 - 1),
  wrong,
);
const tokens = fc.record(
  { input: count, output: count, cache_read: count, reasoning: count, convention: text, x: wrong },
  { requiredKeys: ['input', 'output'] },
);
const field: Record<string, fc.Arbitrary<unknown>> = {
  provider: text,
  model: text,
  scene_description: text,
  user_id: text,
  sku: text,
  response_id: text,
  error_code: text,
  ip_address: text,
  user_agent: text,
  status: fc.oneof(fc.constantFrom<unknown>('success', 'failed', 'x'), wrong),
  duration_ms: fc.oneof(fc.nat(), fc.constantFrom<unknown>(2 ** 31, -1), wrong),
  tokens: fc.oneof({ weight: 4, arbitrary: tokens }, wrong),
  cost_usd: fc.oneof(
    fc.stringMatching(/^-?[0-9]{0,28}(\.[0-9]{0,14})?$/),
    fc.constantFrom<unknown>('-0.0', '-1'),
    wrong,
  ),
  request_data: fc.oneof(fc.jsonValue(), wrong),
  occurred_at: fc.oneof(
    fc.constantFrom<unknown>('2026-11-21T10:00:00Z', 99_999_999_999, 100_000_000_000),
    wrong,
  ),
  idempotency_key: text,
  extra: wrong,
};

test('the reader and the schema refuse the same fields, as far as a schema can say', () => {
  const seen = { good: 0, bad: 0 };
  fc.assert(
    fc.property(
      fc.record(field, { requiredKeys: [] }),
      fc.shuffledSubarray(Object.keys(field), { maxLength: 3 }),
      (all, kept) => {
        const changes = Object.fromEntries(
          kept.filter((name) => name in all).map((name) => [name, all[name]]),
        );
        const raw = JSON.parse(JSON.stringify(callOf(changes))) as Record<string, unknown>;
        const { reader, schema, isGood } = compare(raw);
        expect(schema, JSON.stringify(raw)).toEqual(reader);
        seen[isGood ? 'good' : 'bad'] += 1;
      },
    ),
    { numRuns: 3000 },
  );
  expect(Math.min(seen.good, seen.bad)).toBeGreaterThan(300);
});

test('either refuses a call without what is required', () => {
  for (const name of ['provider', 'model', 'idempotency_key']) {
    const { [name]: _, ...rest } = callOf();
    expect(generationSchema.safeParse(rest).success).toBe(false);
    expect(faultsOf(read(rest))).toEqual([[`/3/${name}`, 'required']]);
  }
});

describe('as JSON Schema', () => {
  const { $defs = {} } = z.toJSONSchema(generationsBodySchema, { io: 'input' });

  test('it names the limits, what is required, how vendors count, and refuses unknown fields', () => {
    expect($defs['Generation']).toMatchObject({
      additionalProperties: false,
      required: ['provider', 'model', 'idempotency_key'],
      properties: { provider: { minLength: 1, maxLength: 64 }, duration_ms: {} },
    });
    expect(Object.keys($defs['Generation']?.properties ?? {})).toHaveLength(26);
    expect($defs['GenerationTokens']?.description).toContain('openrouter');
  });
});
