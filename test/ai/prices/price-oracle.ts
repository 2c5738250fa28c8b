/**
 * The cost of a call of a seeded model, implemented a second time from the README. Nothing here imports the product:
 * the seed is read as plain JSON, and money is a fraction of two integers.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Fraction, fraction, plus, times, whole } from '../../pricing/plans/oracle.ts';

export const KINDS = [
  'input',
  'output',
  'cache_read',
  'cache_write_5m',
  'cache_write_1h',
  'reasoning',
] as const;
export type Kind = (typeof KINDS)[number];
export type Counts = Readonly<Record<Kind, bigint>>;

/** A row of the seed: [from, to) in epoch milliseconds, with an infinite end if the row names none. */
export interface SeededRow {
  readonly kind: Kind;
  readonly price: string;
  readonly least: bigint;
  readonly from: number;
  readonly to: number;
}

export interface SeededModel {
  readonly provider: string;
  readonly model: string;
  readonly rows: readonly SeededRow[];
}

type JsonRow = [Kind, string, (number | null)?, (string | null)?, (string | null)?];

const SEED = join(import.meta.dirname, '../../../migrations/seed/model-prices.json');

export function readSeededModels(): SeededModel[] {
  const seed = JSON.parse(readFileSync(SEED, 'utf8')) as Record<string, Record<string, JsonRow[]>>;
  return Object.entries(seed).flatMap(([provider, models]) =>
    Object.entries(models).map(([model, rows]) => ({ provider, model, rows: rows.map(rowOf) })),
  );
}

const rowOf = ([kind, price, least, from, to]: JsonRow): SeededRow => ({
  kind,
  price,
  least: BigInt(least ?? 0),
  // A price without a first day applies from the epoch.
  from: from ? midnight(from) : 0,
  to: to ? midnight(to) : Number.POSITIVE_INFINITY,
});

const midnight = (day: string): number => {
  const [year = 0, month = 0, date = 0] = day.split('-').map((digits) => Number.parseInt(digits, 10));
  return Date.UTC(year, month - 1, date);
};

export interface OracleCall {
  readonly tokens: Counts;
  readonly tier: string | null;
  readonly at: number;
}

const MILLION = 1_000_000n;

/**
 * Null means unpriced. The book has only standard prices, which also apply to calls with tier `default` or none. For
 * each kind, the highest step that the prompt reaches applies. Reasoning without a price is priced as output. If any
 * kind has tokens but no price, the whole call is unpriced.
 */
export function oracleCost({ rows }: SeededModel, { tokens, tier, at }: OracleCall): Fraction | null {
  if (tier !== null && !['standard', 'default'].includes(tier.toLowerCase())) return null;
  const prompt = tokens.input + tokens.cache_read + tokens.cache_write_5m + tokens.cache_write_1h;
  const open = rows.filter((row) => row.from <= at && at < row.to && row.least <= prompt);
  if (open.length === 0) return null;
  let cost = whole(0n);
  for (const kind of KINDS) {
    if (tokens[kind] === 0n) continue;
    const price = rulingOf(open, kind) ?? (kind === 'reasoning' ? rulingOf(open, 'output') : null);
    if (price === null) return null;
    cost = plus(cost, times({ over: tokens[kind], under: MILLION }, fraction(price)));
  }
  return cost;
}

function rulingOf(open: readonly SeededRow[], kind: Kind): string | null {
  const own = open.filter((row) => row.kind === kind);
  if (own.length === 0) return null;
  const highest = own.map((row) => row.least).reduce((a, b) => (a > b ? a : b));
  const ruling = own.filter((row) => row.least === highest);
  if (ruling.length !== 1) throw new Error(`${ruling.length} prices of ${kind} rule at once`);
  return ruling[0]?.price ?? null;
}
