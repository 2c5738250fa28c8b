import { sha256Base64Url } from '../core/sha256.ts';
import type { UsageEvent } from './event.ts';

/** Change this whenever the text below changes: fingerprints of different versions must never be equal. */
const VERSION = '\u0001';

/**
 * Defines "the same content" (law 2): SHA-256 over the content as sent, normalised, as 43 characters of base64url.
 * An absent timestamp or user_id is the empty text, which is a valid value of neither. U+0000 separates the parts.
 * No accepted event contains it, so different events never give the same text.
 */
export function fingerprintOf(event: UsageEvent): string {
  return sha256Base64Url(
    `${VERSION}\0${event.metric_name}\0${event.metric_value}\0${event.unit}\0${event.timestamp ?? ''}\0` +
      `${event.user_id ?? ''}\0${event.metadata}`,
  );
}
