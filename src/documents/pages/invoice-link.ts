/**
 * The links by which customers open invoices. A token is the link's id and an HMAC-SHA256 over everything it stands
 * for. A token does not help to forge another one, and neither does reading the database without the keys.
 */
import { assert } from '../../core/error.ts';
import type { InvoiceLink } from './link-store.ts';

type Signed = Pick<InvoiceLink, 'organisation_id' | 'id' | 'invoice_id' | 'expires_at'>;

const ID_BYTES = 16;
const TOKEN = /^[A-Za-z0-9_-]{64}$/;

const encoder = new TextEncoder();

const importSecret = (secret: string): ReturnType<typeof crypto.subtle.importKey> =>
  crypto.subtle.importKey('raw', encoder.encode(secret), { name: 'HMAC', hash: 'SHA-256' }, false, [
    'sign',
    'verify',
  ]);

const messageOf = ({ organisation_id, id, invoice_id, expires_at }: Signed): Uint8Array<ArrayBuffer> =>
  encoder.encode(`invoice_link:v1:${organisation_id}:${id}:${invoice_id}:${expires_at}`);

/** 48 bytes as 64 characters of base64url: the id, then the signature. */
export async function signLink(secret: string, link: Signed): Promise<string> {
  const signature = await crypto.subtle.sign('HMAC', await importSecret(secret), messageOf(link));
  const id = link.id.replaceAll('-', '').match(/../g) ?? [];
  assert(id.length === ID_BYTES, 'a link has a UUID');
  const bytes = [...id.map((hex) => Number.parseInt(hex, 16)), ...new Uint8Array(signature)];
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_');
}

export interface LinkToken {
  readonly id: string;
  readonly signature: Uint8Array<ArrayBuffer>;
}

/** Null if the text is not a token. Every character counts, because 48 bytes fill all 64 characters to the last bit. */
export function readToken(token: string): LinkToken | null {
  if (!TOKEN.test(token)) return null;
  const binary = atob(token.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  const hex = Array.from(bytes.subarray(0, ID_BYTES), (byte) => byte.toString(16).padStart(2, '0')).join('');
  const id = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return { id, signature: bytes.slice(ID_BYTES) };
}

/** WebCrypto compares in constant time. */
export async function isSignedBy(
  secrets: readonly string[],
  { signature }: LinkToken,
  link: Signed,
): Promise<boolean> {
  for (const secret of secrets) {
    if (await crypto.subtle.verify('HMAC', await importSecret(secret), signature, messageOf(link)))
      return true;
  }
  return false;
}

export const isLive = ({ expires_at, revoked_at }: InvoiceLink, now: number): boolean =>
  revoked_at === null && now < Date.parse(expires_at);
