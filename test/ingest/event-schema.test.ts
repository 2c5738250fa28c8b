import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { Fault } from '../../src/core/error.ts';
import { readEvent } from '../../src/ingest/event.ts';
import { eventSchema, eventsBodySchema } from '../../src/ingest/event-schema.ts';

const NOW = Date.UTC(2026, 10, 21, 12);

/** Faults that JSON Schema cannot express: the schema accepts them, and only the hand-written reader rejects them. */
const BEYOND_SCHEMA = new Set([
  'not_unicode',
  'imprecise_number',
  'not_a_time',
  'too_old',
  'in_the_future',
  'too_deep',
  'too_large',
  'not_finite',
]);

const faultsOf = (raw: unknown): Fault[] => {
  const token =
    typeof (raw as { metric_value?: unknown } | null)?.metric_value === 'number' ? '1' : undefined;
  const event = readEvent(raw, token, NOW, '');
  return Array.isArray(event) ? event : [];
};
/** The fields that the schema rejects. An unknown field is listed under its own name. */
const refusedBySchema = (raw: unknown): string[] => {
  const result = eventSchema.safeParse(raw);
  const places = (result.error?.issues ?? []).flatMap((issue): string[] =>
    issue.code === 'unrecognized_keys' ? issue.keys : [String(issue.path[0] ?? '')],
  );
  return [...new Set(places)].sort();
};

const characters = (max: number) =>
  fc.oneof(
    fc.constantFrom(
      '',
      'x',
      'x'.repeat(max),
      'x'.repeat(max + 1),
      '😀'.repeat(max),
      '😀'.repeat(max + 1),
      'a\0',
    ),
    fc.string({ unit: 'binary' }),
  );
const wrong = fc.constantFrom<unknown>(null, true, 0, 1.5, [], {}, 'x');
const quantity = fc.oneof(
  fc.stringMatching(/^-?[0-9]{0,28}(\.[0-9]{0,14})?$/),
  fc.constantFrom<unknown>(
    '+1',
    '1e3',
    '',
    '-',
    '1.',
    '.1',
    '0'.repeat(30),
    `${'0'.repeat(30)}1`,
    5,
    1.5,
    -0,
  ),
);
const timestamp = fc.oneof(
  fc.constantFrom<unknown>('2026-11-21T10:00:00Z', 'nonsense', 99_999_999_999, 100_000_000_000, NOW, 1.5, 0),
  fc.integer(),
);
const anyEvent = fc.record(
  {
    metric_name: fc.oneof({ weight: 4, arbitrary: characters(128) }, wrong),
    metric_value: fc.oneof({ weight: 4, arbitrary: quantity }, wrong),
    unit: fc.oneof({ weight: 4, arbitrary: characters(64) }, wrong),
    idempotency_key: fc.oneof({ weight: 4, arbitrary: characters(255) }, wrong),
    user_id: fc.oneof(characters(255), wrong),
    timestamp: fc.oneof({ weight: 4, arbitrary: timestamp }, wrong),
    metadata: fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), wrong),
    extra: wrong,
  },
  { requiredKeys: [] },
);

test('the reader and the schema refuse the same fields, as far as a schema can say', () => {
  const seen = { good: 0, bad: 0 };
  fc.assert(
    fc.property(anyEvent, (sent) => {
      const raw: unknown = JSON.parse(JSON.stringify(sent));
      const all = faultsOf(raw);
      const within = all
        .filter(({ code }) => !BEYOND_SCHEMA.has(code))
        .map(({ pointer }) => pointer.slice(1));
      // The reader reports one fault per field, schema faults first, so none of these hides a schema fault.
      const beyond = new Set(
        all.filter(({ code }) => BEYOND_SCHEMA.has(code)).map(({ pointer }) => pointer.slice(1)),
      );
      const said = refusedBySchema(raw).filter((field) => !beyond.has(field));
      expect(said).toEqual([...new Set(within)].sort());
      if (all.length === 0) seen.good += 1;
      else seen.bad += 1;
    }),
    { numRuns: 5000 },
  );
  expect(seen.bad).toBeGreaterThan(100);
});

test('what the reader accepts the schema accepts too', () => {
  const good = fc.record(
    {
      metric_name: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
      metric_value: fc.stringMatching(/^-?[0-9]{1,26}(\.[0-9]{1,12})?$/),
      unit: fc.string({ maxLength: 20 }),
      idempotency_key: fc.string({ minLength: 1, maxLength: 255 }),
      user_id: fc.option(fc.string({ minLength: 1 })),
      timestamp: fc.option(fc.integer({ min: Date.UTC(2000, 0, 1), max: NOW + 3_600_000 })),
      metadata: fc.option(fc.dictionary(fc.string(), fc.integer())),
    },
    { requiredKeys: ['metric_name', 'metric_value', 'unit', 'idempotency_key'] },
  );
  let accepted = 0;
  fc.assert(
    fc.property(good, (sent) => {
      const raw: unknown = JSON.parse(JSON.stringify(sent));
      if (faultsOf(raw).length > 0) return;
      accepted += 1;
      expect(refusedBySchema(raw)).toEqual([]);
    }),
    { numRuns: 1000 },
  );
  expect(accepted).toBeGreaterThan(500);
});

describe('as JSON Schema', () => {
  const { $defs = {} } = z.toJSONSchema(eventsBodySchema, { io: 'input' });

  test('it names the limits in code points, what is required, and refuses unknown fields', () => {
    const event = $defs['Event'];
    expect(event).toMatchObject({
      additionalProperties: false,
      required: ['metric_name', 'metric_value', 'unit', 'idempotency_key'],
      properties: {
        metric_name: { type: 'string', minLength: 1, maxLength: 128 },
        unit: { minLength: 0, maxLength: 64 },
        idempotency_key: { minLength: 1, maxLength: 255 },
      },
    });
    expect(Object.keys(event?.properties ?? {})).toHaveLength(7);
  });
});
