/** Calls of a seeded model around everything that its prices depend on: dates, steps and token kinds. */
import { type Counts, KINDS, type Kind, type OracleCall, type SeededModel } from './price-oracle.ts';

/** xorshift32: the same calls in every run. */
export function randomOf(seed: number): (below: bigint) => bigint {
  let state = seed | 1;
  const next = (): bigint => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return BigInt(state >>> 0);
  };
  return (below) => ((next() << 32n) | next()) % below;
}

type Random = ReturnType<typeof randomOf>;

export const NO_TOKENS: Counts = {
  input: 0n,
  output: 0n,
  cache_read: 0n,
  cache_write_5m: 0n,
  cache_write_1h: 0n,
  reasoning: 0n,
};
const PROMPT_KINDS: readonly Kind[] = ['input', 'cache_read', 'cache_write_5m', 'cache_write_1h'];
const HUGE = 999_999_999_999n;
const FIRST = Date.UTC(2023, 10, 16);
const LAST = Date.UTC(2027, 5, 1);

export function* callsOf(model: SeededModel, random: Random): Generator<OracleCall> {
  for (const at of instantsOf(model, random)) {
    yield { tokens: NO_TOKENS, tier: null, at };
    for (const kind of KINDS) {
      yield { tokens: { ...NO_TOKENS, [kind]: 1n + random(600_000n) }, tier: null, at };
    }
    for (const prompt of promptsOf(model, random)) {
      yield { tokens: mixOf(PROMPT_KINDS, prompt, KINDS, random), tier: null, at };
      const kinds = [...new Set(model.rows.map(({ kind }) => kind))];
      const ofPrompt = kinds.filter((kind) => PROMPT_KINDS.includes(kind));
      // Only priced kinds, so that no model stays unpriced because one of its kinds has no price.
      yield { tokens: mixOf(ofPrompt, prompt, [...kinds, 'reasoning'], random), tier: 'Default', at };
      yield { tokens: mixOf(['input'], prompt, [], random), tier: 'standard', at };
    }
    yield { tokens: Object.fromEntries(KINDS.map((kind) => [kind, HUGE])) as Counts, tier: null, at };
    yield { tokens: { ...NO_TOKENS, input: 1n }, tier: 'batch', at };
  }
}

/** The start and end of each price with the milliseconds around it, and a random instant. */
function instantsOf({ rows }: SeededModel, random: Random): number[] {
  const boundaries = new Set(rows.flatMap(({ from, to }) => [from, to]).filter(Number.isFinite));
  const around = [...boundaries].flatMap((at) => [at - 1, at, at + 1]);
  const anywhere = FIRST + Number.parseInt(random(BigInt(LAST - FIRST)).toString(), 10);
  return [...around, anywhere];
}

/** Each step with the sizes around it, a single token, and random sizes. */
function promptsOf({ rows }: SeededModel, random: Random): bigint[] {
  const steps = new Set(rows.map(({ least }) => least).filter((least) => least > 0n));
  const around = [...steps].flatMap((least) => [least - 1n, least, least + 1n]);
  return [...around, 1n, random(600_000n), random(HUGE)];
}

/** A prompt of exactly this many tokens, split among the given kinds, plus random tokens of the other kinds. */
function mixOf(among: readonly Kind[], prompt: bigint, answered: readonly Kind[], random: Random): Counts {
  const tokens: Record<Kind, bigint> = { ...NO_TOKENS };
  let rest = prompt;
  among.forEach((kind, index) => {
    const part = index === among.length - 1 ? rest : random(rest + 1n);
    tokens[kind] = part;
    rest -= part;
  });
  for (const kind of ['output', 'reasoning'] as const) {
    if (answered.includes(kind)) tokens[kind] = random(100_000n);
  }
  return tokens;
}
