import { describe, expect, test } from 'vitest';
import { CONTENT_FIELDS, contentText, hotText, namedContent } from '../../../src/ai/call-content.ts';
import { readGenerationRow } from '../../../src/ai/generation-row.ts';
import { canonicalJson } from '../../../src/core/canonical-json.ts';
import { accepted, type CallEvent, callOf, contentOf, faultsOf, keptOf, NOW, read } from '../../ai/calls.ts';

const PRICE_ID = '01a21f36-0000-7000-8000-000000000001';

describe('a call as it is accepted', () => {
  test('the least it can be', () => {
    const { generation, ...event } = accepted(read(callOf()));
    expect(event).toEqual({
      metric_name: 'ai.calls',
      metric_value: '1',
      unit: 'call',
      timestamp: null,
      user_id: null,
      metadata: '{}',
      idempotency_key: 'k1',
    });
    expect(generation.content).toBe('["anthropic","claude-sonnet-5","chat","740 255"]');
    expect(generation.metered).toEqual([
      ['ai.calls', 'call'],
      ['ai.input_tokens', 'token'],
      ['ai.output_tokens', 'token'],
    ]);
  });

  const ALL = {
    provider: 'OpenAI',
    model: 'gpt-5',
    scene: 'resume',
    generation_type: undefined,
    scene_description: 'tailors',
    user_id: 'u',
    session_id: 's',
    application_id: 'a',
    sku: 'pro',
    request_id: 'rq',
    response_id: 'rs',
    status: 'failed',
    error_code: '500',
    error_message: 'broke',
    duration_ms: 1234,
    service_tier: 'flex',
    tokens: {
      input: 1000,
      output: '500',
      cache_read: 200,
      cache_write_5m: 30,
      cache_write_1h: 4,
      reasoning: 100,
    },
    cost_usd: '0.0141450',
    input_summary: 'in',
    output_summary: 'out',
    request_data: { b: 1, a: [null] },
    response_data: 'text',
    ip_address: '::1',
    user_agent: 'curl',
    occurred_at: '2026-11-21T11:00:00.5Z',
  };

  test('all it can be: counts disjoint, the cost canonical, the scene as its type, the provider in lower case', () => {
    const event = accepted(read(callOf(ALL)));
    expect(event).toMatchObject({ user_id: 'u', timestamp: Date.UTC(2026, 10, 21, 11, 0, 0, 500) });
    const { scene, occurred_at, ...kept } = ALL;
    expect(keptOf(event.generation)).toEqual({
      ...kept,
      provider: 'openai',
      generation_type: scene,
      idempotency_key: 'k1',
      cost_usd: '0.014145',
      tokens: {
        input: '766',
        output: '400',
        cache_read: '200',
        cache_write_5m: '30',
        cache_write_1h: '4',
        reasoning: '100',
      },
    });
    expect(event.generation.metered.map(([name, unit]) => `${name} ${unit}`)).toEqual([
      'ai.calls call',
      'ai.input_tokens token',
      'ai.output_tokens token',
      'ai.cache_read_tokens token',
      'ai.cache_write_tokens token',
      'ai.cost_usd usd',
    ]);
  });

  test('what is kept is canonical JSON, and the ledger reads it', () => {
    for (const fields of [{}, ALL, { ...ALL, error_message: 'a"b\\c\u0001\n😀' }]) {
      const { content } = accepted(read(callOf(fields))).generation;
      expect(content).toBe(canonicalJson(JSON.parse(content)));
      expect(readGenerationRow(hotText(content, null), 'k1')).toMatchObject({
        idempotency_key: 'k1',
        model: fields === ALL ? 'gpt-5' : expect.any(String),
      });
    }
    const row = readGenerationRow(hotText(accepted(read(callOf(ALL))).generation.content, null), 'key');
    expect(row).toMatchObject({ cost_usd: 14_145_000_000n, cost_source: 'reported', duration_ms: 1234n });
    expect(row?.tokens).toMatchObject({ input: 766n, output: 400n, reasoning: 100n });
    expect(row?.request_data).toBe('{"a":[null],"b":1}');
  });

  test('every field has a place of its own, and is read from there', () => {
    const fields = Object.fromEntries(CONTENT_FIELDS.map((name) => [name, `${name} said`]));
    const values = Object.values(fields).map((text) => JSON.stringify(text));
    const { tokens, ...read } = namedContent(JSON.parse(contentText(values)));
    expect({ ...read, tokens: fields['tokens'] }).toEqual(fields);
    expect(tokens).toMatchObject({ input: 'tokens', output: 'said' });
    expect(namedContent([])).toMatchObject({ status: 'success' });
  });

  test('a row as it was written before, by names, is still read', () => {
    const named = {
      ...{ provider: 'p', model: 'm', generation_type: 'chat', status: 'failed', idempotency_key: 'own' },
      ...{ tokens: { input: '1', output: '2' }, priced: { cost_usd: '0.5', price_ids: [PRICE_ID] } },
    };
    const row = readGenerationRow(JSON.stringify(named), 'of the event');
    expect(row).toMatchObject({ status: 'failed', idempotency_key: 'own', cost_usd: 500_000_000_000n });
    expect(row?.price_ids).toEqual([PRICE_ID]);
    const content = '["p","m","chat","1 2",null,null,null,null,null,null,"failed"]';
    const now = readGenerationRow(hotText(content, `"0.5","${PRICE_ID}"`), 'own');
    expect(now).toEqual(row);
  });

  test('null is absent where a field is optional, and missing where it is required', () => {
    const optional = Object.keys(ALL).filter(
      (name) => !['provider', 'model', 'generation_type', 'tokens'].includes(name),
    );
    const nulls = Object.fromEntries(optional.map((name) => [name, null]));
    expect(read(callOf(nulls))).toEqual(read(callOf()));
    const none = { provider: null, model: null, generation_type: null, tokens: null, idempotency_key: null };
    expect(faultsOf(read(none))).toEqual([
      ['/3/provider', 'required'],
      ['/3/model', 'required'],
      ['/3/generation_type', 'required'],
      ['/3/tokens', 'required'],
      ['/3/idempotency_key', 'required'],
    ]);
  });

  test.each(['failed', 'timeout', 'cancelled'])(
    'a call that is %s may have no counts, and is one call',
    (status) => {
      const event = accepted(read(callOf({ status, tokens: undefined })));
      expect(event.generation.metered).toEqual([['ai.calls', 'call']]);
      expect(keptOf(event.generation)).toMatchObject({
        status,
        tokens: { input: '0', output: '0' },
      });
    },
  );

  test('scene is another name of generation_type: either, or both and equal', () => {
    expect(contentOf({ generation_type: undefined, scene: 'x' })).toMatchObject({ generation_type: 'x' });
    expect(contentOf({ scene: 'chat' })).toMatchObject({ generation_type: 'chat' });
    expect(faultsOf(read(callOf({ scene: 'other' })))).toEqual([['/3/scene', 'differs']]);
    expect(faultsOf(read(callOf({ generation_type: null, scene: 7 })))).toEqual([['/3/scene', 'wrong_type']]);
  });
});

