/**
 * The rules of Idempotency-Key (IETF draft-ietf-httpapi-idempotency-key-header): what a stored key means for
 * a request.
 */
import { type Actor, actorName } from '../../core/actor.ts';
import { canonicalJson } from '../../core/canonical-json.ts';
import { sha256Hex } from '../../core/sha256.ts';
import { DAY_MS } from '../../core/time.ts';

/** How long a request may run before another with its key may take over. */
export const LOCK_MS = 60_000;
export const KEPT_MS = 30 * DAY_MS;

/** The caller and the key: keys of different callers never collide. */
export interface KeyOwner {
  readonly actor: string;
  readonly key: string;
}

export interface KeptKey extends KeyOwner {
  readonly fingerprint: string;
  /** Set while a request is running; null once it is answered. */
  readonly locked_until: string | null;
  readonly status: number | null;
  readonly body: string | null;
  readonly created_at: string;
}

export interface FingerprintInput {
  readonly method: string;
  /** Including its query. */
  readonly path: string;
  /** As parsed by the route's schema; undefined if there is none. */
  readonly body: unknown;
  /** The bytes of a body that is not JSON; otherwise empty. */
  readonly bytes: Uint8Array;
}

/**
 * 64 hexadecimal digits. Independent of the order of a body's members, of its white space, and of the
 * notation of instants.
 */
export const fingerprintOf = ({ method, path, body, bytes }: FingerprintInput): string =>
  sha256Hex([method, path, canonicalJson(body ?? null), sha256Hex(bytes)].join('\n'));

/**
 * The key as stored in a row that a retry must find, unique in its organisation: the retry then finds the
 * effect of the earlier request even if that request died before its answer was stored.
 */
export const keyOfRow = (actor: Actor, key: string): string => `${actorName(actor)} ${key}`;

/**
 * `expired`: treated as absent. `reused`: another request had this key. `answered`: its answer must be
 * returned again. `in_flight`: the first request is still running. `abandoned`: it died while running, and
 * this one may take over.
 */
export type KeyStanding = 'expired' | 'reused' | 'answered' | 'in_flight' | 'abandoned';

export function standingOf(kept: KeptKey, fingerprint: string, now: number): KeyStanding {
  if (Date.parse(kept.created_at) <= now - KEPT_MS) return 'expired';
  if (kept.fingerprint !== fingerprint) return 'reused';
  if (kept.status !== null) return 'answered';
  return kept.locked_until !== null && Date.parse(kept.locked_until) >= now ? 'in_flight' : 'abandoned';
}
