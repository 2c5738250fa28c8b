import { unauthorized } from '../../access/authorise.ts';
import { hashKey } from '../../access/key.ts';
import type { HotDatabase } from '../../db/hot.ts';
import { findEdgeKey, touchEdgeKey } from './directory-store.ts';
import type { KeyCache } from './key-cache.ts';
import type { EdgeKey } from './published-tenant.ts';

export interface EdgeAccess {
  readonly directory: HotDatabase;
  readonly keys: KeyCache;
  readonly now: number;
  readonly waitUntil: (work: Promise<unknown>) => void;
}

/**
 * The tenant of a token, according to the data published to the edge. Throws `unauthorized`, the same for
 * every reason.
 */
export async function authenticateEdgeKey(
  token: string | null,
  { directory, keys, now, waitUntil }: EdgeAccess,
): Promise<EdgeKey> {
  if (token === null) throw unauthorized();
  const keyHash = hashKey(token);
  const key = await keys.find(keyHash, now, () => findEdgeKey(directory, keyHash));
  if (!key) throw unauthorized();
  if (keys.isTouchDue(keyHash, now)) waitUntil(touchEdgeKey(directory, keyHash, now).catch(() => undefined));
  return key;
}
