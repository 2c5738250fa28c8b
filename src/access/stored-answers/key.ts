/** The rules of Idempotency-Key (IETF draft-ietf-httpapi-idempotency-key-header): what a kept key means for a request. */
import { type Actor, actorName } from '../../core/actor.ts';
import { canonicalJson } from '../../core/canonical-json.ts';
import { sha256Hex } from '../../core/sha256.ts';
import { DAY_MS } from '../../core/time.ts';

/** How long a request may work before another with its key may take over from it. */
export const LOCK_MS = 60_000;
export const KEPT_MS = 30 * DAY_MS;

/** Who sent which key: two callers never meet. */
export interface KeyOwner {
  readonly actor: string;
  readonly key: string;
}

export interface KeptKey extends KeyOwner {
  readonly fingerprint: string;
  /** While a request works on it; null once it is answered. */
  readonly locked_until: string | null;
  readonly status: number | null;
  readonly body: string | null;
  readonly created_at: string;
}

export interface FingerprintInput {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** As the route's schema gave it; undefined for none. */
  readonly body: unknown;
  /** Of a body that is no JSON; else empty. */
  readonly bytes: Uint8Array;
}

/** 64 hexadecimal digits. The order of a body's members and its white space do not count, nor how an instant is written. */
export const fingerprintOf = ({ method, path, body, bytes }: FingerprintInput): string =>
  sha256Hex([method, path, canonicalJson(body ?? null), sha256Hex(bytes)].join('\n'));

/**
 * The key as a row keeps it that must find itself again, unique in its organisation: a retry finds the effect of the
 * request before it even where that died before its answer was stored.
 */
export const keyOfRow = (actor: Actor, key: string): string => `${actorName(actor)} ${key}`;

/**
 * `expired`: as if it were not there. `reused`: another request had this key. `answered`: its answer is to be given again.
 * `in_flight`: the first request is still at work. `abandoned`: it died at work, and this one may take over.
 */
export type KeyStanding = 'expired' | 'reused' | 'answered' | 'in_flight' | 'abandoned';

export function standingOf(kept: KeptKey, fingerprint: string, now: number): KeyStanding {
  if (Date.parse(kept.created_at) <= now - KEPT_MS) return 'expired';
  if (kept.fingerprint !== fingerprint) return 'reused';
  if (kept.status !== null) return 'answered';
  return kept.locked_until !== null && Date.parse(kept.locked_until) >= now ? 'in_flight' : 'abandoned';
}
