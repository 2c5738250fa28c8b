/**
 * Which call is which. One call may arrive by two ways, from the application and from a trace, under two keys and with
 * other content; what both know is the vendor's own id of the response.
 */
import { sha256Base64Url } from '../core/sha256.ts';
import { priceProviderOf } from './prices/price-provider.ts';

/** Each changes whenever its text below does; 1 and 3 are taken (src/ingest/fingerprint.ts). */
const IDENTITY_VERSION = '\u0002';
const CONTENT_VERSION = '\u0004';

export interface GenerationIdentity {
  /** Of the event. */
  readonly key: string;
  readonly fingerprint: string;
}

/**
 * With a response_id, the key is `ai:` and the SHA-256 of provider and response_id in base64url, and the fingerprint covers the
 * same two: a later arrival is a duplicate whatever else it contains. The provider is normalised, because a trace names
 * `gcp.gemini` and an application `google`. Without a response_id, the key is the sender's own, and the fingerprint covers the
 * instant as sent and all of the content. Neither part can contain the U+0000 between them.
 */
export function identifyGeneration(
  call: { readonly provider: string; readonly response_id: string | null; readonly idempotency_key: string },
  timestamp: number | null,
  content: string,
): GenerationIdentity {
  const { provider, response_id, idempotency_key } = call;
  if (response_id === null) {
    return { key: idempotency_key, fingerprint: contentFingerprintOf(content, timestamp) };
  }
  const identity = `${priceProviderOf(provider)}\0${response_id}`;
  return {
    key: `ai:${sha256Base64Url(identity)}`,
    fingerprint: sha256Base64Url(`${IDENTITY_VERSION}\0${identity}`),
  };
}

/** Of all of the content (call-content.ts), also where the identity is less. */
export const contentFingerprintOf = (content: string, timestamp: number | null): string =>
  sha256Base64Url(`${CONTENT_VERSION}\0${timestamp ?? ''}\0${content}`);
