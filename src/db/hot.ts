/** The D1 side: what the domains may ask of a hot store, and the limit on how long they wait for it. */
import type { D1Database } from '@cloudflare/workers-types';
import { AppError } from '../core/error.ts';

export type HotDatabase = Pick<D1Database, 'prepare' | 'batch'>;

/** The shards by number, as bound in wrangler.toml (`HOT_0`, `HOT_1`, …). */
export type Shards = ReadonlyMap<number, HotDatabase>;

const D1_TIMEOUT_MS = 10_000;

/** Fails with 503 after ten seconds: D1 is known to stall, and all of the product's writes to it are safe to repeat. */
export async function withinTime<T>(work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`D1 did not answer within ${D1_TIMEOUT_MS} ms`)),
      D1_TIMEOUT_MS,
    );
  });
  try {
    return await Promise.race([work, late]);
  } catch (cause) {
    throw new AppError('unavailable', 'The event store is unavailable. Retry later.', {
      cause,
      log: 'D1 call failed',
      retryAfterSeconds: 1,
    });
  } finally {
    clearTimeout(timer);
  }
}

/** The shard's database, or 503 if the configuration binds none with that number. */
export function hotDatabase(shards: Shards, shard: number): HotDatabase {
  const database = shards.get(shard);
  if (!database) {
    throw new AppError('unavailable', 'The event store of this organisation is not configured.', {
      log: `no binding HOT_${shard}`,
    });
  }
  return database;
}
