import { isCurrency } from '../../core/currency.ts';
import { assert } from '../../core/error.ts';
import { formatInstant } from '../../core/time.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import type { CurrencyPair } from './exchange-rate.ts';
import { type RateInForce, selectRatesAt } from './store.ts';

/** The rates in force for the requested pairs. */
export interface RatesInForce {
  /** Null if no rate of this pair, in this direction, is in force. */
  get(base: string, target: string): RateInForce | null;
}

const keyOf = (base: string, target: string): string => `${base} ${target}`;

/** The rates of all pairs at an instant (epoch milliseconds), in one query; no query if there are no pairs. */
export async function findRates(
  tx: LedgerTransaction,
  pairs: readonly { readonly base: string; readonly target: string }[],
  at: number,
): Promise<RatesInForce> {
  const wanted = new Map<string, CurrencyPair>();
  for (const { base, target } of pairs) {
    assert(isCurrency(base) && isCurrency(target), `no currencies: ${keyOf(base, target)}`);
    wanted.set(keyOf(base, target), { base_currency: base, target_currency: target });
  }
  const rows = wanted.size === 0 ? [] : await selectRatesAt(tx, [...wanted.values()], formatInstant(at));
  const found = new Map(rows.map((row) => [keyOf(row.base_currency, row.target_currency), row]));
  return { get: (base, target) => found.get(keyOf(base, target)) ?? null };
}
