import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CanonicalJsonError, canonicalJson } from '../../src/core/canonical-json.ts';
import { codePointLength, utf8Length } from '../../src/core/text.ts';

const LIMITS = { levels: 8, bytes: 4096 };

const codeOf = (value: unknown, limits = LIMITS): string => {
  try {
    canonicalJson(value, limits);
    return 'accepted';
  } catch (error) {
    if (error instanceof CanonicalJsonError) return error.code;
    throw error;
  }
};

const nested = (levels: number): unknown =>
  JSON.parse(`${'{"a":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`);
const nestedArrays = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));

describe('the canonical text', () => {
  test.each([
    ['an empty object', '{}', '{}'],
    ['white space goes', ' { "a" : [ 1 , 2 ] } ', '{"a":[1,2]}'],
    ['names are sorted, on every level', '{"b":1,"a":{"d":1,"c":2}}', '{"a":{"c":2,"d":1},"b":1}'],
    ['names that look like numbers are sorted as text', '{"10":1,"9":2,"1":3}', '{"1":3,"10":1,"9":2}'],
    [
      'names are sorted by UTF-16 units, not by code points',
      '{"\\uffee":1,"\\ud83d\\ude00":2}',
      '{"😀":2,"\uffee":1}',
    ],
    ['the order of an array stays', '[3,1,2]', '[3,1,2]'],
    ['numbers print as in ECMAScript', '[1.0,-0,1e21,1E-7,100e-2,0.1]', '[1,0,1e+21,1e-7,1,0.1]'],
    ['literals', '[true,false,null,""]', '[true,false,null,""]'],
    ['only what must be escaped is', '"\\u20ac\\/\\u000f\\n\\"\\\\\\u007f"', '"€/\\u000f\\n\\"\\\\\u007f"'],
    ['of two members of one name the last counts', '{"a":1,"a":2}', '{"a":2}'],
    ['__proto__ is data', '{"__proto__":{"x":1},"a":2}', '{"__proto__":{"x":1},"a":2}'],
    ['constructor and toString are data', '{"toString":1,"constructor":2}', '{"constructor":2,"toString":1}'],
  ])('%s', (_, text, expected) => {
    expect(canonicalJson(JSON.parse(text))).toBe(expected);
  });

  test('the example of RFC 8785 §3.2.2', () => {
    const text =
      '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],' +
      '"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}';
    expect(canonicalJson(JSON.parse(text))).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  test('it parses back to the same value, and is its own canonical text', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'grapheme' }), (value) => {
        fc.pre(!JSON.stringify(value).includes('\\u0000'));
        const text = canonicalJson(value);
        const asSent = JSON.parse(JSON.stringify(value));
        expect(JSON.parse(text)).toEqual(asSent);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });

  test('the order of the members never shows', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.integer(), { maxKeys: 12 }), (members) => {
        fc.pre(Object.keys(members).every((name) => !name.includes('\0')));
        const reversed = Object.fromEntries(Object.entries(members).reverse());
        expect(canonicalJson(reversed)).toBe(canonicalJson({ ...members }));
      }),
    );
  });
});

describe('what has no canonical text', () => {
  test.each([
    ['undefined', undefined, 'not_json'],
    ['a member that is undefined', { a: undefined }, 'not_json'],
    ['a bigint', 1n, 'not_json'],
    ['1e400', JSON.parse('{"a":1e400}'), 'not_finite'],
    ['-1e400', JSON.parse('[-1e400]'), 'not_finite'],
    ['the largest double', JSON.parse('[1.7976931348623157e308]'), 'accepted'],
    ['NaN', Number.NaN, 'not_finite'],
    ['U+0000 in a value', { a: '\0' }, 'not_unicode'],
    ['U+0000 in a name', { 'a\0': 1 }, 'not_unicode'],
    ['U+0001', { a: '\u0001' }, 'accepted'],
    ['a lone high surrogate', { a: '\ud800' }, 'not_unicode'],
    ['a lone low surrogate', { a: 'x\udfff' }, 'not_unicode'],
    ['a lone surrogate in a name', { '\udc00': 1 }, 'not_unicode'],
    ['surrogates the wrong way round', { a: '\ude00\ud83d' }, 'not_unicode'],
    ['a surrogate pair', { a: '\ud83d\ude00' }, 'accepted'],
    ['8 levels', nested(8), 'accepted'],
    ['9 levels', nested(9), 'too_deep'],
    ['8 levels of arrays', nestedArrays(8), 'accepted'],
    ['9 levels of arrays', nestedArrays(9), 'too_deep'],
    ['200,000 levels', nested(200_000), 'too_deep'],
    ['200,000 levels of arrays', nestedArrays(200_000), 'too_deep'],
  ])('%s', (_, value, expected) => {
    expect(codeOf(value)).toBe(expected);
  });

  test.each([
    ['one byte a character', 'x', 1],
    ['two bytes', 'é', 2],
    ['three bytes', '€', 3],
    ['four bytes', '😀', 4],
  ])('4,096 bytes fit and 4,097 do not: %s', (_, character, bytes) => {
    // {"a":"…"} takes 8 bytes around the value.
    const count = Math.floor(4088 / bytes);
    const value = 'x'.repeat(4088 - count * bytes) + character.repeat(count);
    expect(utf8Length(canonicalJson({ a: value }, LIMITS))).toBe(4096);
    expect(codeOf({ a: value })).toBe('accepted');
    expect(codeOf({ a: `x${value}` })).toBe('too_large');
  });

  test('4,096 bytes of array, and one more', () => {
    const list = (length: number): number[] => new Array<number>(length).fill(1);
    expect(canonicalJson([...list(2046), 10], LIMITS).length).toBe(4096);
    expect(codeOf([...list(2046), 10])).toBe('accepted');
    expect(codeOf([...list(2046), 100])).toBe('too_large');
  });

  test('a value far past the limit is given up early', () => {
    let reads = 0;
    const counted = <T extends object>(value: T): T =>
      new Proxy(value, {
        get: (target, name, receiver) => {
          reads += 1;
          return Reflect.get(target, name, receiver);
        },
      });
    expect(codeOf(counted(new Array<number>(1_000_000).fill(1)))).toBe('too_large');
    expect(reads).toBeLessThan(10_000);
    reads = 0;
    const names = Array.from({ length: 100_000 }, (_, i) => [`k${100_000 - i}`, i]);
    expect(codeOf(counted(Object.fromEntries(names)))).toBe('too_large');
    expect(reads).toBe(0);
  });
});

describe('lengths of text', () => {
  test('UTF-8 bytes, lone surrogates as U+FFFD', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit))),
        fc.array(fc.constantFrom('\ud83d', '\ude00', 'é', 'a', '€')),
        (any, mixed) => {
          for (const text of [any.join(''), mixed.join('')]) {
            expect(utf8Length(text)).toBe(new TextEncoder().encode(text).length);
            expect(codePointLength(text)).toBe([...text].length);
          }
        },
      ),
    );
  });
});
