/** Who is asking, by the bearer key; anyone where a route is open. */
import type { Audience } from '../access/authorise.ts';
import { unauthorized } from '../access/authorise.ts';
import { bearerToken, hashKey } from '../access/key.ts';
import { findAdminKey, findProjectKey, touchAdminKey } from '../access/store.ts';
import type { Actor } from '../core/actor.ts';
import { formatInstant } from '../core/time.ts';
import { type Ledger, PLATFORM } from '../db/ledger.ts';

/** Throws `unauthorized`, the same for every reason. */
export async function authenticate(
  ledger: Ledger,
  audience: Audience,
  request: Request,
  now: number,
): Promise<Actor> {
  if (audience === 'open') return { kind: 'anonymous' };
  const token = bearerToken(request.headers.get('authorization'));
  if (token === null) throw unauthorized();
  const keyHash = hashKey(token);
  const at = formatInstant(now);
  const actor = await ledger.transaction(PLATFORM, async (tx): Promise<Actor | null> => {
    if (audience === 'project') {
      const key = await findProjectKey(tx, keyHash, at);
      return key && { kind: 'project', ...key };
    }
    const key = await findAdminKey(tx, keyHash, at);
    if (key) await touchAdminKey(tx, key.key_id, at);
    return key && { kind: 'admin', ...key };
  });
  if (!actor) throw unauthorized();
  return actor;
}
