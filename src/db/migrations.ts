/** The last migration of each store, as of the build of the Workers. */
import hotJournal from '../../migrations/d1/meta/_journal.json' with { type: 'json' };
import ledgerJournal from '../../migrations/postgres/meta/_journal.json' with { type: 'json' };
import { type HotDatabase, withinTime } from './hot.ts';
import type { LedgerTransaction } from './ledger.ts';

const last = <T>(entries: readonly T[]): T | undefined => entries[entries.length - 1];

export async function isLedgerCurrent(tx: LedgerTransaction): Promise<boolean> {
  const [row] = await tx.query<{ at: number | null }>(
    'SELECT max(created_at) AS at FROM drizzle.__drizzle_migrations',
  );
  return row?.at === last(ledgerJournal.entries)?.when;
}

/** By the names that `wrangler d1 migrations apply` records. */
export async function isHotCurrent(database: HotDatabase): Promise<boolean> {
  const statement = database.prepare('SELECT name FROM d1_migrations ORDER BY id DESC LIMIT 1');
  return (await withinTime(statement.first<string>('name'))) === `${last(hotJournal.entries)?.tag}.sql`;
}
