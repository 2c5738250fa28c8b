import { expect, test } from 'vitest';
import { describeError, framesOf } from '../../src/core/error.ts';

const ofPostgres = Object.assign(new Error('duplicate key: Key (email)=(a@example.com) already exists.'), {
  severity: 'ERROR',
  code: '23505',
  detail: 'Key (email)=(a@example.com) already exists.',
  table: 'users',
  constraint: 'users_email',
});

test.each([
  ['a sentence', 'a sentence', 'a sentence'],
  ['an error of ours', new Error('the ledger is gone'), 'the ledger is gone'],
  ['an error of Postgres', ofPostgres, 'Postgres 23505, table users, constraint users_email'],
  ['JSON that cannot be read', new SyntaxError('Unexpected token a in "a@example.com"'), 'not valid JSON'],
  ['U+0000 and half a surrogate', new Error('a\0b\ud800'), 'ab\ufffd'],
  ['a very long sentence', 'x'.repeat(501), 'x'.repeat(500)],
])('%s is described without the values of a row', (_, error, expected) => {
  expect(describeError(error)).toBe(expected);
});

test('the frames of an error are without its sentence', () => {
  const frames = framesOf(new Error('a@example.com\nb@example.com')) ?? '';
  expect(frames).toMatch(/^\s+at /);
  expect(frames).not.toContain('example.com');
});
