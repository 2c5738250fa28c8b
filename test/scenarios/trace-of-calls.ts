/**
 * The shipped trace as AI calls of two models, and the expected results, computed directly from its lines:
 * integers of 10^-12 dollars and tokens, with a price list of its own. Nothing here imports the product.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const TRACE = join(import.meta.dirname, '../fixtures/azure-llm-code-2023.csv');

export interface Line {
  /** Starts at 1. */
  readonly n: number;
  /** As in the file: `2023-11-16 18:17:03.9799600`, UTC. */
  readonly time: string;
  readonly context: number;
  readonly generated: number;
}

export function readLines(): Line[] {
  const [, ...lines] = readFileSync(TRACE, 'ascii').split(/[\r\n]+/);
  return lines
    .filter((line) => line !== '')
    .map((line, index) => {
      const [time = '', context = '', generated = ''] = line.split(',');
      return {
        n: index + 1,
        time,
        context: Number.parseInt(context, 10),
        generated: Number.parseInt(generated, 10),
      };
    });
}

/** The call of a line: everything besides its time and its two counts is derived from its number. */
export interface Call {
  readonly n: number;
  readonly vendor: Vendor;
  readonly user: string | null;
  readonly scene: string;
  readonly status: string;
  readonly tier: string | null;
  readonly duration: number | null;
  /** In picodollars, if the caller reports the cost. */
  readonly reported: bigint | null;
  /** Null if the vendor returned none: the call timed out. */
  readonly tokens: Tokens | null;
  /** The vendor's id of its answer, by which the call arrives a second time under another key. */
  readonly response: string | null;
  /** The day in India, where midnight falls within the trace. */
  readonly day: string;
  readonly time: string;
}

/** Disjoint: cached tokens are not input, reasoning tokens are not output. */
export interface Tokens {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly reasoning: number;
}

interface Vendor {
  readonly provider: string;
  readonly model: string;
  /** Picodollars per token of each kind; null if it has no price. */
  readonly price: { readonly [kind in keyof Tokens]: bigint | null };
}

/** $3, $15, $0.30, $3.75 a million; thinking is output. */
const ANTHROPIC: Vendor = {
  provider: 'anthropic',
  model: 'claude-3-5-sonnet-20241022',
  price: {
    input: 3_000_000n,
    output: 15_000_000n,
    cacheRead: 300_000n,
    cacheWrite: 3_750_000n,
    reasoning: 15_000_000n,
  },
};
/** $0.15, $0.60, $0.075 a million; reasoning is output; a cache write has no price. */
const OPENAI: Vendor = {
  provider: 'openai',
  model: 'gpt-4o-mini',
  price: { input: 150_000n, output: 600_000n, cacheRead: 75_000n, cacheWrite: null, reasoning: 600_000n },
};

const SCENES = ['completion', 'review', 'chat'];

export function callOf({ n, time, context, generated }: Line): Call {
  const vendor = n % 2 === 1 ? ANTHROPIC : OPENAI;
  const cacheRead = n % 10 === 4 || n % 10 === 5 ? Math.floor(context / 3) : 0;
  const cacheWrite = n % 40 === 7 || n % 400 === 8 ? Math.floor(context / 7) : 0;
  const reasoning = n % 16 === 6 || n % 16 === 9 ? Math.floor(generated / 2) : 0;
  const isTimeout = n % 75 === 0;
  return {
    n,
    vendor,
    user: n % 7 === 0 ? null : `user-${n % 7}`,
    scene: SCENES[n % 3] ?? '',
    status: isTimeout ? 'timeout' : n % 50 === 0 ? 'failed' : n % 211 === 0 ? 'cancelled' : 'success',
    tier: n % 501 === 0 ? 'batch' : n % 9 === 0 ? 'standard' : null,
    duration: n % 11 === 0 ? null : (n * 37) % 9000,
    reported: n % 97 === 0 ? 12_345_678_901n + BigInt(n) : null,
    tokens: isTimeout
      ? null
      : {
          input: context - cacheRead - cacheWrite,
          output: generated - reasoning,
          cacheRead,
          cacheWrite,
          reasoning,
        },
    response: n % 20 === 3 || n % 20 === 14 ? `resp-${n}` : null,
    day: time.slice(11, 16) < '18:30' ? '2023-11-16' : '2023-11-17',
    time,
  };
}

export const keyOf = ({ n }: Call): string => `trace/${n}`;

/**
 * The body of its request. OpenAI's counts include cached and reasoning tokens; Anthropic counts the cache
 * separately and includes thinking.
 */
