import { AppError, assert, unreachable } from '../../core/error.ts';
import { formatInstant } from '../../core/time.ts';
import { type Ledger, type LedgerTransaction, PLATFORM } from '../../db/ledger.ts';
import { KEPT_MS, type KeyOwner, LOCK_MS, standingOf } from './key.ts';
import { findKey, insertKey, retakeKey } from './store.ts';

export interface ClaimKeyInput extends KeyOwner {
  readonly fingerprint: string;
  /** The real moment, in epoch milliseconds. */
  readonly now: number;
}

/** `taken`: the caller must run the request, before the lock ends. */
export type Claim =
  | { readonly kind: 'taken'; readonly locked_until: string }
  | { readonly kind: 'answered'; readonly status: number; readonly body: string };

/** How often the claim starts over when a key is freed between the insert and the read. */
const ATTEMPTS_MAX = 3;
/** Requests take far less time than their lock, which exists for requests that die. */
const RETRY_AFTER_SECONDS = 1;

/**
 * Takes the key for one request, or returns its stored answer. Throws `idempotency_key_reused`,
 * `idempotency_key_in_flight`.
 */
export async function claimKey(ledger: Ledger, input: ClaimKeyInput): Promise<Claim> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    const claim = await ledger.transaction(PLATFORM, (tx) => tryClaim(tx, input));
    if (claim) return claim;
  }
  throw inFlight();
}

async function tryClaim(tx: LedgerTransaction, input: ClaimKeyInput): Promise<Claim | null> {
  const { actor, key, fingerprint, now } = input;
  const locked_until = formatInstant(now + LOCK_MS);
  const row = { actor, key, fingerprint, locked_until, created_at: formatInstant(now) };
  const taken: Claim = { kind: 'taken', locked_until };
  if (await insertKey(tx, row)) return taken;
  const kept = await findKey(tx, row);
  if (!kept) return null;
  const standing = standingOf(kept, fingerprint, now);
  switch (standing) {
    case 'reused':
      throw new AppError(
        'idempotency_key_reused',
        'This Idempotency-Key was used for a different request. Use a new key.',
      );
    case 'in_flight':
      throw inFlight();
    case 'answered':
      assert(kept.status !== null && kept.body !== null, 'an answered key has its answer');
      return { kind: 'answered', status: kept.status, body: kept.body };
    case 'expired':
    case 'abandoned':
      return (await retakeKey(tx, row, formatInstant(now - KEPT_MS))) ? taken : null;
    default:
      return unreachable(standing);
  }
}

const inFlight = (): AppError =>
  new AppError(
    'idempotency_key_in_flight',
    'The first request with this Idempotency-Key is still in progress. Retry later.',
    {
      retryAfterSeconds: RETRY_AFTER_SECONDS,
    },
  );
