/** A D1 database that sums the figures in D1's answers: rows read and written are the basis of its bill. */
import type { D1Database, D1PreparedStatement, D1Result } from '@cloudflare/workers-types';

export interface RowCounts {
  rows_read: number;
  rows_written: number;
  statements: number;
}

export function counted(database: D1Database): { database: D1Database; counts: RowCounts } {
  const counts: RowCounts = { rows_read: 0, rows_written: 0, statements: 0 };
  const add = <R extends D1Result<unknown>>(result: R): R => {
    counts.rows_read += result.meta.rows_read;
    counts.rows_written += result.meta.rows_written;
    counts.statements += 1;
    return result;
  };
  const raw = new WeakMap<D1PreparedStatement, D1PreparedStatement>();
  const wrap = (statement: D1PreparedStatement): D1PreparedStatement => {
    const wrapped: D1PreparedStatement = Object.assign(Object.create(statement) as D1PreparedStatement, {
      bind: (...values: unknown[]) => wrap(statement.bind(...values)),
      run: async () => add(await statement.run()),
      all: async () => add(await statement.all()),
      // `first` drops these figures: the same statement through `all` has the same counts.
      first: async (column?: string) => {
        const row = add(await statement.all<Record<string, unknown>>()).results[0];
        return row === undefined ? null : column === undefined ? row : row[column];
      },
    });
    raw.set(wrapped, statement);
    return wrapped;
  };
  const proxy = Object.assign(Object.create(database) as D1Database, {
    prepare: (text: string) => wrap(database.prepare(text)),
    batch: async (statements: D1PreparedStatement[]) =>
      (await database.batch(statements.map((each) => raw.get(each) ?? each))).map(add),
  });
  return { database: proxy, counts };
}
