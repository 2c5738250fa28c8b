import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BoundedMap } from '../../src/core/bounded-map.ts';

const NOW = Date.UTC(2026, 0, 1);

test.each([
  [0, 'a'],
  [999, 'a'],
  [1000, undefined],
  [1_000_000, undefined],
])('%i ms after it was set an entry of 1,000 ms gives %s', (later, expected) => {
  const map = new BoundedMap<string, string>({ entriesMax: 2, lifeMs: 1000 });
  map.set('key', 'a', NOW);
  expect(map.get('key', NOW + later)).toBe(expected);
});

test('reading an expired entry removes it', () => {
  const map = new BoundedMap<string, string>({ entriesMax: 2, lifeMs: 1000 });
  map.set('key', 'a', NOW);
  map.get('key', NOW + 1000);
  expect(map.size).toBe(0);
});

test('without a life entries never expire', () => {
  const map = new BoundedMap<string, string>({ entriesMax: 2 });
  map.set('key', 'a', 0);
  expect(map.get('key', Number.MAX_SAFE_INTEGER)).toBe('a');
});

test('setting it again begins its life again', () => {
  const map = new BoundedMap<string, string>({ entriesMax: 2, lifeMs: 1000 });
  map.set('key', 'a', NOW);
  map.set('key', 'b', NOW + 999);
  expect(map.get('key', NOW + 1998)).toBe('b');
  expect(map.size).toBe(1);
});

test('of one entry too many the one set longest ago goes, however often it was read', () => {
  const map = new BoundedMap<string, number>({ entriesMax: 3 });
  for (const [index, key] of ['a', 'b', 'c'].entries()) map.set(key, index, NOW);
  map.set('a', 3, NOW);
  map.get('b', NOW);
  map.set('d', 4, NOW);
  expect(['a', 'b', 'c', 'd'].map((key) => map.get(key, NOW))).toEqual([3, undefined, 2, 4]);
});

test('what was set as undefined is an entry, and a deleted one is none', () => {
  const map = new BoundedMap<string, undefined>({ entriesMax: 3 });
  map.set('a', undefined, NOW);
  expect(map.size).toBe(1);
  map.delete('a');
  map.delete('b');
  expect(map.size).toBe(0);
});

test('never holds more than it may, and never what was not the last set of its key', () => {
  const step = fc.record({ key: fc.nat(8), value: fc.nat(), later: fc.nat(400) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 5 }), (steps, entriesMax) => {
      const map = new BoundedMap<number, number>({ entriesMax, lifeMs: 1000 });
      const last = new Map<number, { value: number; at: number }>();
      let now = NOW;
      for (const { key, value, later } of steps) {
        now += later;
        map.set(key, value, now);
        last.set(key, { value, at: now });
        expect(map.size).toBeLessThanOrEqual(entriesMax);
        expect(map.get(key, now)).toBe(value);
        for (const [known, { value: expected, at }] of last) {
          const found = map.get(known, now);
          if (found !== undefined) expect([found, now - at < 1000]).toEqual([expected, true]);
        }
      }
    }),
  );
});
