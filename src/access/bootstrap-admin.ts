/** Creates the first admin and its key, if no admin exists yet. */
import { AppError } from '../core/error.ts';
import { uuidv7 } from '../core/id.ts';
import { type Ledger, PLATFORM } from '../db/ledger.ts';
import { createKey, describeKey } from './key.ts';
import { recordAdminKey } from './record-admin-key.ts';
import { hasAdminLocked, insertAdmin } from './store.ts';

export const BOOTSTRAP_KEY_CHARACTERS_MIN = 24;

export interface BootstrapInput {
  /** The first key; if absent, a new one is generated. */
  readonly key?: string;
  readonly now: number;
}

/** Returns the key if it created the first admin, null if an admin exists. Throws `invalid_request` for a short key. */
export async function bootstrapAdmin(ledger: Ledger, input: BootstrapInput): Promise<string | null> {
  if (input.key !== undefined && input.key.length < BOOTSTRAP_KEY_CHARACTERS_MIN) {
    throw new AppError('invalid_request', 'BOOTSTRAP_ADMIN_KEY must have at least 24 characters.');
  }
  const key = input.key === undefined ? createKey('admin') : describeKey(input.key);
  const created = await ledger.transaction(PLATFORM, async (tx) => {
    if (await hasAdminLocked(tx)) return false;
    const user_id = uuidv7(input.now);
    const { key_hash, prefix } = key;
    await insertAdmin(tx, { id: user_id, email: 'admin@localhost', role: 'admin' });
    await recordAdminKey(
      tx,
      { now: input.now, job: 'bootstrap' },
      { user_id, key_hash, prefix, name: 'first admin key', expires_at: null },
    );
    return true;
  });
  return created ? key.key : null;
}
