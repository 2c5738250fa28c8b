/**
 * One vendor has many names: OpenTelemetry's, those of client libraries, and its own. Prices are kept, and calls known, under
 * one of them, so that a price entered for `gcp.gemini` is found for a call to `google`, and a call that an application and a
 * trace tell of is one.
 */
const VENDORS: Readonly<Record<string, string>> = {
  anthropic: '',
  aws: 'aws.bedrock aws_bedrock bedrock amazon-bedrock amazon_bedrock',
  azure:
    'azure.ai.openai azure.ai.inference az.ai.openai az.ai.inference azure-openai azure_openai azure_ai_openai azure_ai_inference',
  cohere: '',
  deepseek: '',
  fireworks: 'fireworks_ai fireworks-ai',
  google:
    'gcp.gemini gcp.vertex_ai gcp.gen_ai gemini vertex_ai vertexai vertex google_genai google-genai google.vertex google-vertex google.generative-ai',
  groq: '',
  'ibm.watsonx.ai': 'watsonx',
  mistral: 'mistral_ai mistralai',
  moonshotai: 'moonshot_ai moonshot',
  openai: '',
  perplexity: '',
  together: 'together_ai togetherai',
  'x-ai': 'x_ai xai',
};

const NAMES: ReadonlyMap<string, string> = new Map(
  Object.entries(VENDORS).flatMap(([vendor, others]) =>
    `${vendor} ${others}`
      .trim()
      .split(' ')
      .map((name) => [name, vendor] as const),
  ),
);

/**
 * `AWS.Bedrock` → `aws`; with what was called of it, as client libraries write it: `openai.responses` → `openai`. A name that
 * is not here is its own.
 */
export function priceProviderOf(provider: string): string {
  const name = provider.toLowerCase();
  for (let end = name.length; end > 0; end = name.lastIndexOf('.', end - 1)) {
    const vendor = NAMES.get(end === name.length ? name : name.slice(0, end));
    if (vendor !== undefined) return vendor;
  }
  return name;
}
