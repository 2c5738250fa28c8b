import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { payloadText } from '../../src/ai/payload.ts';
import { canonicalJson } from '../../src/core/canonical-json.ts';

const BYTES = 16_384;
const bytesOf = (text: string): number => new TextEncoder().encode(text).length;
const nested = (levels: number): unknown => (levels === 1 ? [] : [nested(levels - 1)]);

describe('a payload', () => {
  test.each<[string, unknown, string]>([
    ['null', null, 'null'],
    ['an object', { b: 1.0, a: ['x', null, true] }, '{"a":["x",null,true],"b":1}'],
    ['a text', 'x', '"x"'],
    ['__proto__', JSON.parse('{"__proto__":{"a":1}}'), '{"__proto__":{"a":1}}'],
    ['a lone surrogate', { a: 'x\ud83d' }, '{"a":"x\ufffd"}'],
    ['U+0000 in a name', { 'a\0': ['\0'] }, '{"a\ufffd":["\ufffd"]}'],
  ])('%s is kept', (_, value, text) => {
    expect(payloadText(value)).toBe(text);
  });

  test('of 16 KiB is kept whole, of one byte more it is cut', () => {
    const most = 'x'.repeat(BYTES - 2);
    expect(payloadText(most)).toBe(`"${most}"`);
    const cut = JSON.parse(payloadText(`${most}y`));
    expect(cut).toEqual({ bytes: BYTES + 1, head: expect.stringMatching(/^"x+$/), truncated: true });
    expect(bytesOf(payloadText(`${most}y`))).toBe(BYTES);
  });

  test.each([
    ['two bytes', 'é'],
    ['three bytes', '語'],
    ['four bytes', '😀'],
    ['an escape', '"'],
    ['a control character', '\u0001'],
  ])('of characters of %s is measured and cut in bytes, between characters', (_, character) => {
    const perCharacter = bytesOf(JSON.stringify(character)) - 2;
    const fits = Math.floor((BYTES - 2) / perCharacter);
    expect(payloadText(character.repeat(fits))).toBe(JSON.stringify(character.repeat(fits)));
    const value = character.repeat(fits + 1);
    const text = payloadText(value);
    const { bytes, head, truncated } = JSON.parse(text);
    expect([bytes, truncated]).toEqual([bytesOf(JSON.stringify(value)), true]);
    expect(head.isWellFormed()).toBe(true);
    expect(canonicalJson(value).startsWith(head)).toBe(true);
    expect(bytesOf(text)).toBeGreaterThan(BYTES - 8);
    expect(bytesOf(text)).toBeLessThanOrEqual(BYTES);
  });

  test('of 64 levels is kept, of more it is refused, also where it is too long or not Unicode', () => {
    expect(payloadText(nested(64))).toBe(JSON.stringify(nested(64)));
    for (const value of [nested(65), ['x'.repeat(BYTES), nested(64)], ['\ud800', nested(64)]]) {
      expect(() => payloadText(value)).toThrow('too_deep');
    }
    expect(() => payloadText(['\ud800', 'x'.repeat(BYTES), Number.POSITIVE_INFINITY])).toThrow('not_finite');
  });

  test('of any JSON is canonical JSON of at most 16 KiB that Postgres can store', () => {
    const large = fc
      .tuple(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 4000 }))
      .map(([text, times]) => ({ [text]: text.repeat(times) }));
    let cut = 0;
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue({ stringUnit: 'binary' }), large), (value) => {
        const text = payloadText(value);
        if (text.startsWith('{"bytes"')) cut += 1;
        expect(bytesOf(text)).toBeLessThanOrEqual(BYTES);
        expect(text.isWellFormed()).toBe(true);
        expect(text).not.toContain('\\u0000');
        expect(canonicalJson(JSON.parse(text))).toBe(text);
      }),
      { numRuns: 300 },
    );
    expect(cut).toBeGreaterThan(5);
  });
});
