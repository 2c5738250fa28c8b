import { DAY_MS, formatInstant } from '../core/time.ts';
import type { LedgerTransaction } from '../db/ledger.ts';
import { listRatesAt, type RateInForce } from './rate-store.ts';

export interface CurrencyPair {
  readonly base: string;
  readonly target: string;
}

/** The rates in force at a moment, by pair; a pair without one is absent, and its inverse never stands in for it. */
export async function findRates(
  tx: LedgerTransaction,
  pairs: readonly CurrencyPair[],
  at: number,
): Promise<Map<string, RateInForce>> {
  const rates = await listRatesAt(tx, pairs, formatInstant(at));
  return new Map(rates.map((rate) => [`${rate.base_currency}/${rate.target_currency}`, rate]));
}

/** Whether a rate began longer ago than the days allowed; null allows any. */
export const isStale = (effectiveFrom: string, at: number, maxAgeDays: number | null): boolean =>
  maxAgeDays !== null && at - Date.parse(effectiveFrom) > maxAgeDays * DAY_MS;
