/**
 * One vendor has many names: OpenTelemetry's, those of client libraries, and its own. Prices are kept under one of them, so
 * that a price entered for `gcp.gemini` is found for a call to `google`. A name that is not here is its own.
 */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['aws.bedrock', 'aws'],
  ['aws_bedrock', 'aws'],
  ['bedrock', 'aws'],
  ['azure.ai.openai', 'azure'],
  ['azure.ai.inference', 'azure'],
  ['gcp.gemini', 'google'],
  ['gcp.vertex_ai', 'google'],
  ['gcp.gen_ai', 'google'],
  ['gemini', 'google'],
  ['vertex_ai', 'google'],
  ['x_ai', 'x-ai'],
  ['xai', 'x-ai'],
  ['mistral_ai', 'mistral'],
  ['mistralai', 'mistral'],
  ['moonshot_ai', 'moonshotai'],
  ['together_ai', 'together'],
  ['fireworks_ai', 'fireworks'],
]);

/** `AWS.Bedrock` → `aws`. */
export function priceProviderOf(provider: string): string {
  const name = provider.toLowerCase();
  return NAMES.get(name) ?? name;
}
