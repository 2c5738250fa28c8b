/** Random calls to send, and their sums by arithmetic that shares no code with the product. */
import fc from 'fast-check';
import type { GenerationContent } from '../../ai/generations.ts';
import { dividedBy, rounded, whole } from '../../pricing/plans/oracle.ts';

export interface SentCall {
  readonly organisation_id: string;
  readonly project_id: string;
  readonly timestamp: string;
  /** The organisation's time zone. */
  readonly zone: string;
  readonly content: GenerationContent & {
    readonly provider: string;
    readonly model: string;
    readonly generation_type: string;
    readonly user_id?: string;
    readonly application_id?: string;
    readonly status: string;
    readonly cost_usd?: string;
    readonly tokens: Readonly<Record<string, string>>;
  };
}

const amount = fc.oneof(
  fc.constantFrom('0', '0.000000000001', '0.000000000003', '12345678901234.000000000007'),
  fc.bigInt(0n, 10n ** 12n - 1n).map((units) => `0.${units.toString().padStart(12, '0')}`),
);
const tokens = (max: bigint) => fc.bigInt(0n, max).map(String);

/** A week that contains the end of a month and of daylight saving time in New York. */
const FIRST = Date.parse('2026-10-29T00:00:00Z');
const LAST = Date.parse('2026-11-05T00:00:00Z');

export const callArbitrary = fc.record({
  at: fc.integer({ min: FIRST, max: LAST }),
  organisation: fc.nat(1),
  project: fc.nat(1),
  content: fc.record(
    {
      provider: fc.constantFrom('acme', 'umbra'),
      model: fc.constantFrom('m1', 'm2', '__proto__'),
      generation_type: fc.constantFrom('chat', 'embed "x"', 'a\\b'),
      user_id: fc.constantFrom('u1', 'u2', 'ü3'),
      application_id: fc.constantFrom('app', '[]'),
      status: fc.constantFrom('success', 'success', 'failed', 'timeout'),
      cost_usd: amount,
      tokens: fc.record({
        input: tokens(10n ** 12n - 1n),
        output: tokens(5_000n),
        cache_read: tokens(99n),
        cache_write_5m: tokens(9n),
        cache_write_1h: tokens(9n),
        reasoning: tokens(1_000n),
      }),
    },
    { requiredKeys: ['provider', 'model', 'generation_type', 'status', 'tokens'] },
  ),
});

export function dayIn(zone: string, timestamp: string): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short' }).format(new Date(timestamp));
}

const unitsOf = (cost: string): bigint => {
  const [integer = '', decimals = ''] = cost.split('.');
  return BigInt(integer + decimals.padEnd(12, '0'));
};

const textOf = (units: bigint): string => {
  const digits = units.toString().padStart(13, '0');
  return `${digits.slice(0, -12)}.${digits.slice(-12)}`.replace(/\.?0+$/, '');
};

export function sumsOf(calls: readonly SentCall[]) {
  const costs = calls.flatMap(({ content }) =>
    content.cost_usd === undefined ? [] : [unitsOf(content.cost_usd)],
  );
  const total = costs.reduce((sum, cost) => sum + cost, 0n);
  const tokensOf = (...kinds: string[]): bigint =>
    calls.reduce(
      (sum, { content }) => kinds.reduce((all, kind) => all + BigInt(content.tokens[kind] ?? 0), sum),
      0n,
    );
  const input = tokensOf('input', 'cache_read', 'cache_write_5m', 'cache_write_1h');
  const output = tokensOf('output', 'reasoning');
  const average =
    costs.length === 0 ? null : rounded(dividedBy(whole(total), whole(BigInt(costs.length))), 0);
  return {
    call_count: calls.length,
    unpriced_calls: calls.length - costs.length,
    total_cost: textOf(total),
    avg_cost: average === null ? null : textOf(average.over / average.under),
    input_tokens: String(input),
    output_tokens: String(output),
    total_tokens: String(input + output),
  };
}
