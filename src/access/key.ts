/**
 * API keys: a prefix for the kind, 30 random base62 characters (178 bits), and 6 characters of a CRC-32 over
 * them, with which secret scanners distinguish a key from noise. Only the SHA-256 is stored; keys are never
 * looked up by checksum.
 */
import { sha256Hex } from '../core/sha256.ts';

export type KeyKind = 'live' | 'admin';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RANDOM_CHARACTERS = 30;
const CHECKSUM_CHARACTERS = 6;

/** Characters of a key that may be shown again: its prefix and four more. */
const SHOWN_CHARACTERS = 4;

export interface NewKey {
  /** Shown once, never stored. */
  readonly key: string;
  readonly key_hash: string;
  readonly prefix: string;
}

export function createKey(kind: KeyKind): NewKey {
  const random = randomBase62(RANDOM_CHARACTERS);
  return describeKey(`mb_${kind}_${random}${checksum(random)}`);
}

export const describeKey = (key: string): NewKey => ({
  key,
  key_hash: hashKey(key),
  prefix: key.slice(0, (/^mb_[a-z]+_/.exec(key)?.[0].length ?? 0) + SHOWN_CHARACTERS),
});

export const hashKey = (key: string): string => sha256Hex(key);

function randomBase62(length: number): string {
  let text = '';
  while (text.length < length) {
    for (const byte of crypto.getRandomValues(new Uint8Array(length))) {
      // 248 = 4 × 62: bytes from 248 on would make some characters more likely.
      if (byte < 248 && text.length < length) text += BASE62[byte % 62];
    }
  }
  return text;
}

export function checksum(text: string): string {
  let crc = 0xffffffff;
  for (let i = 0; i < text.length; i++) {
    crc ^= text.charCodeAt(i);
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  let rest = ~crc >>> 0;
  let digits = '';
  for (let i = 0; i < CHECKSUM_CHARACTERS; i++) {
    digits = BASE62[rest % 62] + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}

/** The token of `Authorization: Bearer …`; the scheme's case does not matter (RFC 9110 §11.1). */
export function bearerToken(authorization: string | null): string | null {
  const match = /^bearer +([\x21-\x7e]{1,512}) *$/i.exec(authorization ?? '');
  return match?.[1] ?? null;
}

/** The same, or the password of `Authorization: Basic …` (RFC 7617) with any user name: trace exporters send that. */
export function tokenOrPassword(authorization: string | null): string | null {
  const [, basic] = /^basic +([A-Za-z0-9+/]{1,2048}={0,2}) *$/i.exec(authorization ?? '') ?? [];
  if (basic === undefined) return bearerToken(authorization);
  try {
    const [, password = ''] = /^[^:]*:(.*)$/s.exec(atob(basic)) ?? [];
    return bearerToken(`Bearer ${password}`);
  } catch {
    return null;
  }
}
