/** Pure: what a question about costs answers of calls that were added up. */
import {
  add,
  decimal,
  formatDecimal,
  fromInteger,
  QUANTITY_SCALE,
  quotientHalfAwayFromZero,
} from '../../core/decimal.ts';

/** As Postgres adds them up. */
export interface SummedCalls {
  readonly call_count: number;
  /** How many of the calls have a cost. */
  readonly cost_count: number;
  readonly total_cost: string;
  readonly input_tokens: string;
  readonly output_tokens: string;
}

export interface CallSums {
  readonly call_count: number;
  /** Nobody said what they cost, and neither a price nor a ceiling did. */
  readonly unpriced_calls: number;
  readonly total_cost: string;
  /** Of the calls that have a cost, with at most 12 decimals, half away from zero; null where none has. */
  readonly avg_cost: string | null;
  /** With what was read from and written to a cache. */
  readonly input_tokens: string;
  /** With reasoning. */
  readonly output_tokens: string;
  readonly total_tokens: string;
}

/** 2 calls that cost 0.000000000003 and a third of unknown cost: total 0.000000000003, average 0.000000000002. */
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
