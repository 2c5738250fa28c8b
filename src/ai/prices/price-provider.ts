/**
 * A vendor has many names: OpenTelemetry's, those of client libraries, and its own. Prices and calls are stored under
 * one of them. So a price entered for `gcp.gemini` applies to a call to `google`, and a call that both an application
 * and a trace report is the same call.
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
 * `AWS.Bedrock` → `aws`. A suffix that a client library adds for the API is ignored: `openai.responses` → `openai`.
 * An unknown name is only lower-cased.
 */
export function priceProviderOf(provider: string): string {
  const name = provider.toLowerCase();
  for (let end = name.length; end > 0; end = name.lastIndexOf('.', end - 1)) {
    const vendor = NAMES.get(end === name.length ? name : name.slice(0, end));
    if (vendor !== undefined) return vendor;
  }
  return name;
}
