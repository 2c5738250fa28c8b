/**
 * A stand-in for D1 on node:sqlite, migrated, for suites that look at single statements or read much: the same engine, SQL
 * and transactions, in the test's own process. What it lacks is D1's limits and its wire. Suites that use it say so in their
 * names.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import type { HotDatabase } from '../../src/db/hot.ts';
import { HOT_MIGRATIONS } from '../../src/platform/local/paths.ts';

export interface D1StandIn {
  readonly hot: HotDatabase;
  /** Past D1, for what a test puts there and looks at. */
  readonly sqlite: DatabaseSync;
  /** The text of each statement that was prepared. */
  readonly texts: readonly string[];
}

export function openD1StandIn(): D1StandIn {
  const sqlite = new DatabaseSync(':memory:');
  for (const name of readdirSync(HOT_MIGRATIONS).sort()) {
    if (!name.endsWith('.sql')) continue;
    const migration = readFileSync(join(HOT_MIGRATIONS, name), 'utf8');
    sqlite.exec(migration.replaceAll('--> statement-breakpoint', ''));
  }
  const texts: string[] = [];
  const countChanges = (): number => Number(sqlite.prepare('SELECT total_changes() AS n').get()?.['n']);

  const statement = (sql: string, values: readonly SQLInputValue[]) => {
    const run = () => {
      const before = countChanges();
      const results = sqlite.prepare(sql).all(...values);
      return { results, meta: { changes: countChanges() - before, size_after: 0 } };
    };
    return {
      runNow: run,
      bind: (...bound: SQLInputValue[]) => statement(sql, bound),
      all: async () => run(),
      run: async () => run(),
      first: async (column: string) => run().results[0]?.[column] ?? null,
    };
  };
  const prepare = (sql: string) => {
    texts.push(sql);
    return statement(sql, []);
  };
  /** One transaction, as D1's: a statement that fails takes those before it back. */
  const batch = async (statements: readonly ReturnType<typeof statement>[]) => {
    sqlite.exec('BEGIN');
    try {
      const answers = statements.map((each) => each.runNow());
      sqlite.exec('COMMIT');
      return answers;
    } catch (error) {
      sqlite.exec('ROLLBACK');
      throw error;
    }
  };
  // The few methods that are called, not D1's whole interface.
  return { hot: { prepare, batch } as unknown as HotDatabase, sqlite, texts };
}
