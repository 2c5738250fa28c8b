import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sha256Base64Url, sha256Hex } from '../../src/core/sha256.ts';

const hexOf = (message: string | Uint8Array): string => createHash('sha256').update(message).digest('hex');
const base64UrlOf = (message: string | Uint8Array): string =>
  createHash('sha256').update(message).digest('base64url');

test.each([
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  [
    'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  ],
])('the published digest of %j', (message, digest) => {
  expect(sha256Hex(message)).toBe(digest);
});

test('every length of 0 to 3,000 bytes, block edges among them, agrees with the platform', () => {
  for (let length = 0; length <= 3000; length++) {
    const text = 'x'.repeat(length);
    expect(sha256Hex(text), `${length}`).toBe(hexOf(text));
  }
});

test.each([55, 56, 63, 64, 65, 119, 120, 16_311, 16_312, 16_313, 16_384, 100_000])(
  'an edge of a block or of the shared buffer: %i bytes',
  (length) => {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 7 + 3) & 255);
    expect(sha256Hex(bytes)).toBe(hexOf(bytes));
    expect(sha256Base64Url(bytes)).toBe(base64UrlOf(bytes));
    expect(sha256Hex('é'.repeat(length))).toBe(hexOf('é'.repeat(length)));
  },
);

test('text counts as its UTF-8 bytes, in one, two, three and four bytes a character', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      expect(sha256Hex(text)).toBe(hexOf(text));
      expect(sha256Base64Url(text)).toBe(base64UrlOf(text));
    }),
    { numRuns: 3000 },
  );
});

test('a long message leaves nothing behind for the short one after it', () => {
  const before = sha256Hex('short');
  sha256Hex('\u00ff'.repeat(5000));
  sha256Hex(new Uint8Array(5000).fill(255));
  expect(sha256Hex('short')).toBe(before);
});

test('base64url is 43 characters without padding', () => {
  expect(sha256Base64Url('abc')).toBe('ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0');
});
