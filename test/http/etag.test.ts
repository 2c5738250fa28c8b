import { describe, expect, test } from 'vitest';
import { AppError } from '../../src/core/error.ts';
import { assertIfMatch, etagOf, withEtag } from '../../src/http/etag.ts';

const body = { id: '1', nested: { b: [1, null], a: 'ü' } };
const etag = etagOf(body);

describe('an entity tag', () => {
  test('is strong, and the same whatever the order of the members', () => {
    expect(etag).toMatch(/^"[0-9a-f]{64}"$/);
    expect(etagOf({ nested: { a: 'ü', b: [1, null] }, id: '1' })).toBe(etag);
  });

  test.each<[string, unknown]>([
    ['another value', { ...body, id: '2' }],
    ['a member more', { ...body, more: null }],
    ['another order of a list', { ...body, nested: { b: [null, 1], a: 'ü' } }],
  ])('differs for %s', (_, other) => {
    expect(etagOf(other)).not.toBe(etag);
  });

  test('goes with the answer', () => {
    expect(withEtag(body, 201)).toEqual({ status: 201, body, headers: { etag } });
  });
});

describe('If-Match', () => {
  test.each<[string, string | null, boolean]>([
    ['absent', null, true],
    ['any', '*', true],
    ['the current state', etag, true],
    ['one of several', `"x" , ${etag}`, true],
    ['another state', '"x"', false],
    ['the current state, weakly', `W/${etag}`, false],
    ['the current state without quotes', etag.slice(1, -1), false],
    ['nothing', '', false],
  ])('%s', (_, header, passes) => {
    const headers = new Headers(header === null ? {} : { 'if-match': header });
    const check = (): void => assertIfMatch(headers, body);
    if (passes) expect(check).not.toThrow();
    else expect(check).toThrow(AppError);
  });
});
