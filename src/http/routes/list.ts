/** The answer of a list: a page, and the cursor to the next one, which is valid only for the same list and filters. */
import * as z from 'zod';
import { invalidRequest } from '../../core/error.ts';
import { decodeCursor, encodeCursor, type Page, type PageInput } from '../../core/page.ts';
import { isDataException } from '../../db/sql-state.ts';
import type { Answer } from '../route.ts';
import { pageQuery } from '../schemas.ts';

export const listQuery = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject({ ...shape, ...pageQuery });

interface ListInput {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** Runs the list `name` with its filters: everything in the query except the page. */
export async function answerList<Query extends ListInput, Row>(
  name: string,
  query: Query,
  read: (filter: Omit<Query, 'limit' | 'cursor'>, page: PageInput) => Promise<Page<Row>>,
): Promise<Answer> {
  const { limit, cursor, ...filter } = query;
  const scope = `${name} ${JSON.stringify(filter)}`;
  const after = decodeCursor(scope, cursor);
  const { data, nextAfter } = await read(filter, { limit, after }).catch((error) => {
    // All other inputs of the statement are checked: a value that Postgres cannot read comes from a forged
    // cursor.
    if (after === null || !isDataException(error)) throw error;
    const detail = 'Not a cursor of this list. Use next_cursor from its previous page.';
    throw invalidRequest([{ pointer: '?cursor', code: 'invalid_cursor', detail }]);
  });
  return { status: 200, body: { data, next_cursor: encodeCursor(scope, nextAfter) } };
}