describe('what is refused, in the order of the check', () => {
  test.each([null, undefined, true, 1, 'text', [], [callOf()]])('%j is no call', (raw) => {
    expect(faultsOf(read(raw))).toEqual([['/3', 'wrong_type']]);
  });

  const readBack = ({ generation, idempotency_key }: CallEvent) =>
    readGenerationRow(hotText(generation.content, null), idempotency_key);

  const TEXTS: [string, number][] = [
    ['provider', 64],
    ['model', 255],
    ['generation_type', 128],
    ['user_id', 255],
    ['session_id', 255],
    ['application_id', 255],
    ['sku', 128],
    ['request_id', 255],
    ['response_id', 255],
    ['error_code', 128],
    ['service_tier', 64],
    ['ip_address', 64],
    ['idempotency_key', 255],
  ];
  /** Bounded in bytes as well. */
  const BYTES = new Set(['provider', 'model']);
  const rows = TEXTS.flatMap(([field, max]): [string, string, unknown, string][] => [
    [field, 'a number', 7, 'wrong_type'],
    [field, 'an object', {}, 'wrong_type'],
    [field, 'empty', '', 'too_short'],
    [field, 'one character', 'x', 'accepted'],
    [field, `${max} characters`, 'x'.repeat(max), 'accepted'],
    [field, `${max + 1} characters`, 'x'.repeat(max + 1), 'too_long'],
    [field, `${max} characters of two units`, '😀'.repeat(max), BYTES.has(field) ? 'too_long' : 'accepted'],
    [field, 'a lone surrogate', 'a\ud800', 'not_unicode'],
    [field, 'U+0000', 'a\0b', 'not_unicode'],
  ]);
  test.each(rows)('%s: %s', (field, _, value, code) => {
    const event = read(callOf({ [field]: value }));
    expect(faultsOf(event)).toEqual(code === 'accepted' ? [] : [[`/3/${field}`, code]]);
    if (code === 'accepted') expect(readBack(accepted(event))).toHaveProperty(field, value);
  });

  test.each<[string, unknown, string]>([
    ['model', '模'.repeat(86), 'too_long'],
    ['provider', '模'.repeat(22), 'too_long'],
    ['status', 'ok', 'not_allowed'],
    ['status', 'Success', 'not_allowed'],
    ['status', 1, 'not_allowed'],
    ['duration_ms', '5', 'wrong_type'],
    ['duration_ms', 1.5, 'not_integer'],
    ['duration_ms', Number.POSITIVE_INFINITY, 'not_integer'],
    ['duration_ms', -1, 'negative'],
    ['duration_ms', 2_147_483_648, 'too_large'],
    ['cost_usd', true, 'wrong_type'],
    ['cost_usd', '', 'not_decimal'],
    ['cost_usd', '1e-7', 'not_decimal'],
    ['cost_usd', '-0.1', 'negative'],
    ['cost_usd', '0.0000000000001', 'too_many_digits'],
    ['cost_usd', '9'.repeat(27), 'too_many_digits'],
    ['scene_description', 7, 'wrong_type'],
    ['error_message', {}, 'wrong_type'],
    ['input_summary', [], 'wrong_type'],
    ['output_summary', true, 'wrong_type'],
    ['user_agent', 1, 'wrong_type'],
    ['occurred_at', 'yesterday', 'not_a_time'],
    ['occurred_at', 1_700_000_000, 'seconds_not_milliseconds'],
    ['occurred_at', '1999-12-31T23:59:59Z', 'too_old'],
    ['occurred_at', NOW + 3_600_001, 'in_the_future'],
    ['tokens', [], 'wrong_type'],
    ['tokens', 5, 'wrong_type'],
    ['request_data', JSON.parse('[1e400]'), 'not_finite'],
    ['response_data', JSON.parse(`${'['.repeat(65)}${']'.repeat(65)}`), 'too_deep'],
    ['a/b', 1, 'unknown_field'],
    ['input', 1, 'unknown_field'],
    ['convention', 'disjoint', 'unknown_field'],
    ['metadata', {}, 'unknown_field'],
  ])('%s %.40j: %s', (field, value, code) => {
    const place = field.replace('/', '~1');
    expect(faultsOf(read(callOf({ [field]: value })))).toEqual([[`/3/${place}`, code]]);
  });

  test('a payload of 200,000 levels is refused, not walked', () => {
    const deep: unknown = JSON.parse(`${'["\\ud800",'.repeat(200_000)}1${']'.repeat(200_000)}`);
    expect(faultsOf(read(callOf({ request_data: deep })))).toEqual([['/3/request_data', 'too_deep']]);
  });

  test.each([
    [0, '0'],
    [2_147_483_647, '2147483647'],
  ])('duration_ms %i is kept', (value, text) => {
    expect(accepted(read(callOf({ duration_ms: value }))).generation.content).toContain(`,null,${text}]`);
  });

  test('every fault of a call is told at once', () => {
    const bad = {
      provider: '',
      scene: 1,
      status: 'x',
      duration_ms: -1,
      tokens: { input: 1, x: 0 },
      cost_usd: 'x',
      y: 0,
    };
    expect(faultsOf(read({ ...bad, occurred_at: 1 }))).toEqual([
      ['/3/provider', 'too_short'],
      ['/3/model', 'required'],
      ['/3/scene', 'wrong_type'],
      ['/3/status', 'not_allowed'],
      ['/3/duration_ms', 'negative'],
      ['/3/tokens/output', 'required'],
      ['/3/tokens/x', 'unknown_field'],
      ['/3/cost_usd', 'not_decimal'],
      ['/3/occurred_at', 'seconds_not_milliseconds'],
      ['/3/idempotency_key', 'required'],
      ['/3/y', 'unknown_field'],
    ]);
  });
});
