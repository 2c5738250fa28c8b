/** Pages of groups: the largest first, or sorted by name. */
import { type Page, type PageInput, pageOf } from '../../core/page.ts';
import type { Bindings } from '../../db/bindings.ts';

/** A group's columns as one text, which identifies it and breaks ties in the order. */
export const placeOf = (columns: readonly string[]): string =>
  `json_build_array(${columns.join(', ')})::text COLLATE "C" AS place`;

/** `largest`: a numeric column, greatest first. If null, sorted by place. */
export interface GroupOrder {
  readonly largest: string | null;
}

/** Selects the page's rows from a relation with a `place`, each with its `page_key`, plus one row beyond the page. */
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
