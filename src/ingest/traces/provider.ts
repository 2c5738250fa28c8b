/** Who was called, by the name in OpenTelemetry's present conventions: it is part of what a call is known by. */

/** Exported for its test: each of these is one vendor for the price book too. */
export const NAMES: ReadonlyMap<string, string> = new Map([
  ...[
    'anthropic',
    'openai',
    'aws.bedrock',
    'azure.ai.openai',
    'azure.ai.inference',
    'gcp.gemini',
    'gcp.vertex_ai',
    'gcp.gen_ai',
    'cohere',
    'deepseek',
    'groq',
    'mistral_ai',
    'perplexity',
    'x_ai',
    'ibm.watsonx.ai',
  ].map((name) => [name, name] as const),
  ['az.ai.openai', 'azure.ai.openai'],
  ['azure-openai', 'azure.ai.openai'],
  ['azure_openai', 'azure.ai.openai'],
  ['azure', 'azure.ai.openai'],
  ['az.ai.inference', 'azure.ai.inference'],
  ['google.generative-ai', 'gcp.gemini'],
  ['gemini', 'gcp.gemini'],
  ['google', 'gcp.gemini'],
  ['google_genai', 'gcp.gemini'],
  ['google.vertex', 'gcp.vertex_ai'],
  ['google-vertex', 'gcp.vertex_ai'],
  ['vertex_ai', 'gcp.vertex_ai'],
  ['vertexai', 'gcp.vertex_ai'],
  ['vertex', 'gcp.vertex_ai'],
  ['bedrock', 'aws.bedrock'],
  ['amazon-bedrock', 'aws.bedrock'],
  ['aws_bedrock', 'aws.bedrock'],
  ['aws', 'aws.bedrock'],
  ['mistral', 'mistral_ai'],
  ['mistralai', 'mistral_ai'],
  ['xai', 'x_ai'],
  ['watsonx', 'ibm.watsonx.ai'],
]);

/** Langfuse's own spans name a model and nobody who sells it. */
const SELLERS: readonly (readonly [RegExp, string])[] = [
  [/^claude/, 'anthropic'],
  [/^(gpt|chatgpt|o\d|text-embedding|dall-e)/, 'openai'],
  [/^(gemini|gemma)/, 'gcp.gemini'],
  [/^(mistral|mixtral|codestral|ministral|magistral)/, 'mistral_ai'],
  [/^deepseek/, 'deepseek'],
  [/^grok/, 'x_ai'],
  [/^command/, 'cohere'],
  [/^sonar/, 'perplexity'],
];

/** Who sells a model is not known: the call counts all the same, and is listed as unpriced. */
export const UNKNOWN_PROVIDER = 'unknown';

/** `az.ai.openai` → `azure.ai.openai`; an unknown name stays. */
export const providerNamed = (name: string): string => knownBegin(name.toLowerCase()) ?? name.toLowerCase();

/** A provider with what was called of it: `openai.responses` → `openai`, `google.vertex.chat` → `gcp.vertex_ai`. */
export function providerOfSystem(system: string): string {
  const name = system.toLowerCase();
  return knownBegin(name) ?? (name.split('.')[0] || UNKNOWN_PROVIDER);
}

/** The longest of the dotted beginnings of a name that is known. */
function knownBegin(name: string): string | null {
  const parts = name.split('.');
  for (let length = parts.length; length > 0; length--) {
    const known = NAMES.get(parts.slice(0, length).join('.'));
    if (known !== undefined) return known;
  }
  return null;
}

/** From a prefix such as `openai/gpt-5`; of bare names, the well-known ones. */
export function providerOfModel(model: string): string {
  const name = model.toLowerCase();
  const slash = name.indexOf('/');
  if (slash > 0) return providerNamed(name.slice(0, slash));
  return SELLERS.find(([pattern]) => pattern.test(name))?.[1] ?? UNKNOWN_PROVIDER;
}
