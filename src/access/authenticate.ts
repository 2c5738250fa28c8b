import type { Actor } from '../core/actor.ts';
import { formatInstant } from '../core/time.ts';
import { type Ledger, PLATFORM } from '../db/ledger.ts';
import { type Audience, unauthorized } from './authorise.ts';
import { hashKey } from './key.ts';
import { findAdminKey, findProjectKey, touchAdminKey } from './store.ts';

export interface AuthenticateInput {
  readonly audience: Audience;
  /** The bearer token; null if the request has none. */
  readonly token: string | null;
  /** Epoch milliseconds of the real clock. */
  readonly now: number;
}

/** The actor of a request; `open` routes accept any caller. Throws `unauthorized`, the same for every reason. */
export async function authenticate(
  ledger: Ledger,
  { audience, token, now }: AuthenticateInput,
): Promise<Actor> {
  if (audience === 'open') return { kind: 'anonymous' };
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
