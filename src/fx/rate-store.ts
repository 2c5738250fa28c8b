/** The SQL of exchange rates. */
import { textArray } from '../db/array-literal.ts';
import type { LedgerTransaction } from '../db/ledger.ts';

export interface RateInForce {
  readonly id: string;
  readonly base_currency: string;
  readonly target_currency: string;
  readonly rate: string;
  readonly effective_from: string;
  readonly source: string;
}

export const listRatesAt = (
  tx: LedgerTransaction,
  pairs: readonly { readonly base: string; readonly target: string }[],
  at: string,
): Promise<RateInForce[]> =>
  tx.query<RateInForce>(
    `SELECT r.id, r.base_currency, r.target_currency, r.rate, r.effective_from, r.source
     FROM unnest($1::text[], $2::text[]) AS pair(base, target)
     JOIN exchange_rates r ON r.base_currency = pair.base AND r.target_currency = pair.target
       AND r.effective_from <= $3 AND (r.effective_to IS NULL OR r.effective_to > $3)`,
    [textArray(pairs.map(({ base }) => base)), textArray(pairs.map(({ target }) => target)), at],
  );
