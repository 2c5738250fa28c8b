/** What is read of a call's span: counts, cost, outcome, whose it is and which. */
import { describe, expect, test } from 'vitest';
import { callOf, countsOf, sorted } from './calls.ts';
import { type AttributeFields, bareSpan, spanOf } from './spans.ts';

const tokensOf = (attributes: AttributeFields): unknown => callOf(bareSpan(attributes))['tokens'];

describe('counts of tokens', () => {
  const chat = { 'gen_ai.operation.name': 'chat', 'gen_ai.system': 'openai', 'gen_ai.request.model': 'm' };
  test.each<[string, AttributeFields, unknown]>([
    ['input alone', { 'gen_ai.usage.input_tokens': 5 }, { input: '5', output: '0' }],
    ['output alone', { 'gen_ai.usage.output_tokens': 5 }, { input: '0', output: '5' }],
    ['none used', { 'gen_ai.usage.input_tokens': 0 }, { input: '0', output: '0' }],
    [
      'as doubles',
      { 'gen_ai.usage.input_tokens': 5, 'gen_ai.usage.output_tokens': '7' },
      { input: '5', output: '7' },
    ],
    [
      'the rest of a total',
      { 'gen_ai.usage.input_tokens': 5, 'gen_ai.usage.total_tokens': 12 },
      { input: '5', output: '7' },
    ],
    [
      'the rest of a total, of the other side',
      { 'gen_ai.usage.output_tokens': 5, 'llm.usage.total_tokens': 12 },
      { input: '7', output: '5' },
    ],
    [
      'the whole of the input from the cache',
      { 'gen_ai.usage.input_tokens': 5, 'gen_ai.usage.cache_read.input_tokens': 5 },
      { input: '0', output: '0', cache_read: '5' },
    ],
    [
      'more from the cache than the input, which then did not hold it',
      { 'gen_ai.usage.input_tokens': 5, 'gen_ai.usage.cache_read.input_tokens': 6 },
      { input: '5', output: '0', cache_read: '6' },
    ],
    [
      'more reasoning than output, which then did not hold it',
      { 'gen_ai.usage.output_tokens': 5, 'gen_ai.usage.reasoning_tokens': 6 },
      { input: '0', output: '5', reasoning: '6' },
    ],
    [
      'NaN, which is what was not told, beside an older name',
      { 'gen_ai.usage.input_tokens': Number.NaN, 'gen_ai.usage.prompt_tokens': 4 },
      { input: '4', output: '0' },
    ],
    [
      'the most that a call may have',
      { 'gen_ai.usage.input_tokens': 999_999_999_999 },
      { input: '999999999999', output: '0' },
    ],
    [
      'details of Langfuse that are none',
      { 'langfuse.observation.usage_details': '{}', 'gen_ai.usage.input_tokens': 3 },
      { input: '3', output: '0' },
    ],
    [
      'details of Langfuse that are no JSON',
      { 'langfuse.observation.usage_details': '{', 'gen_ai.usage.input_tokens': 3 },
      { input: '3', output: '0' },
    ],
  ])('%s', (_, attributes, tokens) => {
    expect(tokensOf({ ...chat, ...attributes })).toEqual(tokens);
  });

  test.each<[string, AttributeFields]>([
    ['negative', { 'gen_ai.usage.input_tokens': -1 }],
    ['a fraction', { 'gen_ai.usage.input_tokens': 1.5 }],
    ['a word', { 'gen_ai.usage.output_tokens': 'many' }],
    ['a flag', { 'gen_ai.usage.output_tokens': true }],
    ['endless', { 'gen_ai.usage.output_tokens': Number.POSITIVE_INFINITY }],
    ['beyond what a call may have', { 'gen_ai.usage.input_tokens': 1_000_000_000_000 }],
    ['a fraction in details of Langfuse', { 'langfuse.observation.usage_details': '{"input":1.5}' }],
    ['negative in a part', { 'gen_ai.usage.input_tokens': 5, 'gen_ai.usage.cache_read.input_tokens': -1 }],
  ])('%s refuses the span', (_, attributes) => {
    const traces = sorted([bareSpan({ ...chat, ...attributes }), spanOf()]);
    expect(countsOf(traces)).toEqual([1, 1, 0, 0]);
    expect(traces.refused[0]?.reason).toMatch(/^Span [0-9a-f]{16} of trace [0-9a-f]{32}: /);
  });

  test.each<[string, AttributeFields]>([
    ['nothing', {}],
    ['a total alone', { 'gen_ai.usage.total_tokens': 12 }],
    ['a total of Langfuse alone', { 'langfuse.observation.usage_details': '{"total":12}' }],
    ['an empty text', { 'gen_ai.usage.input_tokens': '' }],
  ])('%s leaves a call without a price', (_, attributes) => {
    const traces = sorted([bareSpan({ ...chat, ...attributes })]);
    expect(countsOf(traces)).toEqual([0, 0, 1, 0]);
    expect(traces.lacking[0]?.reason).toMatch(/neither token counts/);
  });
});

