interface Entry<Value> {
  readonly value: Value;
  readonly setAt: number;
}

/**
 * A map with a limited size and age. Beyond `entriesMax` entries it drops the one set first; an entry expires
 * `lifeMs` after it was set. Instants are epoch milliseconds; without `lifeMs` none is needed.
 */
export class BoundedMap<Key, Value> {
  // A Map keeps insertion order, so its first entry is the oldest.
  readonly #entries = new Map<Key, Entry<Value>>();
  readonly #entriesMax: number;
  readonly #lifeMs: number;

  constructor({ entriesMax, lifeMs = Infinity }: { readonly entriesMax: number; readonly lifeMs?: number }) {
    this.#entriesMax = entriesMax;
    this.#lifeMs = lifeMs;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: Key, now = 0): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (now - entry.setAt < this.#lifeMs) return entry.value;
    this.#entries.delete(key);
    return undefined;
  }

  set(key: Key, value: Value, now = 0): void {
    this.#entries.delete(key);
    if (this.#entries.size >= this.#entriesMax) {
      const oldest = this.#entries.keys().next();
      if (!oldest.done) this.#entries.delete(oldest.value);
    }
    this.#entries.set(key, { value, setAt: now });
  }

  delete(key: Key): void {
    this.#entries.delete(key);
  }
}
