import { sha256Base64Url } from '../core/sha256.ts';
import type { UsageEvent } from './event.ts';

/** Changes whenever the text below does: fingerprints of different versions never compare as equal. */
const VERSION = '\u0001';

/**
 * What "the same content" means (law 2): SHA-256 over the content as sent, normalised, as 43 characters of base64url.
 * An absent timestamp or user_id stays absent, as the empty text, which neither can be. U+0000 stands between the
 * parts; no accepted event holds it, so two different events never make one text.
 */
export function fingerprintOf(event: UsageEvent): string {
  return sha256Base64Url(
    `${VERSION}\0${event.metric_name}\0${event.metric_value}\0${event.unit}\0${event.timestamp ?? ''}\0` +
      `${event.user_id ?? ''}\0${event.metadata}`,
  );
}
