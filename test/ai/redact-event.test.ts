import { describe, expect, test } from 'vitest';
import { redactEvent, withoutPayloads } from '../../src/ai/redact-event.ts';

const user = { user_id: 'ann "a"', pseudonym: 'deleted-1' };
const call = { user_id: user.user_id, provider: 'p', input_summary: 'secret', tokens: { input: '1' } };
const kept = { user_id: 'deleted-1', provider: 'p', tokens: { input: '1' } };
const json = (value: unknown): string => JSON.stringify(value);

describe('what is left of an event of a deleted user', () => {
  test.each<[name: string, event: unknown, expected: unknown]>([
    [
      'a plain event',
      { user_id: user.user_id, metric_value: '1.50' },
      { user_id: 'deleted-1', metric_value: '1.50' },
    ],
    ['a call as an object', { generation: call, user_id: null }, { generation: kept, user_id: null }],
    ['a call as text', { generation: json(call) }, { generation: json(kept) }],
    ['a listed event as text', { event: json({ generation: call }) }, { event: json({ generation: kept }) }],
    [
      'text within text',
      { event: json({ generation: json(call) }) },
      { event: json({ generation: json(kept) }) },
    ],
    [
      'every personal field',
      {
        user_id: user.user_id,
        generation: {
          input_summary: '1',
          output_summary: '2',
          request_data: {},
          response_data: [],
          scene_description: '3',
          session_id: '4',
          error_message: '5',
          ip_address: '6',
          user_agent: '7',
          request_id: 'stays',
        },
      },
      { user_id: 'deleted-1', generation: { request_id: 'stays' } },
    ],
    [
      'a call that cannot be read',
      { user_id: user.user_id, generation: '{"input' },
      { user_id: 'deleted-1', generation: '[removed]' },
    ],
    [
      'a call that names him and cannot be read',
      { generation: `{"user_id":${json(user.user_id)}` },
      { generation: '[removed]' },
    ],
    [
      "another user's id in a call of his",
      { user_id: user.user_id, generation: { user_id: 'bob', session_id: 's' } },
      { user_id: 'deleted-1', generation: { user_id: 'bob' } },
    ],
  ])('%s', (_, event, expected) => {
    const redacted = redactEvent(json(event), user);
    expect(redacted).not.toBeNull();
    expect(JSON.parse(redacted ?? '')).toEqual(expected);
    expect(redactEvent(redacted ?? '', user)).toBeNull();
  });
});

test.each<[name: string, text: string]>([
  ['of another user', json({ user_id: 'bob', generation: { input_summary: 'x' } })],
  ['of nobody', json({ generation: json({ input_summary: 'x' }) })],
  ['whose id only begins so', json({ user_id: `${user.user_id}2`, generation: { user_id: 'ann' } })],
  ['that holds the id in another place', json({ metadata: { user_id: user.user_id }, user_id: 'bob' })],
  ['that is no object', json([user.user_id])],
  ['that is no JSON', `{"user_id":${json(user.user_id)}`],
])('an event %s is left alone', (_, text) => {
  expect(redactEvent(text, user)).toBeNull();
});

test('a later arrival of his call is his, whether it names him or not', () => {
  const event = json({ generation: { input_summary: 'x', sku: 's' } });
  expect(redactEvent(event, user, true)).toBe(json({ generation: { sku: 's' } }));
});

test('without payloads an event keeps whose it is and all else; what cannot be read goes whole', () => {
  const event = { user_id: 'ann', generation: json({ ...call, request_data: { q: 1 }, session_id: 's' }) };
  const { input_summary: _, ...rest } = call;
  expect(JSON.parse(withoutPayloads(json(event)))).toEqual({
    user_id: 'ann',
    generation: json({ ...rest, session_id: 's' }),
  });
  expect(withoutPayloads('{"request_data"')).toBe('"[removed]"');
  expect(withoutPayloads(withoutPayloads(json(event)))).toBe(withoutPayloads(json(event)));
});
