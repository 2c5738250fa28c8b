/**
 * What the senders of GenAI spans call things, the present name of OpenTelemetry's conventions first: older names of the same,
 * AI SDK (`ai.`), OpenInference (`llm.`, `input.value`), OpenLLMetry (`traceloop.`, `llm.usage.`), Langfuse, Sentry, OpenLIT.
 * Of several names in one span the first here holds.
 */
export const NAMES = {
  provider: ['gen_ai.provider.name', 'gen_ai.model.provider', 'llm.provider'],
  /** Names that may carry what was called, as in `openai.responses`. */
  system: ['gen_ai.system', 'ai.model.provider', 'llm.system', 'langfuse.observation.metadata.ls_provider'],
  model: [
    'gen_ai.response.model',
    'ai.response.model',
    'gen_ai.request.model',
    'langfuse.observation.model.name',
    'ai.model.id',
    'llm.model_name',
    'llm.response.model',
    'llm.request.model',
    'embedding.model_name',
  ],
  response_id: ['gen_ai.response.id', 'ai.response.id'],
  service_tier: [
    'openai.response.service_tier',
    'gen_ai.openai.response.service_tier',
    'gen_ai.response.service_tier',
    'openai.request.service_tier',
    'gen_ai.openai.request.service_tier',
  ],
  error: ['error.type', 'exception.type'],
  error_message: ['exception.message', 'langfuse.observation.status_message'],
  session: [
    'gen_ai.conversation.id',
    'session.id',
    'langfuse.session.id',
    'ai.telemetry.metadata.sessionId',
    'traceloop.association.properties.session_id',
  ],
  scene: [
    'meterbook.generation_type',
    'meterbook.scene',
    'ai.telemetry.functionId',
    'langfuse.observation.metadata.scene',
  ],
  customer: [
    'meterbook.customer',
    'meterbook.customer.id',
    'customer.id',
    'ai.telemetry.metadata.customerId',
    'traceloop.association.properties.customer_id',
    'langfuse.trace.metadata.customer_id',
  ],
  user: [
    'meterbook.user',
    'meterbook.user.id',
    'user.id',
    'enduser.id',
    'langfuse.user.id',
    'ai.telemetry.metadata.userId',
    'traceloop.association.properties.user_id',
  ],
  request_id: ['meterbook.request_id', 'gen_ai.request.id', 'request.id'],
  cost: ['gen_ai.usage.cost', 'gen_ai.usage.cost_usd', 'llm.cost.total', 'gen_ai.usage.total_cost'],
  sent: [
    'gen_ai.input.messages',
    'langfuse.observation.input',
    'ai.prompt.messages',
    'ai.prompt',
    'gen_ai.prompt',
    'input.value',
    'ai.value',
    'ai.values',
    'gen_ai.prompt_json',
    'traceloop.entity.input',
  ],
  answered: [
    'gen_ai.output.messages',
    'langfuse.observation.output',
    'ai.response.text',
    'ai.response.object',
    'ai.response.toolCalls',
    'gen_ai.completion',
    'output.value',
    'gen_ai.completion_json',
    'traceloop.entity.output',
  ],
} as const;

/** Counts of tokens; in all of these the input holds what the cache took part in, the output the reasoning. */
export const USAGE_NAMES = {
  input: [
    'gen_ai.usage.input_tokens',
    'gen_ai.usage.prompt_tokens',
    'ai.usage.inputTokens',
    'ai.usage.promptTokens',
    'llm.token_count.prompt',
    'llm.usage.prompt_tokens',
    // Of an embedding there is no other.
    'ai.usage.tokens',
  ],
  output: [
    'gen_ai.usage.output_tokens',
    'gen_ai.usage.completion_tokens',
    'ai.usage.outputTokens',
    'ai.usage.completionTokens',
    'llm.token_count.completion',
    'llm.usage.completion_tokens',
  ],
  total: [
    'gen_ai.usage.total_tokens',
    'ai.usage.totalTokens',
    'llm.token_count.total',
    'llm.usage.total_tokens',
  ],
  cache_read: [
    'gen_ai.usage.cache_read.input_tokens',
    'gen_ai.usage.cache_read_input_tokens',
    'gen_ai.usage.input_tokens.cached',
    'gen_ai.usage.details.cache_read_tokens',
    'gen_ai.usage.details.cache_read_input_tokens',
    'ai.usage.inputTokenDetails.cacheReadTokens',
    'ai.usage.cachedInputTokens',
    'llm.token_count.prompt_details.cache_read',
    'llm.usage.cache_read_input_tokens',
  ],
  cache_write: [
    'gen_ai.usage.cache_write.input_tokens',
    'gen_ai.usage.cache_creation.input_tokens',
    'gen_ai.usage.cache_creation_input_tokens',
    'gen_ai.usage.cache_write_input_tokens',
    'gen_ai.usage.input_tokens.cache_write',
    'gen_ai.usage.details.cache_write_tokens',
    'gen_ai.usage.details.cache_creation_input_tokens',
    'ai.usage.inputTokenDetails.cacheWriteTokens',
    'llm.token_count.prompt_details.cache_write',
    'llm.usage.cache_creation_input_tokens',
  ],
  reasoning: [
    'gen_ai.usage.reasoning.output_tokens',
    'gen_ai.usage.reasoning_tokens',
    'gen_ai.usage.output_tokens.reasoning',
    'gen_ai.usage.details.reasoning_tokens',
    'ai.usage.outputTokenDetails.reasoningTokens',
    'ai.usage.reasoningTokens',
    'llm.token_count.completion_details.reasoning',
    'llm.usage.reasoning_tokens',
  ],
} as const;

/** Langfuse's own counts and costs: JSON of an object, whose kinds do not include each other. */
export const USAGE_DETAILS = 'langfuse.observation.usage_details';
export const COST_DETAILS = 'langfuse.observation.cost_details';
