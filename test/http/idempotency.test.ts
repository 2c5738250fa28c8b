import { describe, expect, test } from 'vitest';
import type { AppError } from '../../src/core/error.ts';
import { isFinal, readIdempotencyKey } from '../../src/http/idempotency.ts';
import { defineRoute } from '../../src/http/route.ts';
import { ROUTES } from '../../src/http/routes/index.ts';

const routeOf = (idempotency?: 'optional' | 'required') =>
  defineRoute({
    method: 'post',
    path: '/x',
    audience: 'admin',
    action: 'x.create',
    summary: 'x',
    ...(idempotency && { idempotency }),
    responses: {},
    handle: async () => ({ status: 201, body: {} }),
  });

const read = (idempotency: 'optional' | 'required' | undefined, key: string | null): string | null => {
  try {
    const headers = new Headers(key === null ? {} : { 'idempotency-key': key });
    return readIdempotencyKey(routeOf(idempotency), headers);
  } catch (error) {
    const { code, errors } = error as AppError;
    return [code, ...errors.map(({ pointer }) => pointer)].join(' ');
  }
};

describe('the header', () => {
  const refused = 'invalid_request Idempotency-Key';
  test.each<[string, string | null, string | null]>([
    ['missing', null, null],
    ['empty', '', refused],
    ['of one character', '!', '!'],
    ['with the last visible character', 'a~', 'a~'],
    ['of 255 characters', 'k'.repeat(255), 'k'.repeat(255)],
    ['of 256 characters', 'k'.repeat(256), refused],
    ['with a space', 'a b', refused],
    ['sent twice', 'a, b', refused],
    ['beyond ASCII', 'é', refused],
    ['with a control character', 'a\tb', refused],
  ])('%s', (_, key, expected) => {
    expect(read('optional', key)).toBe(expected);
    expect(read('required', key)).toBe(expected ?? 'idempotency_key_required');
  });

  test('is not looked at where a route heeds none', () => {
    expect(read(undefined, 'a b')).toBeNull();
  });

  test('is heeded by every route that creates or moves money', () => {
    const heeding = ROUTES.filter(({ idempotency }) => idempotency).map(
      ({ idempotency, path }) => `${idempotency} ${path}`,
    );
    expect(heeding).toEqual(
      expect.arrayContaining([
        'optional /v1/admin/pricing-plans',
        'optional /v1/admin/invoices',
        'optional /v1/admin/invoices/:id/regenerate',
        'optional /v1/admin/invoices/:id/finalize',
        'optional /v1/admin/invoices/:id/cancel',
        'required /v1/admin/payments',
      ]),
    );
  });
});

test.each<[string, number, Record<string, string>, boolean]>([
  ['made', 201, {}, true],
  ['done', 200, {}, true],
  ['refused for its state', 409, {}, true],
  ['refused for its content', 422, {}, true],
  ['not found', 404, {}, true],
  ['to be tried again', 409, { 'retry-after': '60' }, false],
  ['without a key', 401, {}, false],
  ['too large', 413, {}, false],
  ['of another media type', 415, {}, false],
  ['too often', 429, {}, false],
  ['our fault', 500, {}, false],
  ['unavailable', 503, {}, false],
])('whether an answer is kept: %s', (_, status, headers, expected) => {
  expect(isFinal(new Response('', { status, headers }))).toBe(expected);
});
