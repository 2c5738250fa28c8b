/**
 * The one SELECT behind every list: equality and range filters, and a keyset. Names come from code, values
 * are bound.
 */
import { type Page, type PageInput, pageOf } from '../core/page.ts';
import type { LedgerTransaction } from './ledger.ts';

export interface ListQuery {
  readonly select: string;
  readonly from: string;
  /**
   * `[column and operator, value]`, e.g. `['timestamp >=', '2026-01-01T00:00:00Z']`; an undefined value
   * filters nothing.
   */
  readonly filters: readonly (readonly [string, string | number | boolean | undefined])[];
  /** The values that `from` refers to as $1, $2, … */
  readonly values?: readonly string[];
  /** The unique column of the keyset; its values are text, or Postgres casts them to and from text. */
  readonly key: string;
  readonly order: 'asc' | 'desc';
}

export async function listRows<Row extends object = object>(
  tx: LedgerTransaction,
  query: ListQuery,
  page: PageInput,
  // NoInfer: the caller names the row type. If it were inferred from the caller's return type, it would check
  // nothing.
): Promise<Page<NoInfer<Row>>> {
  const values: (string | number | boolean)[] = [...(query.values ?? [])];
  const conditions: string[] = [];
  const add = (left: string, value: string | number | boolean): void => {
    values.push(value);
    conditions.push(`${left} $${values.length}`);
  };
  for (const [left, value] of query.filters) if (value !== undefined) add(left, value);
  if (page.after !== null) add(`${query.key} ${query.order === 'asc' ? '>' : '<'}`, page.after);
  const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
  values.push(page.limit + 1);
  const rows = await tx.query<Row & { page_key: string }>(
    `SELECT ${query.select}, ${query.key}::text AS page_key FROM ${query.from} ${where}
     ORDER BY ${query.key} ${query.order} LIMIT $${values.length}`,
    values,
  );
  const { data, nextAfter } = pageOf(rows, page.limit, (row) => row.page_key);
  return { data: data.map(({ page_key: _, ...row }) => row as unknown as Row), nextAfter };
}
