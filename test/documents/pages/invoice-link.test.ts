import { describe, expect, test } from 'vitest';
import { isLive, isSignedBy, readToken, signLink } from '../../../src/documents/pages/invoice-link.ts';

const LINK = {
  organisation_id: '0198f000-0000-7000-8000-00000000000a',
  id: '0198f000-0000-7000-8000-0123456789ab',
  invoice_id: '0198f000-0000-7000-8000-00000000000c',
  expires_at: '2026-04-01T00:00:00.000Z',
  revoked_at: null,
  created_at: '2026-01-01T00:00:00.000Z',
};
/** Computed with another implementation of HMAC. */
const KNOWN = 'AZjwAAAAcACAAAEjRWeJqxvWXgGrRCMBuVhuH2q8Idl3B5KZEtmE7tCaR8FiGBJL';
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

const isGood = async (
  token: string,
  link = LINK,
  secrets: readonly string[] = ['secret'],
): Promise<boolean> => {
  const read = readToken(token);
  return read !== null && read.id === link.id && (await isSignedBy(secrets, read, link));
};

describe('a token', () => {
  test('is 64 characters that an address needs not escape, and opens its link', async () => {
    const token = await signLink('secret', LINK);
    expect(token).toMatch(/^[A-Za-z0-9_-]{64}$/);
    expect(await isGood(token)).toBe(true);
  });

  test('is of this form for ever: links that were sent go on working', async () => {
    expect(await signLink('secret', LINK)).toBe(KNOWN);
  });

  test('with any one character changed opens nothing', async () => {
    const token = await signLink('secret', LINK);
    const changed = [...token].flatMap((character, at) =>
      [...ALPHABET]
        .filter((other) => other !== character)
        // All 63 other characters at the ends of a group of bytes, some of them elsewhere.
        .filter((_, index) => at % 16 === 15 || index % 8 === at % 8)
        .map((other) => token.slice(0, at) + other + token.slice(at + 1)),
    );
    expect(changed.length).toBeGreaterThan(600);
    for (const other of changed) expect(await isGood(other), other).toBe(false);
  });

  test.each<[string, Partial<typeof LINK>]>([
    ['organisation', { organisation_id: '0198f000-0000-7000-8000-00000000000b' }],
    ['invoice', { invoice_id: '0198f000-0000-7000-8000-00000000000d' }],
    ['end', { expires_at: '2027-04-01T00:00:00.000Z' }],
  ])('opens nothing where the row says another %s', async (_, fields) => {
    expect(await isGood(await signLink('secret', LINK), { ...LINK, ...fields })).toBe(false);
  });

  test('is good by any key that is in force, and by no other', async () => {
    const token = await signLink('old', LINK);
    expect(await isGood(token, LINK, ['new', 'old'])).toBe(true);
    expect(await isGood(token, LINK, ['new'])).toBe(false);
    expect(await isGood(token, LINK, [])).toBe(false);
  });

  test.each([
    '',
    'A',
    'A'.repeat(63),
    'A'.repeat(65),
    `${'A'.repeat(63)}=`,
    `${'A'.repeat(63)}+`,
    'A'.repeat(100_000),
    'é'.repeat(64),
  ])('that is none is not read: %#', (text) => {
    expect(readToken(text)).toBeNull();
  });
});

test.each<[string, Partial<Parameters<typeof isLive>[0]>, boolean]>([
  ['2026-03-31T23:59:59.999Z', {}, true],
  ['2026-04-01T00:00:00.000Z', {}, false],
  ['2026-02-01T00:00:00.000Z', { revoked_at: '2026-01-02T00:00:00.000Z' }, false],
])('a link lives until the moment of its end, unless it was revoked: %s %j', (now, fields, expected) => {
  expect(isLive({ ...LINK, ...fields }, Date.parse(now))).toBe(expected);
});
