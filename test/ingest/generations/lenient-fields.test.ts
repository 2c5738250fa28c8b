/** The fields in which more than one notation is good, and any input whatever. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hotText } from '../../../src/ai/call-content.ts';
import { readGenerationRow } from '../../../src/ai/generation-row.ts';
import { readGeneration } from '../../../src/ingest/generations/read-generation.ts';
import { accepted, callOf, contentOf, faultsOf, keptOf, NOW, read } from '../../ai/calls.ts';

describe('a cost', () => {
  test.each([
    ['0', '0'],
    ['-0', '0'],
    ['0.014145', '0.014145'],
    ['1e-7', '0.0000001'],
    ['1E-07', '0.0000001'],
    ['1.50e-5', '0.000015'],
    ['12.5e1', '125'],
    ['12.5e0', '12.5'],
    ['1.25e1', '12.5'],
    ['2e+3', '2000'],
    ['0e-99', 'too_many_digits'],
    ['1e-13', 'too_many_digits'],
    ['1e99', 'imprecise_number'],
    ['1e100', 'not_decimal'],
    ['-1e-7', 'negative'],
    ['0.30000000000000004', 'imprecise_number'],
  ])('as the number %s: %s', (token, expected) => {
    const event = read(callOf({ cost_usd: JSON.parse(token) }), token);
    if (/^[0-9.]+$/.test(expected)) expect(keptOf(accepted(event).generation)['cost_usd']).toBe(expected);
    else expect(faultsOf(event)).toEqual([['/3/cost_usd', expected]]);
  });

  test('of 0 is a cost, and none is not 0', () => {
    expect(contentOf({ cost_usd: '0' })).toHaveProperty('cost_usd', '0');
    expect(contentOf()).not.toHaveProperty('cost_usd');
  });
});

describe('what people read', () => {
  test.each([
    ['empty is absent', '', undefined],
    ['2,048 units', 'x'.repeat(2048), 'x'.repeat(2048)],
    ['2,049 units are cut', 'x'.repeat(2049), `${'x'.repeat(2047)}…`],
    ['a pair at the cut goes whole', `${'x'.repeat(2046)}😀y`, `${'x'.repeat(2046)}…`],
    ['a pair before the cut stays', `${'x'.repeat(2045)}😀yz`, `${'x'.repeat(2045)}😀…`],
    ['a lone surrogate', 'a\ud83d', 'a\ufffd'],
    ['a lone low surrogate at the cut', `${'x'.repeat(2046)}\udc00yz`, `${'x'.repeat(2046)}\ufffd…`],
    ['U+0000', 'a\0b', 'a\ufffdb'],
  ])('%s', (_, sent, kept) => {
    for (const field of [
      'scene_description',
      'error_message',
      'input_summary',
      'output_summary',
      'user_agent',
    ]) {
      expect(contentOf({ [field]: sent })[field]).toBe(kept);
    }
  });
});

test('no JSON whatever makes the reader throw or accept what the ledger cannot read', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue());
  const number = fc.oneof(fc.string(), fc.double(), fc.nat(), fc.jsonValue());
  const any = fc.oneof(fc.jsonValue({ stringUnit: 'binary' }), fc.object());
  const tokens = fc.record(
    { input: number, output: number, cache_read: number, reasoning: number, convention: text },
    { requiredKeys: [] },
  );
  const raw = fc.record(
    {
      provider: fc.oneof(fc.constantFrom('openai', 'anthropic', '__proto__'), text),
      model: text,
      generation_type: text,
      response_id: text,
      error_message: text,
      duration_ms: number,
      tokens: fc.oneof(tokens, any),
      cost_usd: number,
      request_data: any,
      response_data: any,
      occurred_at: number,
      idempotency_key: text,
    },
    { requiredKeys: [] },
  );
  let count = 0;
  fc.assert(
    fc.property(fc.oneof({ weight: 5, arbitrary: raw }, fc.jsonValue()), fc.boolean(), (sent, whole) => {
      const changed = typeof sent === 'object' && sent !== null && !Array.isArray(sent) ? sent : {};
      const body: unknown = JSON.parse(
        JSON.stringify(whole ? callOf({ ...changed, tokens: { input: 1, output: 1 } }) : sent),
      );
      const event = readGeneration(body, undefined, NOW, '');
      if (Array.isArray(event)) return;
      count += 1;
      const content = event.generation?.content ?? '';
      expect(content).not.toContain('\\u0000');
      expect(readGenerationRow(hotText(content, null), event.idempotency_key)).not.toBeNull();
    }),
    { numRuns: 3000 },
  );
  expect(count).toBeGreaterThan(20);
});
