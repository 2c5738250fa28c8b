import { describe, expect, test } from 'vitest';
import { describeConventions, VENDOR_CONVENTIONS } from '../../../src/ai/token-convention.ts';
import { callOf, contentOf, faultsOf, read } from '../../ai/calls.ts';

const tokensOf = (provider: string, tokens: object): unknown => contentOf({ provider, tokens })['tokens'];
const refused = (provider: string, tokens: object): [string, string][] =>
  faultsOf(read(callOf({ provider, tokens })));

describe('a count', () => {
  test.each<[unknown, string]>([
    [0, '0'],
    [-0, '0'],
    [1, '1'],
    ['0', '0'],
    ['007', '7'],
    [999_999_999_999, '999999999999'],
    ['999999999999', '999999999999'],
    [`${'0'.repeat(30)}5`, '5'],
  ])('%j is %s', (input, kept) => {
    expect(tokensOf('anthropic', { input, output: 0 })).toEqual({ input: kept, output: '0' });
  });

  test.each<[unknown, string]>([
    [true, 'wrong_type'],
    [{}, 'wrong_type'],
    [1.5, 'not_integer'],
    ['1.0', 'not_integer'],
    ['1e3', 'not_integer'],
    ['', 'not_integer'],
    [' 1', 'not_integer'],
    ['+1', 'not_integer'],
    ['١', 'not_integer'],
    [-1, 'negative'],
    ['-1', 'negative'],
    [1_000_000_000_000, 'too_many_digits'],
    ['1000000000000', 'too_many_digits'],
    [1e21, 'too_many_digits'],
  ])('%j: %s', (value, code) => {
    for (const kind of ['input', 'output', 'cache_read', 'cache_write_5m', 'cache_write_1h', 'reasoning']) {
      expect(refused('anthropic', { input: 0, output: 0, [kind]: value })).toEqual([
        [`/3/tokens/${kind}`, code],
      ]);
    }
  });

  test('of zero counts like none, but input and output are always said', () => {
    const zeros = { cache_read: 0, cache_write_5m: '0', cache_write_1h: null, reasoning: 0 };
    expect(tokensOf('nobody', { input: 1, output: 2, ...zeros })).toEqual({ input: '1', output: '2' });
    expect(refused('openai', {})).toEqual([
      ['/3/tokens/input', 'required'],
      ['/3/tokens/output', 'required'],
    ]);
  });
});

const SENT = {
  input: 1000,
  output: 500,
  cache_read: 200,
  cache_write_5m: 30,
  cache_write_1h: 4,
  reasoning: 100,
};
const kept = (input: string, output: string) => ({
  input,
  output,
  cache_read: '200',
  cache_write_5m: '30',
  cache_write_1h: '4',
  reasoning: '100',
});

describe('the convention of a vendor', () => {
  test.each([
    ['anthropic', '1000', '400'],
    ['aws.bedrock', '1000', '400'],
    ['openai', '766', '400'],
    ['azure.ai.openai', '766', '400'],
    ['azure.ai.inference', '766', '400'],
    ['azure', '766', '400'],
    ['deepseek', '766', '400'],
    ['groq', '766', '400'],
    ['mistral_ai', '766', '400'],
    ['mistral', '766', '400'],
    ['perplexity', '766', '400'],
    ['openrouter', '766', '400'],
    ['OpenAI', '766', '400'],
    ['gcp.gemini', '766', '500'],
    ['gcp.vertex_ai', '766', '500'],
    ['gcp.gen_ai', '766', '500'],
    ['google', '766', '500'],
  ])('%s: input %s, output %s of 1,000 and 500', (provider, input, output) => {
    expect(tokensOf(provider, SENT)).toEqual(kept(input, output));
  });

  test('is overridden by the one that the call names', () => {
    for (const provider of ['openai', 'anthropic', 'gcp.gemini', 'x_ai', 'nobody']) {
      expect(tokensOf(provider, { ...SENT, convention: 'disjoint' })).toEqual(kept('1000', '500'));
      expect(tokensOf(provider, { ...SENT, convention: 'inclusive' })).toEqual(kept('766', '400'));
    }
    expect(refused('openai', { ...SENT, convention: 'both' })).toEqual([
      ['/3/tokens/convention', 'not_allowed'],
    ]);
  });

  test('is never guessed: a vendor that is not known, or counts both ways, needs it where it matters', () => {
    const needed = [['/3/tokens/convention', 'required']];
    expect(refused('nobody', { input: 9, output: 9, cache_read: 1 })).toEqual(needed);
    expect(refused('nobody', { input: 9, output: 9, reasoning: 1 })).toEqual(needed);
    expect(refused('constructor', { input: 9, output: 9, reasoning: 1 })).toEqual(needed);
    expect(refused('x_ai', { input: 9, output: 9, reasoning: 1 })).toEqual(needed);
    expect(tokensOf('x_ai', { input: 9, output: 9, cache_read: 1 })).toMatchObject({ input: '8' });
    expect(tokensOf('nobody', { input: 9, output: 9 })).toEqual({ input: '9', output: '9' });
  });

  test('that is inclusive may leave nothing, and not less than nothing', () => {
    expect(tokensOf('openai', { input: 5, output: 3, cache_read: 5, reasoning: 3 })).toMatchObject({
      input: '0',
      output: '0',
    });
    expect(
      refused('openai', { input: 4, output: 2, cache_read: 2, cache_write_5m: 3, reasoning: 3 }),
    ).toEqual([
      ['/3/tokens/input', 'less_than_parts'],
      ['/3/tokens/output', 'less_than_parts'],
    ]);
    expect(refused('anthropic', { input: 0, output: 2, cache_read: 9, reasoning: 3 })).toEqual([
      ['/3/tokens/output', 'less_than_parts'],
    ]);
  });

  test('is in the description of the API, whichever vendor it is of', () => {
    for (const provider of VENDOR_CONVENTIONS.keys()) expect(describeConventions()).toContain(provider);
  });
});