describe('what a call cost', () => {
  const costOf = (attributes: AttributeFields): unknown => callOf(spanOf({ attributes }))['cost_usd'];
  const details = (json: string): AttributeFields => ({ 'langfuse.observation.cost_details': json });
  test.each<[string, AttributeFields, string | undefined]>([
    ['a double in short', { 'gen_ai.usage.cost': 0.1 }, '0.1'],
    ['a tiny double', { 'gen_ai.usage.cost': 1.5e-7 }, '0.00000015'],
    ['an integer', { 'gen_ai.usage.cost': 2 }, '2'],
    ['a text, all of it', { 'gen_ai.usage.cost': '0.000000000123' }, '0.000000000123'],
    ['half a unit of the last place', { 'gen_ai.usage.cost': '0.0000000000005' }, '0.000000000001'],
    ['less than half', { 'gen_ai.usage.cost': '0.00000000000049' }, '0'],
    ['zero, which is what nobody knows', { 'gen_ai.usage.cost': 0 }, undefined],
    ['negative', { 'gen_ai.usage.cost': -1 }, undefined],
    ['NaN', { 'gen_ai.usage.cost': Number.NaN }, undefined],
    ['beyond all', { 'gen_ai.usage.cost': 1e300 }, undefined],
    ['no number', { 'gen_ai.usage.cost': 'free' }, undefined],
    ['a total of Langfuse', details('{"input":1,"total":0.30000000000000004}'), '0.3'],
    ['the sum of its parts', details('{"input":0.1,"output":0.2}'), '0.3'],
    ['zero of Langfuse, which somebody said', details('{"total":0}'), '0'],
    ['a part that is none', details('{"input":0.1,"output":"x"}'), undefined],
  ])('%s', (_, attributes, cost) => {
    expect(costOf(attributes)).toBe(cost);
  });
});

