import { expect, test } from 'vitest';
import { FILLABLE_FIELDS } from '../../src/ai/fillable-fields.ts';
import { fillEmpty, fillsWithoutPayloads, mergeFills, readFill } from '../../src/ai/generation-fill.ts';
import { contentOf } from './generations.ts';

const arrivalOf = (content: Record<string, unknown>) => {
  const arrival = readFill(JSON.stringify(contentOf(content)));
  if (!arrival) throw new Error('the content is readable');
  return arrival;
};
const fieldsOf = (content: Record<string, unknown>) => arrivalOf(content).fields;
const fill = (idempotency_key: string, content: Record<string, unknown>) => ({
  organisation_id: 'o',
  project_id: 'p',
  idempotency_key,
  ...arrivalOf(content),
});

test('a fill has the fields that were sent, JSON as text, and null for all others', () => {
  const sent = { sku: 'pro', request_data: { a: [1] }, response_data: 'x' };
  const empty = Object.fromEntries(FILLABLE_FIELDS.map((name) => [name, null]));
  expect(fieldsOf(sent)).toEqual({ ...empty, sku: 'pro', request_data: '{"a":[1]}', response_data: '"x"' });
  expect(fieldsOf({ sku: '', session_id: null, request_data: null })).toEqual(empty);
});

const UNREADABLE = ['', '{', '[]', 'null', '{"sku":1}'];

test.each(UNREADABLE)('%s is no fill', (text) => {
  expect(readFill(text)).toBeNull();
});

test('what is there stays, what is empty is taken from the later one', () => {
  const first = fieldsOf({ sku: 'first', request_data: 1 });
  const later = fieldsOf({ sku: 'later', session_id: 's', request_data: 2, response_data: 3 });
  expect(fillEmpty(first, later)).toMatchObject({
    ...{ sku: 'first', session_id: 's', request_data: '1', response_data: '3', user_agent: null },
  });
});

test('of several fills of one call the first that has a field gives it', () => {
  const fills = [
    fill('a', { sku: '1' }),
    fill('b', { sku: 'other' }),
    fill('a', { sku: '2', session_id: 's' }),
  ];
  const merged = mergeFills(fills);
  expect(
    merged.map(({ idempotency_key, fields }) => [idempotency_key, fields.sku, fields.session_id]),
  ).toEqual([
    ['a', '1', 's'],
    ['b', 'other', null],
  ]);
  expect(mergeFills([])).toEqual([]);
});

test('user and duration are filled by the first arrival that has them', () => {
  const merged = mergeFills([
    fill('a', { user_id: null }),
    fill('a', { duration_ms: 0 }),
    fill('a', { user_id: 'ann', duration_ms: 7 }),
    fill('a', { user_id: 'bob' }),
  ]);
  expect(merged).toMatchObject([{ user_id: 'ann', duration_ms: 0n }]);
  expect(readFill(JSON.stringify(contentOf({ duration_ms: 'x' })))).toBeNull();
});

test('an organisation that keeps no payloads is filled with none', () => {
  const sent = [
    fill('a', { sku: '1', input_summary: 'i', output_summary: 'o', request_data: 1, response_data: 2 }),
  ];
  const [silent] = fillsWithoutPayloads(sent, new Set(['o']));
  expect(silent?.fields).toEqual(fieldsOf({ sku: '1' }));
  expect(fillsWithoutPayloads(sent, new Set(['x']))).toEqual(sent);
});
