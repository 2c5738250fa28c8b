/** The verification before a period is closed: Σ events = hours = days, and days = months. */
import { AppError } from '../../core/error.ts';
import { holdSnapshot, type LedgerTransaction } from '../../db/ledger.ts';
import { periodTransaction } from '../../rollup/period-store.ts';
import { type BookedDay, listBookedDays } from '../book-store.ts';
import type { InvoicePeriod } from '../load-billing.ts';

export interface VerifiedBooks {
  readonly days: readonly BookedDay[];
  /** The version of the days at the comparison; it must be unchanged under the period's lock. */
  readonly dayVersions: string;
}

const LOGGED_MAX = 20;

/**
 * Compares the levels and returns the days with the hash of their events' keys. Call it first in its transaction.
 * Throws `books_differ`.
 */
export async function readBooks(tx: LedgerTransaction, period: InvoicePeriod): Promise<VerifiedBooks> {
  // Without a snapshot, rows that a drain adds in between could be undone by a failover before the lock, unnoticed.
  await holdSnapshot(tx);
  const dayVersions = await periodTransaction(tx).readDayVersions(period);
  const { period_start: starts_at, period_end: ends_at } = period;
  const days = await listBookedDays(tx, period, { starts_at, ends_at });
  const differences = days.filter((day) => day.differs);
  if (differences.length > 0) throw booksDiffer(period, differences);
  return { days, dayVersions };
}

function booksDiffer(
  { organisation_id, year, month }: InvoicePeriod,
  differences: readonly BookedDay[],
): AppError {
  const shown = differences.slice(0, LOGGED_MAX).map(({ keys_hash: _, ...difference }) => difference);
  return new AppError(
    'books_differ',
    'The events of the period and their aggregates differ. Nothing can be issued until they match.',
    { log: JSON.stringify({ organisation_id, year, month, differing: differences.length, shown }) },
  );
}