describe('how a call ended', () => {
  test.each<[string, Parameters<typeof spanOf>[0], Record<string, unknown>]>([
    ['well', {}, { status: 'success' }],
    ['well, and said so', { status: { code: 1, message: '' } }, { status: 'success' }],
    ['well, with a remark', { status: { code: 1, message: 'fine' } }, { status: 'success' }],
    [
      'with a status of error',
      { status: { code: 2, message: 'overloaded' } },
      { status: 'failed', error_message: 'overloaded' },
    ],
    [
      'with a type of error',
      { attributes: { 'error.type': '500' } },
      { status: 'failed', error_code: '500' },
    ],
    [
      'too late',
      { status: { code: 2, message: '' }, attributes: { 'error.type': 'TimeoutError' } },
      { status: 'timeout', error_code: 'TimeoutError' },
    ],
    ['broken off', { attributes: { 'error.type': 'AbortError' } }, { status: 'cancelled' }],
    [
      'badly, in the words of Langfuse',
      { attributes: { 'langfuse.observation.level': 'ERROR', 'langfuse.observation.status_message': 'no' } },
      { status: 'failed', error_message: 'no' },
    ],
    [
      'with a long type of error, cut',
      { attributes: { 'error.type': 'x'.repeat(500) } },
      { error_code: 'x'.repeat(128) },
    ],
  ])('%s', (_, fields, expected) => {
    expect(callOf(spanOf(fields))).toMatchObject(expected);
  });

  test('badly and without any usage, it is a failed call of no tokens', () => {
    const span = bareSpan(
      { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': 'm' },
      { status: { code: 2, message: 'no' } },
    );
    expect(callOf(span)).toMatchObject({ status: 'failed', tokens: { input: '0', output: '0' } });
  });

  test('not yet, and without usage, it is the first half of one that will', () => {
    const begun = {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'm',
    };
    expect(countsOf(sorted([bareSpan(begun, { end: 0n })]))).toEqual([0, 0, 0, 1]);
    expect(callOf(spanOf({ end: 0n }))).not.toHaveProperty('duration_ms');
  });
});

describe('whose a call is', () => {
  const span = (attributes: AttributeFields) => spanOf({ attributes });
  const headers = {
    'x-meterbook-user': 'header-user',
    'x-meterbook-customer': 'header-customer',
    baggage: 'user.id=baggage-user,customer.id=baggage%20customer;p=1',
  };
  const owners = (...input: Parameters<typeof callOf>): unknown[] => {
    const { user_id, application_id } = callOf(...input);
    return [user_id, application_id];
  };

  test('the resource says it before the span, the span before the headers, these before baggage', () => {
    const resource = { 'user.id': 'resource-user', 'customer.id': 'resource-customer' };
    const own = { 'user.id': 'span-user', 'customer.id': 'span-customer' };
    expect(owners(span(own), resource, headers)).toEqual(['resource-user', 'resource-customer']);
    expect(owners(span(own), {}, headers)).toEqual(['span-user', 'span-customer']);
    expect(owners(span({}), {}, headers)).toEqual(['header-user', 'header-customer']);
    const { baggage } = headers;
    expect(owners(span({}), {}, { baggage })).toEqual(['baggage-user', 'baggage customer']);
    expect(owners(span({}), {}, { baggage: 'x, =y,user.id=%zz' })).toEqual(['%zz', undefined]);
    expect(owners(span({}))).toEqual([undefined, undefined]);
    expect(owners(span({ 'enduser.id': 12 }), { 'meterbook.customer': 7n })).toEqual(['12', '7']);
  });

  test('one that is too long to be kept refuses the call, and is never cut to the name of another', () => {
    const long = 'u'.repeat(256);
    expect(countsOf(sorted([span({ 'user.id': long }), span({ 'customer.id': long }), span({})]))).toEqual([
      1, 2, 0, 0,
    ]);
  });
});

describe('which call it is', () => {
  const eventOf = (...input: Parameters<typeof sorted>) => sorted(...input).events[0];
  test('its trace, parent and span name it where the vendor gave no id', () => {
    const span = spanOf({ parent: 'aaaaaaaaaaaaaaaa' });
    expect(eventOf([span])?.idempotency_key).toBe(`otel:${span.trace}:aaaaaaaaaaaaaaaa:${span.id}`);
    const root = spanOf();
    expect(eventOf([root])?.idempotency_key).toBe(`otel:${root.trace}::${root.id}`);
  });

  test('provider and id of the answer name it where there is one, whatever span tells of it', () => {
    const attributes = { 'gen_ai.response.id': 'r' };
    const [first, second] = [
      spanOf({ attributes }),
      spanOf({ attributes: { ...attributes, 'gen_ai.usage.input_tokens': 1 } }),
    ];
    const [one, two] = [eventOf([first]), eventOf([second])];
    expect(one?.idempotency_key).toMatch(/^ai:/);
    expect(two?.idempotency_key).toBe(one?.idempotency_key);
    expect(two?.generation?.fingerprint).toBe(one?.generation?.fingerprint);
  });

  test.each(['r'.repeat(256), 'a\0b'])('an id of the answer that cannot be kept names nothing', (id) => {
    const span = spanOf({ attributes: { 'gen_ai.response.id': id } });
    expect(eventOf([span])?.idempotency_key).toBe(`otel:${span.trace}::${span.id}`);
  });

  test('beside other spans and in another order it has the same content', () => {
    const [span, other] = [spanOf(), spanOf()];
    const alone = eventOf([span])?.generation?.fingerprint;
    expect(eventOf([span, other])?.generation?.fingerprint).toBe(alone);
    expect(sorted([other, span]).events[1]?.generation?.fingerprint).toBe(alone);
  });

  test.each([
    ['a trace id of zeros', { trace: '0'.repeat(32) }],
    ['no span id', { id: '' }],
  ])('%s refuses it', (_, fields) => {
    const traces = sorted([spanOf(fields), spanOf()]);
    expect(countsOf(traces)).toEqual([1, 1, 0, 0]);
  });

  test.each<[string, Parameters<typeof spanOf>[0]]>([
    ['before 2000', { start: 1_000_000n, end: 2_000_000n }],
    ['more than an hour ahead', { start: BigInt(Date.UTC(2027, 0)) * 1_000_000n }],
    ['without a model', { attributes: { 'gen_ai.request.model': '' } }],
    ['with a model beyond all length', { attributes: { 'gen_ai.request.model': 'm'.repeat(256) } }],
  ])('%s refuses it', (_, fields) => {
    expect(countsOf(sorted([spanOf(fields), spanOf()]))).toEqual([1, 1, 0, 0]);
  });
});

test('what only describes a call is cut and mended, and never refuses it', () => {
  const long = `${'\0'}${'😀'.repeat(5000)}`;
  const attributes = {
    'gen_ai.conversation.id': long,
    'meterbook.scene': long,
    'error.type': long,
    'request.id': long,
    'openai.response.service_tier': long,
  };
  const call = callOf(spanOf({ attributes, status: { code: 2, message: long } }));
  const lengthOf = (field: string): number => [...String(call[field])].length;
  expect(['session_id', 'generation_type', 'error_code', 'request_id', 'service_tier'].map(lengthOf)).toEqual(
    [255, 128, 128, 255, 64],
  );
  expect(String(call['session_id']).startsWith('\ufffd😀')).toBe(true);
});

describe('what was sent and answered never refuses a call', () => {
  const deep = `${'['.repeat(100)}${']'.repeat(100)}`;
  test.each<[string, AttributeFields[string], unknown]>([
    ['JSON that nests too deep stays a text', deep, deep],
    ['no JSON stays a text', '{"a":', '{"a":'],
    ['a number beyond a double stays a text', '[1e999]', '[1e999]'],
    ['U+0000 is replaced', 'a\0b', 'a\ufffdb'],
    ['a list', ['a', 1.5, Number.NaN, 3n], ['a', 1.5, 'NaN', '3']],
  ])('%s', (_, value, kept) => {
    expect(callOf(spanOf({ attributes: { 'gen_ai.input.messages': value } }))['request_data']).toEqual(kept);
  });

  test('more than 16 KiB is cut', () => {
    const text = JSON.stringify([{ content: 'x'.repeat(100_000) }]);
    expect(callOf(spanOf({ attributes: { 'gen_ai.input.messages': text } }))['request_data']).toMatchObject({
      truncated: true,
      bytes: 100_016,
    });
  });
});
