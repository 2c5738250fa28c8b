/** The verification before a period is closed: Σ events = hours = days, and days = months. */
import { AppError } from '../../core/error.ts';
import { holdSnapshot, type LedgerTransaction } from '../../db/ledger.ts';
import { periodTransaction } from '../../rollup/period-store.ts';
import { type BookedDay, listBookedDays } from '../book-store.ts';
import type { InvoicePeriod } from '../load-billing.ts';

export interface VerifiedBooks {
  readonly days: readonly BookedDay[];
  /** What the days were when they were compared: under the period's lock they must still be that. */
  readonly dayVersions: string;
}

const LOGGED_MAX = 20;

/**
 * Compares the levels and answers the days with the hash of their events' keys. It must come first in its transaction.
 * Throws `books_differ`.
 */
export async function readBooks(tx: LedgerTransaction, period: InvoicePeriod): Promise<VerifiedBooks> {
  // What a drain adds in between a failover could take back before the lock, unseen.
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
