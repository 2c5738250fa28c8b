/** Pure: cost figures derived from summed calls. */
import {
  add,
  decimal,
  formatDecimal,
  fromInteger,
  QUANTITY_SCALE,
  quotientHalfAwayFromZero,
} from '../../core/decimal.ts';

/** Sums as Postgres returns them. */
export interface SummedCalls {
  readonly call_count: number;
  /** The number of calls with a cost. */
  readonly cost_count: number;
  readonly total_cost: string;
  readonly input_tokens: string;
  readonly output_tokens: string;
}

export interface CallSums {
  readonly call_count: number;
  /** Calls whose cost is unknown: not reported, and neither a price nor a ceiling applies. */
  readonly unpriced_calls: number;
  readonly total_cost: string;
  /** Average over the calls with a cost, at most 12 decimals, half away from zero; null if there are none. */
  readonly avg_cost: string | null;
  /** Including cache reads and writes. */
  readonly input_tokens: string;
  /** Including reasoning. */
  readonly output_tokens: string;
  readonly total_tokens: string;
}

/**
 * 2 calls with a total cost of 0.000000000003 and a third of unknown cost: total 0.000000000003, average
 * 0.000000000002.
 */
export function deriveSums({ call_count, cost_count, ...summed }: SummedCalls): CallSums {
  const cost = decimal(summed.total_cost);
  const [input, output] = [decimal(summed.input_tokens), decimal(summed.output_tokens)];
  return {
    call_count,
    unpriced_calls: call_count - cost_count,
    total_cost: formatDecimal(cost),
    avg_cost:
      cost_count === 0
        ? null
        : formatDecimal(quotientHalfAwayFromZero(cost, fromInteger(BigInt(cost_count)), QUANTITY_SCALE)),
    input_tokens: formatDecimal(input),
    output_tokens: formatDecimal(output),
    total_tokens: formatDecimal(add(input, output)),
  };
}
