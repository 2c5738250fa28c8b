/** Strong entity tags (RFC 9110 §8.8.3) of JSON resources, so that concurrent changes do not overwrite each other. */
import { canonicalJson } from '../core/canonical-json.ts';
import { AppError } from '../core/error.ts';
import { sha256Hex } from '../core/sha256.ts';
import type { Answer } from './route.ts';

/** The hash of the resource's content, whatever the order of its members. */
export const etagOf = (body: unknown): string =>
  `"${sha256Hex(canonicalJson(JSON.parse(JSON.stringify(body))))}"`;

export const withEtag = (body: unknown, status = 200): Answer => ({
  status,
  body,
  headers: { etag: etagOf(body) },
});

/**
 * Throws `precondition_failed` if If-Match does not name the current state; call it on the row that the
 * change holds locked. Without the header, or with `*`, any state matches; a weak tag never matches (RFC 9110
 * §13.1.1).
 */
export function assertIfMatch(headers: Headers, current: unknown): void {
  const wanted = headers.get('if-match')?.trim();
  if (wanted === undefined || wanted === '*') return;
  const tags: readonly string[] = wanted.match(/(?:W\/)?"[^"]*"/g) ?? [];
  if (tags.includes(etagOf(current))) return;
  throw new AppError(
    'precondition_failed',
    'The resource has changed since you read it. Read it again and retry.',
  );
}
