/** Keyset pages. A cursor is opaque to the client and valid only for the list and filters that produced it. */
import { invalidRequest } from './error.ts';
import { sha256Base64Url } from './sha256.ts';

export const PAGE_LIMIT_DEFAULT = 50;
export const PAGE_LIMIT_MAX = 1000;

export interface PageInput {
  readonly limit: number;
  /** The key of the last row of the previous page; null for the first page. */
  readonly after: string | null;
}

export interface Page<Row> {
  readonly data: readonly Row[];
  /** The key of the last row, if more rows follow. */
  readonly nextAfter: string | null;
}

/** Cuts rows read with `limit + 1` into a page. */
export function pageOf<Row>(rows: readonly Row[], limit: number, keyOf: (row: Row) => string): Page<Row> {
  const data = rows.slice(0, limit);
  const last = data[data.length - 1];
  return { data, nextAfter: rows.length > limit && last ? keyOf(last) : null };
}

const encode = (text: string): string =>
  btoa(String.fromCharCode(...new TextEncoder().encode(text)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');

const decode = (text: string): string => {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return new TextDecoder('utf-8', { fatal: true }).decode(
    Uint8Array.from(binary, (character) => character.charCodeAt(0)),
  );
};

/** The cursor holds the hash of its scope, so that it is hardly longer than its row's key, whatever the filters. */
export const encodeCursor = (scope: string, after: string | null): string | null =>
  after === null ? null : encode(JSON.stringify([sha256Base64Url(scope), after]));

/** Throws `invalid_request` for a cursor of another list or of other filters. */
export function decodeCursor(scope: string, cursor: string | undefined): string | null {
  if (cursor === undefined) return null;
  try {
    const [of, after] = JSON.parse(decode(cursor)) as unknown[];
    if (of === sha256Base64Url(scope) && typeof after === 'string') return after;
  } catch {
    // Falls through: any malformed cursor gets the same error.
  }
  throw invalidRequest([
    {
      pointer: '?cursor',
      code: 'invalid_cursor',
      detail: 'Not a cursor of this list. Use next_cursor from its previous page.',
    },
  ]);
}
