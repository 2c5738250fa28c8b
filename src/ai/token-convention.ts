/**
 * How vendors count: whether `input` holds what was read from and written to the cache, and whether `output` holds the
 * reasoning. Storage is disjoint; who counts inclusively is converted at the door. Sources are the vendors' own pages:
 * OpenAI, Mistral, DeepSeek, Groq and OpenRouter count both in; Anthropic and Bedrock leave the cache out of
 * `input_tokens` and count thinking in `output_tokens`; Gemini's `promptTokenCount` holds the cached part while
 * `candidatesTokenCount` leaves the thoughts out; xAI counts reasoning in one of its APIs and not in the other.
 */
export type TokenConvention = 'inclusive' | 'disjoint';

export interface VendorConvention {
  readonly input: TokenConvention;
  /** Null where the vendor does both: the sender has to say. */
  readonly output: TokenConvention | null;
}

const INCLUSIVE: VendorConvention = { input: 'inclusive', output: 'inclusive' };
const ANTHROPIC: VendorConvention = { input: 'disjoint', output: 'inclusive' };
const GEMINI: VendorConvention = { input: 'inclusive', output: 'disjoint' };

/** By provider, in the names of OpenTelemetry's conventions and those in common use beside them. */
export const VENDOR_CONVENTIONS: ReadonlyMap<string, VendorConvention> = new Map([
  ['anthropic', ANTHROPIC],
  ['aws.bedrock', ANTHROPIC],
  ['openai', INCLUSIVE],
  ['azure.ai.openai', INCLUSIVE],
  ['azure.ai.inference', INCLUSIVE],
  ['azure', INCLUSIVE],
  ['gcp.gemini', GEMINI],
  ['gcp.vertex_ai', GEMINI],
  ['gcp.gen_ai', GEMINI],
  ['google', GEMINI],
  ['x_ai', { input: 'inclusive', output: null }],
  ['xai', { input: 'inclusive', output: null }],
  ['deepseek', INCLUSIVE],
  ['groq', INCLUSIVE],
  ['mistral_ai', INCLUSIVE],
  ['mistral', INCLUSIVE],
  ['perplexity', INCLUSIVE],
  ['openrouter', INCLUSIVE],
]);

const namesOf = (field: 'input' | 'output', convention: TokenConvention): string =>
  [...VENDOR_CONVENTIONS]
    .filter(([, vendor]) => vendor[field] === convention)
    .map(([provider]) => provider)
    .join(', ');

/** For the description of the API. */
export const describeConventions = (): string =>
  'Stored counts are disjoint: input excludes cache reads and writes, output excludes reasoning. Counts from these ' +
  `providers are converted on ingest: input includes the cache for ${namesOf('input', 'inclusive')}; output includes the ` +
  `reasoning for ${namesOf('output', 'inclusive')}. Stored as sent: input from ${namesOf('input', 'disjoint')}, ` +
  `output from ${namesOf('output', 'disjoint')}. \`convention\` overrides this. It is required for any other provider and for ` +
  'one that counts both ways, unless the counts that could be included are zero.';
