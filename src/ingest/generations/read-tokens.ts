/** The counts of tokens of a call, as sent, made disjoint. */

import { TOKEN_DIGITS_MAX } from '../../ai/generation.ts';
import type { GenerationStatus, TokenKind } from '../../ai/generation-row.ts';
import { type TokenConvention, VENDOR_CONVENTIONS } from '../../ai/token-convention.ts';
import {
  addMissingOrWrong,
  addUnknownFields,
  type Faults,
  isAbsent,
  isObject,
  quoteName,
} from '../../core/read-fields.ts';
import { type CallField, TOKEN_FIELDS } from './call-fields.ts';

export type Tokens = Readonly<Record<TokenKind, bigint>>;

const NONE: Tokens = {
  input: 0n,
  output: 0n,
  cache_read: 0n,
  cache_write_5m: 0n,
  cache_write_1h: 0n,
  reasoning: 0n,
};

/**
 * Disjoint counts; valid only if no fault was added. A failed call may have none, because the vendor reported none.
 * {input: 1000, cache_read: 200} of openai, which includes the cache in the input, is input 800 and cache_read 200.
 */
export function readTokens(
  raw: unknown,
  provider: string,
  status: GenerationStatus,
  faults: Faults<CallField>,
): Tokens {
  if (isAbsent(raw) && status !== 'success') return NONE;
  if (!isObject(raw)) {
    addMissingOrWrong(raw, 'tokens', 'must be a JSON object.', faults);
    return NONE;
  }
  const before = faults.list?.length ?? 0;
  const sent = {
    input: readCount(raw['input'], 'input', true, faults),
    output: readCount(raw['output'], 'output', true, faults),
    cache_read: readCount(raw['cache_read'], 'cache_read', false, faults),
    cache_write_5m: readCount(raw['cache_write_5m'], 'cache_write_5m', false, faults),
    cache_write_1h: readCount(raw['cache_write_1h'], 'cache_write_1h', false, faults),
    reasoning: readCount(raw['reasoning'], 'reasoning', false, faults),
  };
  const given = readConvention(raw['convention'], faults);
  addUnknownFields(raw, TOKEN_FIELDS, '/tokens', 'tokens', faults);
  // Counts that cannot be read, or a vendor that is not named, say nothing of each other.
  if ((faults.list?.length ?? 0) > before || provider === '') return NONE;
  const cached = sent.cache_read + sent.cache_write_5m + sent.cache_write_1h;
  const input = withoutPart('input', sent.input, cached, given, provider, faults);
  const output = withoutPart('output', sent.output, sent.reasoning, given, provider, faults);
  return { ...sent, input, output };
}

const COUNT_BELOW = 10 ** TOKEN_DIGITS_MAX;
const INTEGER = /^-?\d+$/;
const COUNT = /^0*\d{1,12}$/;

function readCount(value: unknown, field: TokenKind, required: boolean, faults: Faults<CallField>): bigint {
  if (isAbsent(value) && !required) return 0n;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < COUNT_BELOW)
    return BigInt(value);
  if (typeof value !== 'string' && typeof value !== 'number') {
    addMissingOrWrong(value, field, 'must be a whole number, as a JSON number or a string.', faults);
    return 0n;
  }
  const text = String(value);
  if (COUNT.test(text)) return BigInt(text);
  if (typeof value === 'number' ? !Number.isInteger(value) : !INTEGER.test(text)) {
    faults.add(field, 'not_integer', 'must be a whole number in plain notation.');
  } else if (value !== 0 && text.startsWith('-')) {
    faults.add(field, 'negative', 'must not be negative.');
  } else {
    faults.add(field, 'too_many_digits', `must have at most ${TOKEN_DIGITS_MAX} digits.`);
  }
  return 0n;
}

function readConvention(value: unknown, faults: Faults<CallField>): TokenConvention | null {
  if (isAbsent(value)) return null;
  if (value === 'inclusive' || value === 'disjoint') return value;
  faults.add('convention', 'not_allowed', 'must be "inclusive" or "disjoint".');
  return null;
}

const PARTS = { input: 'cache reads and writes', output: 'reasoning' } as const;

/** What is left of a count without its part, where it includes it. Without a guess: that would bill too much or too little. */
function withoutPart(
  field: keyof typeof PARTS,
  whole: bigint,
  part: bigint,
  given: TokenConvention | null,
  provider: string,
  faults: Faults<CallField>,
): bigint {
  if (part === 0n) return whole;
  const convention = given ?? VENDOR_CONVENTIONS.get(provider)?.[field] ?? null;
  if (convention === 'disjoint') return whole;
  if (convention === null) {
    const answer = `send "inclusive" if ${field} includes ${PARTS[field]}, otherwise "disjoint"`;
    faults.add('convention', 'required', `is required for the provider ${quoteName(provider)}: ${answer}.`);
  } else if (whole < part) {
    const source = given === null ? `as counted by ${quoteName(provider)}` : 'under the given convention';
    const hint = 'if it does not include them, send "convention": "disjoint"';
    faults.add(
      field,
      'less_than_parts',
      `includes ${PARTS[field]} ${source} and cannot be less than they are: ${hint}.`,
    );
  }
  return whole - part;
}
