/** Reads the usage and the cost of a call from its span. */
import {
  type Decimal,
  formatDecimal,
  parseDecimal,
  parseQuantity,
  QUANTITY_SCALE,
  roundHalfUp,
  sum,
} from '../../core/decimal.ts';
import { isObject } from '../../core/read-fields.ts';
import { COST_DETAILS, NAMES, USAGE_DETAILS, USAGE_NAMES } from './names.ts';
import type { Attributes, Value } from './span.ts';

type Counted = keyof typeof USAGE_NAMES;
type Counts = { readonly [counted in Counted]?: Value | undefined };

/** As the tokens of POST /v1/ai/generations; null if the span has no counts. */
export type SentTokens = Readonly<Record<string, unknown>> | null;

export function readUsage(attributes: Attributes, isEmbedding: boolean): SentTokens {
  const details = detailsOf(attributes.get(USAGE_DETAILS));
  if (details !== null) return tokensOfDetails(details, isEmbedding);
  const counts = Object.entries(USAGE_NAMES).map(([counted, names]) => [counted, firstOf(attributes, names)]);
  return disjoint(Object.fromEntries(counts), isEmbedding);
}

/** NaN comes from senders that have no count. */
const isCount = (value: Value | undefined): value is Value =>
  value !== undefined &&
  value !== null &&
  value !== '' &&
  !(typeof value === 'number' && Number.isNaN(value));

function firstOf(attributes: Attributes, names: readonly string[]): Value | undefined {
  for (const name of names) {
    const value = attributes.get(name);
    if (isCount(value)) return value;
  }
  return undefined;
}

/** Null if it is not a whole number: the reader of the call reports it. */
function wholeOf(value: Value | undefined): bigint | null {
  if (value === undefined) return 0n;
  if (typeof value === 'bigint') return value < 0n ? null : value;
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? BigInt(value) : null;
  return typeof value === 'string' && /^\d{1,30}$/.test(value) ? BigInt(value) : null;
}

const sendable = (value: Value | undefined): unknown => (typeof value === 'bigint' ? String(value) : value);

/**
 * Counts of which input holds the cache and output the reasoning, made disjoint. A part that is larger than its whole was
 * not in it: some senders leave the cache out, and no call is lost for it. {input: 1000, cache_read: 200} is 800 and 200;
 * {input: 50, cache_read: 200} is 50 and 200. Of a total and one side the other is the rest.
 */
function disjoint(counts: Counts, isEmbedding: boolean): SentTokens {
  const isTotalAlone = counts.input === undefined && counts.output === undefined;
  // What has no output is all input; of anything else the sides have different prices.
  if (isTotalAlone && (counts.total === undefined || !isEmbedding)) return null;
  const known = isTotalAlone ? { ...counts, input: counts.total } : counts;
  const whole = {
    input: wholeOf(known.input),
    output: wholeOf(known.output),
    cache_read: wholeOf(known.cache_read),
    cache_write: wholeOf(known.cache_write),
    reasoning: wholeOf(known.reasoning),
    total: wholeOf(known.total),
  };
  const { cache_read, cache_write, reasoning, total } = whole;
  let { input, output } = whole;
  if (
    input === null ||
    output === null ||
    cache_read === null ||
    cache_write === null ||
    reasoning === null
  ) {
    return {
      input: sendable(known.input) ?? 0,
      output: sendable(known.output) ?? 0,
      cache_read: sendable(known.cache_read),
      cache_write_5m: sendable(known.cache_write),
      reasoning: sendable(known.reasoning),
      convention: 'disjoint',
    };
  }
  if (total !== null && known.input === undefined) input = rest(total, output);
  if (total !== null && known.output === undefined) output = rest(total, input);
  return {
    input: String(without(input, cache_read + cache_write)),
    output: String(without(output, reasoning)),
    cache_read: String(cache_read),
    cache_write_5m: String(cache_write),
    reasoning: String(reasoning),
    convention: 'disjoint',
  };
}

const rest = (total: bigint, known: bigint): bigint => (total > known ? total - known : 0n);
const without = (whole: bigint, part: bigint): bigint => (whole >= part ? whole - part : whole);

/** Before the name of a count that stands in an object within, as in `prompt_tokens_details`. */
const WITHIN = '.';

/** Numbers stand as their tokens in the text, so that no cost passes through a double of ours. */
function detailsOf(value: Value | undefined): ReadonlyMap<string, string> | null {
  if (typeof value !== 'string') return null;
  try {
    const parsed: unknown = JSON.parse(value, (_name, member: unknown, context?: { source?: string }) =>
      typeof member === 'number' ? (context?.source ?? String(member)) : member,
    );
    if (!isObject(parsed)) return null;
    const details = new Map<string, string>();
    const put = (object: object, before: string): void => {
      for (const [name, member] of Object.entries(object)) {
        if (typeof member === 'string') details.set(before + name.toLowerCase(), member);
        else if (before === '' && isObject(member)) put(member, WITHIN);
      }
    };
    put(parsed, '');
    return details.size > 0 ? details : null;
  } catch {
    return null;
  }
}

