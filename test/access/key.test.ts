import { describe, expect, test } from 'vitest';
import {
  bearerToken,
  checksum,
  createKey,
  describeKey,
  hashKey,
  type KeyKind,
} from '../../src/access/key.ts';

describe('a new key', () => {
  test.each<KeyKind>(['live', 'admin'])('of kind %s is prefix, 30 characters and their checksum', (kind) => {
    const { key, key_hash, prefix } = createKey(kind);
    expect(key).toMatch(new RegExp(`^mb_${kind}_[0-9A-Za-z]{36}$`));
    expect(checksum(key.slice(-36, -6))).toBe(key.slice(-6));
    expect(key_hash).toBe(hashKey(key));
    expect(prefix).toBe(key.slice(0, `mb_${kind}_`.length + 4));
  });

  test('is never the same as another, and every character is as likely', () => {
    const keys = Array.from({ length: 2000 }, () => createKey('live').key.slice(8, 38));
    expect(new Set(keys).size).toBe(keys.length);
    const counts = new Map<string, number>();
    for (const character of keys.join('')) counts.set(character, (counts.get(character) ?? 0) + 1);
    // 60,000 draws of 62 characters: 968 each, with a tolerance of five standard deviations of 31.
    expect(counts.size).toBe(62);
    for (const [character, count] of counts) expect(Math.abs(count - 968), character).toBeLessThan(155);
  });
});

// CRC-32 of ISO 3309; its check value is the CRC of "123456789".
test.each([
  ['123456789', 0xcbf43926],
  ['', 0],
  ['a', 0xe8b7be43],
])('the checksum of %j is its CRC-32 in six base62 digits', (text, crc) => {
  const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  const value = [...checksum(text)].reduce((sum, digit) => sum * 62 + digits.indexOf(digit), 0);
  expect([checksum(text).length, value]).toEqual([6, crc]);
});

test.each([
  ['mb_live_abcdefghijkl', 'mb_live_abcd'],
  ['mb_admin_abcdefghijkl', 'mb_admin_abcd'],
  ['a key of another making', 'a ke'],
])('of %s only %s is shown again', (key, prefix) => {
  expect(describeKey(key).prefix).toBe(prefix);
});

describe('the token of an Authorization header', () => {
  test.each<[string | null, string | null]>([
    ['Bearer abc', 'abc'],
    ['bearer abc', 'abc'],
    ['BEARER   abc  ', 'abc'],
    [null, null],
    ['', null],
    ['Bearer', null],
    ['Bearer ', null],
    ['Bearerabc', null],
    ['Basic abc', null],
    ['Bearer a b', null],
    ['Bearer a\u0000b', null],
    ['Bearer ключ', null],
    [`Bearer ${'x'.repeat(512)}`, 'x'.repeat(512)],
    [`Bearer ${'x'.repeat(513)}`, null],
    ['xBearer abc', null],
  ])('%.20j is %.20j', (header, token) => {
    expect(bearerToken(header)).toBe(token);
  });
});
