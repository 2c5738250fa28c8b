/**
 * The edge's cache of keys, in front of the DIRECTORY. An entry lives 20 s, so that with the publish job's
 * interval of 30 s a revoked key stops working within 60 s even if its publish was lost. Unknown keys are
 * never cached: a new key works at once, and strangers cannot fill the cache.
 */
import { BoundedMap } from '../../core/bounded-map.ts';
import type { EdgeKey } from './published-tenant.ts';

const ENTRY_LIFE_MS = 20_000;
const ENTRIES_MAX = 10_000;
const TOUCH_EVERY_MS = 300_000;

export interface KeyCache {
  /** The usable key of this hash, from the cache or from `read`; null if there is none. */
  find(keyHash: string, now: number, read: () => Promise<EdgeKey | null>): Promise<EdgeKey | null>;
  /** True once in five minutes per key: its last use is due to be written. */
  isTouchDue(keyHash: string, now: number): boolean;
}

export function createKeyCache(): KeyCache {
  const keys = new BoundedMap<string, EdgeKey>({ entriesMax: ENTRIES_MAX, lifeMs: ENTRY_LIFE_MS });
  const touched = new BoundedMap<string, true>({ entriesMax: ENTRIES_MAX, lifeMs: TOUCH_EVERY_MS });
  const isUsable = (key: EdgeKey, now: number): boolean => key.expires_at === null || key.expires_at > now;
  return {
    async find(keyHash, now, read) {
      const known = keys.get(keyHash, now);
      if (known) return isUsable(known, now) ? known : null;
      const key = await read();
      if (!key || !isUsable(key, now)) return null;
      keys.set(keyHash, key, now);
      return key;
    },
    isTouchDue(keyHash, now) {
      if (!keys.get(keyHash, now) || touched.get(keyHash, now)) return false;
      touched.set(keyHash, true, now);
      return true;
    },
  };
}
