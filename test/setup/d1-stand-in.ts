/**
 * A migrated stand-in for D1 on node:sqlite, for suites that examine single statements or read a lot: the
 * same engine, SQL and transactions, in the test's own process. It lacks D1's limits and its network. Suites
 * that use it have it in their names.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import type { HotDatabase } from '../../src/db/hot.ts';
import { HOT_MIGRATIONS } from '../../src/platform/local/paths.ts';

export interface D1StandIn {
  readonly hot: HotDatabase;
  /** Direct access, for tests that prepare and inspect data. */
  readonly sqlite: DatabaseSync;
  /** The text of each prepared statement. */
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
  /** One transaction, like D1's: a statement that fails rolls back those before it. */
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
  // Only the few methods that are called, not D1's whole interface.
  return { hot: { prepare, batch } as unknown as HotDatabase, sqlite, texts };
}
