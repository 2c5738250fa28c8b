import { describe, expect, test } from 'vitest';
import { chooseShard } from '../../../src/tenants/create-organisation.ts';
import { createKeyCache } from '../../../src/tenants/publication/key-cache.ts';
import type { EdgeKey } from '../../../src/tenants/publication/published-tenant.ts';

const NOW = Date.UTC(2026, 0, 1);
const keyOf = (fields: Partial<EdgeKey> = {}): EdgeKey => ({
  key_id: 'key',
  organisation_id: 'organisation',
  project_id: 'project',
  shard: 0,
  expires_at: null,
  storesPayloads: true,
  isPriced: () => true,
  ...fields,
});

/** A directory that counts its reads. */
function directoryOf(answer: () => EdgeKey | null) {
  const directory = {
    reads: 0,
    async read() {
      directory.reads += 1;
      return answer();
    },
  };
  return directory;
}

describe('the memory of keys', () => {
  test.each([
    [0, 1],
    [19_999, 1],
    [20_000, 2],
    [60_000, 2],
  ])('%i ms later has read the directory %i times', async (later, reads) => {
    const keys = createKeyCache();
    const directory = directoryOf(() => keyOf());
    await keys.find('hash', NOW, directory.read);
    expect(await keys.find('hash', NOW + later, directory.read)).not.toBeNull();
    expect(directory.reads).toBe(reads);
  });

  test('never remembers what is no key: a new one works at once', async () => {
    const keys = createKeyCache();
    let known: EdgeKey | null = null;
    const directory = directoryOf(() => known);
    expect(await keys.find('hash', NOW, directory.read)).toBeNull();
    known = keyOf();
    expect(await keys.find('hash', NOW, directory.read)).toBe(known);
    expect(directory.reads).toBe(2);
  });

  test('forgets a key that the directory no longer has', async () => {
    const keys = createKeyCache();
    let known: EdgeKey | null = keyOf();
    const directory = directoryOf(() => known);
    await keys.find('hash', NOW, directory.read);
    known = null;
    expect(await keys.find('hash', NOW + 20_000, directory.read)).toBeNull();
    expect(await keys.find('hash', NOW + 20_001, directory.read)).toBeNull();
    expect(directory.reads).toBe(3);
  });

  test('lets a key go at its expiry, not when its entry ends', async () => {
    const keys = createKeyCache();
    const directory = directoryOf(() => keyOf({ expires_at: NOW + 1000 }));
    expect(await keys.find('hash', NOW, directory.read)).not.toBeNull();
    expect(await keys.find('hash', NOW + 999, directory.read)).not.toBeNull();
    expect(await keys.find('hash', NOW + 1000, directory.read)).toBeNull();
    expect(directory.reads).toBe(1);
  });

  test('is bounded: of 10,001 keys the oldest is read again, the others are not', async () => {
    const keys = createKeyCache();
    const directory = directoryOf(() => keyOf());
    for (let i = 0; i <= 10_000; i++) await keys.find(`hash ${i}`, NOW, directory.read);
    expect(directory.reads).toBe(10_001);
    for (const i of [1, 5000, 10_000]) await keys.find(`hash ${i}`, NOW, directory.read);
    expect(directory.reads).toBe(10_001);
    await keys.find('hash 0', NOW, directory.read);
    expect(directory.reads).toBe(10_002);
  });

  test('says once in five minutes that a use is to be written, also when the entry was read anew', async () => {
    const keys = createKeyCache();
    const directory = directoryOf(() => keyOf());
    const use = async (now: number): Promise<boolean> => {
      await keys.find('hash', now, directory.read);
      return keys.isTouchDue('hash', now);
    };
    const due: boolean[] = [];
    for (const seconds of [0, 1, 30, 299, 300, 301, 599, 600]) due.push(await use(NOW + seconds * 1000));
    expect(due).toEqual([true, false, false, false, true, false, false, true]);
    expect(keys.isTouchDue('stranger', NOW)).toBe(false);
  });
});

test.each<[string, number[], [number, number][], number]>([
  ['the only one', [0], [[0, 1000]], 0],
  ['the lowest of empty ones', [2, 1, 0], [], 0],
  [
    'one that has none',
    [0, 1, 2],
    [
      [0, 1],
      [1, 1],
    ],
    2,
  ],
  [
    'the one with the fewest',
    [0, 1, 2],
    [
      [0, 5],
      [1, 3],
      [2, 4],
    ],
    1,
  ],
  [
    'the lowest of equals',
    [0, 1, 2],
    [
      [0, 5],
      [1, 3],
      [2, 3],
    ],
    1,
  ],
  [
    'never one that is no longer bound',
    [1],
    [
      [0, 0],
      [1, 9],
    ],
    1,
  ],
])('a new organisation goes to %s', (_, shards, counts, expected) => {
  expect(chooseShard(shards, new Map(counts))).toBe(expected);
});

test('without a shard there is no organisation', () => {
  expect(() => chooseShard([], new Map())).toThrow('no shard is configured');
});
