import { type Ledger, PLATFORM } from '../../db/ledger.ts';
import type { KeyOwner } from './key.ts';
import { deleteKey, storeAnswer } from './store.ts';

export interface SettleKeyInput extends KeyOwner {
  /** The lock that was taken with the key. */
  readonly locked_until: string;
  /** Null frees the key, so that a retry runs. */
  readonly answer: { readonly status: number; readonly body: string } | null;
}

/** Ends the work on a key. Does nothing if the lock has expired and another request has taken over. */
export const settleKey = (
  ledger: Ledger,
  { locked_until, answer, ...owner }: SettleKeyInput,
): Promise<void> =>
  ledger.transaction(PLATFORM, (tx) =>
    answer === null ? deleteKey(tx, owner, locked_until) : storeAnswer(tx, owner, locked_until, answer),
  );
