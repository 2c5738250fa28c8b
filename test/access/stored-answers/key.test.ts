import { describe, expect, test } from 'vitest';
import { fingerprintOf, type KeptKey, keyOfRow, standingOf } from '../../../src/access/stored-answers/key.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const at = (offset: number): string => new Date(NOW + offset).toISOString();
const DAY = 86_400_000;

describe('the fingerprint', () => {
  const request = {
    method: 'POST',
    path: '/v1/admin/payments',
    body: { a: '1', b: { c: [1, 2] } },
    bytes: new Uint8Array(),
  };
  const same = fingerprintOf(request);

  test('does not depend on the order of members', () => {
    expect(fingerprintOf({ ...request, body: { b: { c: [1, 2] }, a: '1' } })).toBe(same);
    expect(same).toMatch(/^[0-9a-f]{64}$/);
  });

  test.each<[string, Partial<typeof request>]>([
    ['method', { method: 'PATCH' }],
    ['path', { path: '/v1/admin/payments/x' }],
    ['query', { path: '/v1/admin/payments?x=1' }],
    ['member', { body: { a: '1.0', b: { c: [1, 2] } } }],
    ['order of items', { body: { a: '1', b: { c: [2, 1] } } }],
    ['bytes', { bytes: new Uint8Array([0]) }],
  ])('depends on every %s', (_, change) => {
    expect(fingerprintOf({ ...request, ...change })).not.toBe(same);
  });

  test('of a request without a body is that of an empty one no more than of null', () => {
    const none = fingerprintOf({ ...request, body: undefined } as never);
    expect(none).toBe(fingerprintOf({ ...request, body: null } as never));
    expect(none).not.toBe(fingerprintOf({ ...request, body: {} } as never));
  });
});

test.each<[string, Partial<KeptKey>, string]>([
  ['answered', {}, 'answered'],
  ['answered, of another request', { fingerprint: 'other' }, 'reused'],
  ['30 days old', { created_at: at(-30 * DAY) }, 'expired'],
  ['30 days old, of another request', { created_at: at(-30 * DAY), fingerprint: 'other' }, 'expired'],
  ['a millisecond less than 30 days old', { created_at: at(-30 * DAY + 1) }, 'answered'],
  ['locked', { status: null, locked_until: at(1) }, 'in_flight'],
  ['locked until now', { status: null, locked_until: at(0) }, 'in_flight'],
  ['locked until just now', { status: null, locked_until: at(-1) }, 'abandoned'],
  ['locked, of another request', { status: null, locked_until: at(1), fingerprint: 'other' }, 'reused'],
  ['abandoned, of another request', { status: null, locked_until: at(-1), fingerprint: 'other' }, 'reused'],
])('a key that is %s', (_, fields, expected) => {
  const kept: KeptKey = {
    actor: 'admin_key:a',
    key: 'k',
    fingerprint: 'own',
    locked_until: null,
    status: 201,
    body: '{}',
    created_at: at(-1000),
    ...fields,
  };
  expect(standingOf(kept, 'own', NOW)).toBe(expected);
});

test('two callers with one key have two', () => {
  const admin = { kind: 'admin', user_id: 'u', role: 'admin' } as const;
  expect(keyOfRow({ ...admin, key_id: 'a' }, 'k')).toBe('admin_key:a k');
  expect(keyOfRow({ ...admin, key_id: 'b' }, 'k')).not.toBe(keyOfRow({ ...admin, key_id: 'a' }, 'k'));
});