export function bodyOf(call: Call): Record<string, unknown> {
  const { vendor, tokens, reported } = call;
  const cached = tokens ? tokens.cacheRead + tokens.cacheWrite : 0;
  return {
    provider: vendor.provider,
    model: vendor.model,
    generation_type: call.scene,
    ...(call.user !== null && { user_id: call.user }),
    ...(call.response !== null && { response_id: call.response }),
    ...(call.status !== 'success' && { status: call.status, error_code: call.status }),
    ...(call.tier !== null && { service_tier: call.tier }),
    ...(call.duration !== null && { duration_ms: call.duration }),
    ...(reported !== null && { cost_usd: plain(reported) }),
    ...(tokens && {
      tokens: {
        input: tokens.input + (vendor === OPENAI ? cached : 0),
        output: tokens.output + tokens.reasoning,
        ...(tokens.cacheRead > 0 && { cache_read: tokens.cacheRead }),
        ...(tokens.cacheWrite > 0 && { cache_write_5m: tokens.cacheWrite }),
        ...(tokens.reasoning > 0 && { reasoning: tokens.reasoning }),
      },
    }),
    occurred_at: `${call.time.replace(' ', 'T')}Z`,
    idempotency_key: keyOf(call),
  };
}

/** The same call as reported by a trace of the application: another key, less of the content, and a session. */
export const secondBodyOf = (call: Call): Record<string, unknown> => ({
  ...bodyOf(call),
  idempotency_key: `span/${call.n}`,
  session_id: `session-${call.n}`,
  generation_type: 'seen-elsewhere',
});

/** Picodollars; null if unknown. */
export function costOf({ reported, tier, tokens, vendor }: Call): bigint | null {
  if (reported !== null) return reported;
  if (tier === 'batch') return null;
  if (tokens === null) return 0n;
  let cost = 0n;
  for (const kind of ['input', 'output', 'cacheRead', 'cacheWrite', 'reasoning'] as const) {
    const price = vendor.price[kind];
    if (tokens[kind] > 0 && price === null) return null;
    cost += BigInt(tokens[kind]) * (price ?? 0n);
  }
  return cost;
}

export function sourceOf(call: Call): string {
  if (call.reported !== null) return 'reported';
  return costOf(call) === null ? 'unpriced' : 'priced';
}

/** A sum of picodollars as the shortest decimal. */
export function plain(pico: bigint): string {
  const digits = pico.toString().padStart(13, '0');
  return `${digits.slice(0, -12)}.${digits.slice(-12)}`.replace(/\.?0+$/, '');
}

/** Sums of numbers and of picodollars by the result of `groupOf`, in the order of the groups. */
export function sumBy(
  calls: readonly Call[],
  groupOf: (call: Call) => string,
): [string, { [sum: string]: string }][] {
  const groups = new Map<string, { [sum: string]: bigint }>();
  for (const call of calls) {
    const group = groupOf(call);
    const sums = groups.get(group) ?? {};
    groups.set(group, sums);
    const add = (name: string, value: number | bigint): void => {
      sums[name] = (sums[name] ?? 0n) + BigInt(value);
    };
    add('calls', 1);
    add('success', call.status === 'success' ? 1 : 0);
    add('input', call.tokens?.input ?? 0);
    add('output', call.tokens?.output ?? 0);
    add('cache_read', call.tokens?.cacheRead ?? 0);
    add('cache_write', call.tokens?.cacheWrite ?? 0);
    add('reasoning', call.tokens?.reasoning ?? 0);
    add('duration', call.duration ?? 0);
    add('timed', call.duration === null ? 0 : 1);
    add('cost', costOf(call) ?? 0n);
  }
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([group, { cost = 0n, ...sums }]) => [
      group,
      {
        ...Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, String(sum)])),
        cost: plain(cost),
      },
    ]);
}

/** The sum of the metric `name` over these calls, and the number of calls that have any of it. */
export function meteredOf(calls: readonly Call[], name: string): { total: string; events: number } {
  const quantities = calls.map((call) => {
    const { tokens } = call;
    if (name === 'ai.calls') return 10n ** 12n;
    if (name === 'ai.cost_usd') return costOf(call) ?? 0n;
    if (tokens === null) return 0n;
    const ofTokens: Record<string, number> = {
      'ai.input_tokens': tokens.input,
      'ai.output_tokens': tokens.output + tokens.reasoning,
      'ai.cache_read_tokens': tokens.cacheRead,
      'ai.cache_write_tokens': tokens.cacheWrite,
    };
    return BigInt(ofTokens[name] ?? 0) * 10n ** 12n;
  });
  const used = quantities.filter((quantity) => quantity !== 0n);
  return { total: plain(used.reduce((a, b) => a + b, 0n)), events: used.length };
}
