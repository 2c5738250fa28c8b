/** Pages of groups: the largest first, or in the order of their names. */
import { type Page, type PageInput, pageOf } from '../../core/page.ts';
import type { Bindings } from '../../db/bindings.ts';

/** One text of a group's columns, to tell it from the others and to order it among equals. */
export const placeOf = (columns: readonly string[]): string =>
  `json_build_array(${columns.join(', ')})::text COLLATE "C" AS place`;

/** `largest`: a column with a number, the greatest first. Else by place. */
export interface GroupOrder {
  readonly largest: string | null;
}

/** The page's rows of a relation that has a `place`, as a select; each with its `page_key`, and one more than the page has. */
export function selectGroups(
  relation: string,
  { largest }: GroupOrder,
  page: PageInput,
  { bind }: Bindings,
): string {
  const key = page.after === null ? null : `${bind(page.after)}::jsonb`;
  const place = `(${key} ->> 1) COLLATE "C"`;
  const after =
    largest === null
      ? `place > ${place}`
      : `(${largest} < (${key} ->> 0)::numeric OR (${largest} = (${key} ->> 0)::numeric AND place > ${place}))`;
  return `SELECT *, json_build_array(${largest === null ? 'NULL' : `${largest}::text`}, place)::text AS page_key
    FROM ${relation} ${key === null ? '' : `WHERE ${after}`}
    ORDER BY ${orderOf({ largest })} LIMIT ${bind(page.limit + 1)}`;
}

export const orderOf = ({ largest }: GroupOrder): string =>
  largest === null ? 'place' : `${largest} DESC, place`;

export const pageOfGroups = <Row extends { readonly page_key: string }>(
  rows: readonly Row[],
  page: PageInput,
): Page<Row> => pageOf(rows, page.limit, (row) => row.page_key);
