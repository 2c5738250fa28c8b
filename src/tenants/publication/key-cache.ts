/**
 * The edge's memory of keys, over the DIRECTORY. An entry lives 20 s, so that with the publish job's round of 30 s a
 * revoked key stops within 60 s even when its publish was lost. What is not a key is never remembered: a new key works
 * at once, and strangers cannot fill the memory.
 */
import type { EdgeKey } from './published-tenant.ts';

const ENTRY_LIFE_MS = 20_000;
const ENTRIES_MAX = 10_000;
const TOUCH_EVERY_MS = 300_000;

interface Entry {
  readonly key: EdgeKey;
  readonly readAt: number;
  touchedAt: number;
}

export interface KeyCache {
  /** The usable key of this hash, from memory or by `read`; null for none. */
  find(keyHash: string, now: number, read: () => Promise<EdgeKey | null>): Promise<EdgeKey | null>;
  /** True once in five minutes for a key: its last use is due to be written. */
  isTouchDue(keyHash: string, now: number): boolean;
}

export function createKeyCache(): KeyCache {
  // A Map keeps the order of insertion: its first entry is the oldest.
  const entries = new Map<string, Entry>();
  const isUsable = (key: EdgeKey, now: number): boolean => key.expires_at === null || key.expires_at > now;
  return {
    async find(keyHash, now, read) {
      const known = entries.get(keyHash);
      if (known && now - known.readAt < ENTRY_LIFE_MS) return isUsable(known.key, now) ? known.key : null;
      entries.delete(keyHash);
      const key = await read();
      if (!key || !isUsable(key, now)) return null;
      if (entries.size >= ENTRIES_MAX) {
        const oldest = entries.keys().next();
        if (!oldest.done) entries.delete(oldest.value);
      }
      entries.set(keyHash, { key, readAt: now, touchedAt: known?.touchedAt ?? 0 });
      return key;
    },
    isTouchDue(keyHash, now) {
      const entry = entries.get(keyHash);
      if (!entry || now - entry.touchedAt < TOUCH_EVERY_MS) return false;
      entry.touchedAt = now;
      return true;
    },
  };
}
