import { describe, expect, test } from 'vitest';
import { CONTENT_FIELDS, contentText } from '../../src/ai/call-content.ts';
import { ARRIVAL_FIELDS, fillsAny } from '../../src/ai/fillable-fields.ts';
import { accepted, callOf, read } from './calls.ts';

const keyOf = (fields: Record<string, unknown> = {}): [string, string] => {
  const { idempotency_key, generation } = accepted(read(callOf(fields)));
  return [idempotency_key, generation.fingerprint];
};
const WITH_ID = { response_id: 'r1' };

describe('with a response_id', () => {
  test('key and fingerprint are of provider and response_id alone, and known', () => {
    // sha256("anthropic\0r1") and sha256("\x02\0anthropic\0r1"), by another implementation.
    expect(keyOf(WITH_ID)).toEqual([
      'ai:ayJqulS6IJHP0P7T0KgghZW--vYnEyN6pA0WvT6RY7k',
      'ZheECkRszCKQebHSnGreZvMJprX2GT8wyImuI58jGQc',
    ]);
  });

  test.each<[string, Record<string, unknown>]>([
    ['another key', { idempotency_key: 'k2' }],
    ['other counts', { tokens: { input: 1, output: 1 } }],
    ['another model', { model: 'x' }],
    ['another instant', { occurred_at: '2026-01-01T00:00:00Z' }],
    ['another user', { user_id: 'u' }],
    ['payloads', { request_data: {} }],
    ['the provider in capitals', { provider: 'Anthropic' }],
  ])('%s is the same call', (_, fields) => {
    expect(keyOf({ ...WITH_ID, ...fields })).toEqual(keyOf(WITH_ID));
  });

  test('a provider by another of its names is the same one', () => {
    const byName = (provider: string) => keyOf({ ...WITH_ID, provider });
    expect(byName('gcp.gemini')).toEqual(byName('google'));
    expect(byName('aws.bedrock')).toEqual(byName('Bedrock'));
    expect(byName('azure.ai.openai')).not.toEqual(byName('openai'));
  });

  test.each<[string, Record<string, unknown>]>([
    ['another response', { response_id: 'r2' }],
    ['another provider', { provider: 'openai' }],
  ])('%s is another call', (_, fields) => {
    const [key, fingerprint] = keyOf({ ...WITH_ID, ...fields });
    expect([key, fingerprint]).not.toContain(keyOf(WITH_ID)[0]);
    expect([key, fingerprint]).not.toContain(keyOf(WITH_ID)[1]);
  });
});

describe('without', () => {
  test("the key is the sender's own", () => {
    expect(keyOf()[0]).toBe('k1');
  });

  test.each<[string, Record<string, unknown>]>([
    ['the notation of counts', { tokens: { output: '255', input: '0740', cache_read: 0 } }],
    ['the name of the scene', { generation_type: undefined, scene: 'chat' }],
    ['a status that is the default', { status: 'success' }],
    ['nulls', { request_data: null, cost_usd: null, tokens: { input: 740, output: 255, reasoning: null } }],
    ['a convention that changes nothing', { tokens: { input: 740, output: 255, convention: 'inclusive' } }],
  ])('%s is the same content', (_, fields) => {
    expect(keyOf(fields)).toEqual(keyOf());
  });

  test.each<[string, Record<string, unknown>]>([
    ['model', { model: 'x' }],
    ['tokens', { tokens: { input: 741, output: 255 } }],
    ['cost_usd', { cost_usd: '0' }],
    ['user_id', { user_id: 'u' }],
    ['occurred_at', { occurred_at: '2026-01-01T00:00:00Z' }],
    ['request_data', { request_data: [] }],
    ['status', { status: 'failed' }],
  ])('another %s is other content', (_, fields) => {
    expect(keyOf(fields)[1]).not.toBe(keyOf()[1]);
  });
});

describe('what a later arrival fills', () => {
  const contentWith = (fields: Readonly<Record<string, string>>): string =>
    contentText(
      CONTENT_FIELDS.map((name) => (fields[name] === undefined ? null : JSON.stringify(fields[name]))),
    );

  test('is what the first lacks, and never what a call is metered and priced by', () => {
    const all = (1 << ARRIVAL_FIELDS.length) - 1;
    ARRIVAL_FIELDS.forEach((field, bit) => {
      const content = contentWith({ [field]: 'x' });
      expect(fillsAny(content, all)).toBe(true);
      expect(fillsAny(content, 1 << bit)).toBe(true);
      expect(fillsAny(content, all & ~(1 << bit))).toBe(false);
    });
    const metered = { cost_usd: '1', model: 'm', service_tier: 'batch', status: 'failed', tokens: '5 0' };
    expect(fillsAny(contentWith(metered), all)).toBe(false);
    expect(fillsAny('not even read', 0)).toBe(false);
  });
});
