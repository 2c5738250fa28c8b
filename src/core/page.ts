/** Keyset pages: a cursor is opaque to the client and holds only for the list and filters that gave it. */
import { invalidRequest } from './error.ts';

export const PAGE_LIMIT_DEFAULT = 50;
export const PAGE_LIMIT_MAX = 1000;

export interface PageInput {
  readonly limit: number;
  /** The key of the last row of the page before; null for the first page. */
  readonly after: string | null;
}

export interface Page<Row> {
  readonly data: readonly Row[];
  /** The key of the last row, where more follow. */
  readonly nextAfter: string | null;
}

/** Cuts rows that were read with `limit + 1` into a page. */
export function pageOf<Row>(rows: readonly Row[], limit: number, keyOf: (row: Row) => string): Page<Row> {
  const data = rows.slice(0, limit);
  const last = data[data.length - 1];
  return { data, nextAfter: rows.length > limit && last ? keyOf(last) : null };
}

const base64url = (text: string): string =>
  btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

export const encodeCursor = (scope: string, after: string | null): string | null =>
  after === null ? null : base64url(encodeURIComponent(JSON.stringify([scope, after])));

/** Throws `invalid_request` for a cursor of another list or of other filters. */
export function decodeCursor(scope: string, cursor: string | undefined): string | null {
  if (cursor === undefined) return null;
  try {
    const text = decodeURIComponent(atob(cursor.replaceAll('-', '+').replaceAll('_', '/')));
    const [of, after] = JSON.parse(text) as unknown[];
    if (of === scope && typeof after === 'string') return after;
  } catch {
    // Falls through: whatever is wrong with it, it is not one of ours.
  }
  throw invalidRequest([
    {
      pointer: '?cursor',
      code: 'invalid_cursor',
      detail: 'Not a cursor of this list. Use next_cursor from its previous page.',
    },
  ]);
}
