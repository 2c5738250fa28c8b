/** Compares a price book, read from any source, with the oracle over the seed. */
import { type BookPrice, makePriceBook, priceCall } from '../../../src/ai/prices/price-book.ts';
import { formatQuantity } from '../../../src/core/decimal.ts';
import { fraction, isEqual } from '../../pricing/plans/oracle.ts';
import { type OracleCall, oracleCost, readSeededModels, type SeededModel } from './price-oracle.ts';
import { callsOf, randomOf } from './seeded-calls.ts';

export interface Comparison {
  readonly calls: number;
  readonly priced: number;
  readonly unpriced: number;
  /** Rows of the seed that decided the cost of no compared call, as `provider/model` and row index. */
  readonly untried: readonly string[];
  readonly differences: readonly string[];
}

const DIFFERENCES_SHOWN = 10;

export function compareBook(prices: readonly BookPrice[], seed: number): Comparison {
  const book = makePriceBook(prices);
  const random = randomOf(seed);
  const differences: string[] = [];
  const untried: string[] = [];
  const counts = { priced: 0, unpriced: 0 };
  for (const seeded of readSeededModels()) {
    const ruled = new Set<number>();
    for (const call of callsOf(seeded, random)) {
      const expected = oracleCost(seeded, call);
      const found = priceCall(book, {
        organisation_id: '00000000-0000-7000-8000-000000000000',
        provider: seeded.provider,
        model: seeded.model,
        service_tier: call.tier,
        occurred_at: call.at,
        tokens: call.tokens,
      });
      const text = found && formatQuantity(found.cost_usd);
      const isSame =
        text === null ? expected === null : expected !== null && isEqual(fraction(text), expected);
      if (!isSame && differences.length < DIFFERENCES_SHOWN) differences.push(describe(seeded, call, text));
      counts[expected === null ? 'unpriced' : 'priced'] += 1;
      if (expected !== null) noteRuling(seeded, call, ruled);
    }
    seeded.rows.forEach((_, index) => {
      if (!ruled.has(index)) untried.push(`${seeded.provider}/${seeded.model} ${index}`);
    });
  }
  return { calls: counts.priced + counts.unpriced, ...counts, untried, differences };
}

/** A row was tried if the call's cost would change without it. */
function noteRuling(seeded: SeededModel, call: OracleCall, ruled: Set<number>): void {
  seeded.rows.forEach((row, index) => {
    if (ruled.has(index) || call.tokens[row.kind] === 0n) return;
    const without = oracleCost({ ...seeded, rows: seeded.rows.filter((each) => each !== row) }, call);
    const exact = oracleCost(seeded, call);
    if (without === null || exact === null || !isEqual(without, exact)) ruled.add(index);
  });
}

const describe = ({ provider, model }: SeededModel, { tokens, tier, at }: OracleCall, text: string | null) =>
  `${provider}/${model} ${tier} ${at} ${Object.values(tokens).join(' ')}: ${text}`;