const KINDS = ['input', 'output', 'cache_read', 'cache_write', 'reasoning'] as const;

/**
 * Langfuse: the kinds are disjoint and freely named. `input_cached_tokens` and the like are cache reads; any other name that
 * begins with input or output is that kind; names such as total add no information. The usage of OpenAI's responses
 * (`prompt_tokens`, details in a nested object) follows its own convention.
 */
function tokensOfDetails(details: ReadonlyMap<string, string>, isEmbedding: boolean): SentTokens {
  const names = [...details.keys()];
  if (names.some((name) => /^(prompt|completion)_tokens$/.test(name) || name.startsWith(WITHIN))) {
    const first = (...found: string[]): Counts[Counted] =>
      found.map((name) => details.get(name)).find((value) => value !== undefined);
    const counts = {
      input: first('prompt_tokens', 'input_tokens', 'input'),
      output: first('completion_tokens', 'output_tokens', 'output'),
      total: first('total_tokens', 'total'),
      cache_read: first('.cached_tokens', 'cached_tokens', 'cache_read_input_tokens'),
      cache_write: first('.cache_write_tokens', 'cache_creation_input_tokens'),
      reasoning: first('.reasoning_tokens', 'reasoning_tokens'),
    };
    return disjoint(counts, isEmbedding);
  }
  const found = new Map<(typeof KINDS)[number], bigint>();
  for (const [name, value] of details) {
    const kind = kindOfDetail(name);
    if (kind === null) continue;
    const count = wholeOf(value);
    if (count === null) return { input: value, output: 0, convention: 'disjoint' };
    found.set(kind, (found.get(kind) ?? 0n) + count);
  }
  if (found.size === 0) {
    const total = details.get('total') ?? details.get('total_tokens');
    return total === undefined ? null : disjoint({ total }, isEmbedding);
  }
  const of = (kind: (typeof KINDS)[number]): string => String(found.get(kind) ?? 0n);
  return {
    input: of('input'),
    output: of('output'),
    cache_read: of('cache_read'),
    cache_write_5m: of('cache_write'),
    reasoning: of('reasoning'),
    convention: 'disjoint',
  };
}

function kindOfDetail(name: string): (typeof KINDS)[number] | null {
  if (/cache.*(creat|writ)/.test(name)) return 'cache_write';
  if (/cache/.test(name)) return 'cache_read';
  if (/reasoning|thought/.test(name)) return 'reasoning';
  if (/^(input|prompt)/.test(name)) return 'input';
  return /^(output|completion)/.test(name) ? 'output' : null;
}

/**
 * The cost on the span in USD, rounded to 12 decimals; null if there is none. Senders that know no price write a cost of zero,
 * so zero counts as none.
 */
export function readCost(attributes: Attributes): string | null {
  const details = detailsOf(attributes.get(COST_DETAILS));
  if (details !== null) {
    const total = details.get('total');
    const parts = (total === undefined ? [...details.values()] : [total]).map(decimalOf);
    const known = parts.filter((part) => part !== null);
    return known.length === parts.length ? costText(sum(known)) : null;
  }
  const cost = decimalOf(firstOf(attributes, NAMES.cost));
  return cost === null || cost.units === 0n ? null : costText(cost);
}

/** A value that cannot be a cost is ignored: the price book prices the call. */
function costText(cost: Decimal): string | null {
  const text = formatDecimal(roundHalfUp(cost, QUANTITY_SCALE));
  return cost.units < 0n || parseQuantity(text) === null ? null : text;
}

const SCIENTIFIC = /^(-?\d+(?:\.\d+)?)[eE]([+-]?\d{1,3})$/;

/** A double is the shortest decimal that reads back as it: 1e-7 → 0.0000001. */
function decimalOf(value: Value | undefined): Decimal | null {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'bigint') return null;
  const text = String(value);
  const [, digits = text, exponent = '0'] = SCIENTIFIC.exec(text) ?? [];
  if (digits.length > 60) return null;
  const parsed = parseDecimal(digits);
  if (parsed === null) return null;
  const shift = Number.parseInt(exponent, 10);
  const scale = parsed.scale - shift;
  return scale >= 0
    ? { units: parsed.units, scale }
    : { units: parsed.units * 10n ** BigInt(-scale), scale: 0 };
}
