/** The attribute names of different senders, and the fields stored for them. */
import { describe, expect, test } from 'vitest';
import { callOf, countsOf, sorted } from './calls.ts';
import { type AttributeFields, bareSpan } from './spans.ts';

describe('a call in the words of', () => {
  test.each<[string, AttributeFields, Record<string, unknown>]>([
    [
      'the present conventions',
      {
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'anthropic',
        'gen_ai.request.model': 'claude-sonnet-5-5',
        'gen_ai.response.model': 'claude-sonnet-5-5-20261001',
        'gen_ai.response.id': 'msg_1',
        'gen_ai.conversation.id': 'conv-1',
        'gen_ai.usage.input_tokens': 1000,
        'gen_ai.usage.output_tokens': 300,
        'gen_ai.usage.cache_read.input_tokens': 400,
        'gen_ai.usage.cache_write.input_tokens': 100,
        'gen_ai.usage.reasoning.output_tokens': 50,
        'gen_ai.input.messages': '[{"role":"user","parts":[{"type":"text","content":"hi"}]}]',
        'gen_ai.output.messages': [{ role: 'assistant', n: 1n }],
      },
      {
        provider: 'anthropic',
        model: 'claude-sonnet-5-5-20261001',
        response_id: 'msg_1',
        session_id: 'conv-1',
        generation_type: 'chat',
        status: 'success',
        duration_ms: 1234,
        tokens: { input: '500', output: '250', cache_read: '400', cache_write_5m: '100', reasoning: '50' },
        request_data: [{ role: 'user', parts: [{ type: 'text', content: 'hi' }] }],
        response_data: [{ role: 'assistant', n: '1' }],
      },
    ],
    [
      'the conventions of 2025, with the older name of a cache write',
      {
        'gen_ai.operation.name': 'text_completion',
        'gen_ai.system': 'az.ai.openai',
        'gen_ai.request.model': 'gpt-5',
        'gen_ai.usage.prompt_tokens': 100,
        'gen_ai.usage.completion_tokens': 10,
        'gen_ai.usage.cache_creation.input_tokens': 30,
        'gen_ai.openai.response.service_tier': 'flex',
      },
      {
        provider: 'azure.ai.openai',
        model: 'gpt-5',
        generation_type: 'text_completion',
        service_tier: 'flex',
        tokens: { input: '70', output: '10', cache_write_5m: '30' },
      },
    ],
    [
      'the AI SDK before 7',
      {
        'operation.name': 'ai.generateText.doGenerate answer',
        'ai.operationId': 'ai.generateText.doGenerate',
        'ai.telemetry.functionId': 'answer',
        'ai.telemetry.metadata.userId': 'alice',
        'ai.model.provider': 'openai.responses',
        'ai.model.id': 'gpt-5',
        'gen_ai.system': 'openai.responses',
        'gen_ai.request.model': 'gpt-5',
        'gen_ai.response.id': 'resp_1',
        'gen_ai.usage.input_tokens': 50,
        'gen_ai.usage.output_tokens': 20,
        'ai.usage.cachedInputTokens': 10,
        'ai.usage.reasoningTokens': 5,
        'ai.prompt.messages': '[{"role":"user"}]',
        'ai.response.text': 'hello',
      },
      {
        provider: 'openai',
        model: 'gpt-5',
        user_id: 'alice',
        generation_type: 'answer',
        response_id: 'resp_1',
        tokens: { input: '40', output: '15', cache_read: '10', reasoning: '5' },
        request_data: [{ role: 'user' }],
        response_data: 'hello',
      },
    ],
    [
      'OpenInference',
      {
        'openinference.span.kind': 'LLM',
        'llm.provider': 'aws',
        'llm.model_name': 'anthropic.claude-haiku',
        'llm.token_count.prompt': 100,
        'llm.token_count.completion': 40,
        'llm.token_count.prompt_details.cache_read': 60,
        'llm.token_count.completion_details.reasoning': 15,
        'session.id': 's',
        'user.id': 'u',
        'input.value': '{"messages":[]}',
        'output.value': 'text',
      },
      {
        provider: 'aws.bedrock',
        model: 'anthropic.claude-haiku',
        session_id: 's',
        user_id: 'u',
        tokens: { input: '40', output: '25', cache_read: '60', reasoning: '15' },
        request_data: { messages: [] },
        response_data: 'text',
      },
    ],
    [
      'OpenInference, an embedding',
      {
        'openinference.span.kind': 'EMBEDDING',
        'embedding.model_name': 'text-embedding-3',
        'llm.token_count.total': 9,
      },
      {
        provider: 'openai',
        model: 'text-embedding-3',
        generation_type: 'embeddings',
        tokens: { input: '9', output: '0' },
      },
    ],
    [
      'OpenLLMetry',
      {
        'llm.request.type': 'chat',
        'gen_ai.system': 'Anthropic',
        'gen_ai.request.model': 'claude-x',
        'gen_ai.usage.prompt_tokens': 20,
        'gen_ai.usage.completion_tokens': 5,
        'gen_ai.usage.cache_read_input_tokens': 8,
        'llm.usage.total_tokens': 25,
        'traceloop.association.properties.user_id': 'u',
      },
      {
        provider: 'anthropic',
        model: 'claude-x',
        user_id: 'u',
        tokens: { input: '12', output: '5', cache_read: '8' },
      },
    ],
    [
      'Langfuse, whose kinds are disjoint',
      {
        'langfuse.observation.type': 'generation',
        'langfuse.observation.model.name': 'claude-sonnet-5',
        'langfuse.observation.usage_details':
          '{"input":100,"output":50,"total":400,"cache_read_input_tokens":200,"cache_creation_input_tokens":30,"output_reasoning_tokens":20,"input_audio_tokens":4}',
        'langfuse.observation.cost_details': '{"input":0.001,"total":0.0123456789012345}',
        'langfuse.observation.input': '"hi"',
        'langfuse.observation.output': '{"a":1}',
        'langfuse.observation.metadata.scene': 'mails',
        'user.id': 'u',
        'session.id': 's',
      },
      {
        provider: 'anthropic',
        model: 'claude-sonnet-5',
        generation_type: 'mails',
        user_id: 'u',
        session_id: 's',
        cost_usd: '0.012345678901',
        tokens: { input: '104', output: '50', cache_read: '200', cache_write_5m: '30', reasoning: '20' },
        request_data: 'hi',
        response_data: { a: 1 },
      },
    ],
    [
      "Langfuse, in the names of OpenAI's answer",
      {
        'langfuse.observation.type': 'embedding',
        'langfuse.observation.model.name': 'openai/text-embedding-3',
        'langfuse.observation.usage_details': '{"prompt_tokens":7,"total_tokens":7}',
      },
      { provider: 'openai', tokens: { input: '7', output: '0' } },
    ],
    [
      "Langfuse, OpenAI's answer as it is",
      {
        'langfuse.observation.type': 'generation',
        'langfuse.observation.model.name': 'gpt-5',
        'langfuse.observation.usage_details':
          '{"input_tokens":100,"output_tokens":40,"total_tokens":140,"input_tokens_details":{"cached_tokens":60},"output_tokens_details":{"reasoning_tokens":30}}',
      },
      { provider: 'openai', tokens: { input: '40', output: '10', cache_read: '60', reasoning: '30' } },
    ],
    [
      'Langfuse, the names of its older clients',
      {
        'langfuse.observation.type': 'generation',
        'langfuse.observation.model.name': 'gpt-5',
        'langfuse.observation.usage_details': '{"promptTokens":100,"completionTokens":40,"totalTokens":140}',
      },
      { tokens: { input: '100', output: '40' } },
    ],
    [
      'Sentry',
      {
        'gen_ai.operation.name': 'chat',
        'gen_ai.system': 'openai',
        'gen_ai.request.model': 'gpt-5',
        'gen_ai.usage.input_tokens': 10,
        'gen_ai.usage.input_tokens.cached': 4,
        'gen_ai.usage.output_tokens': 9,
        'gen_ai.usage.output_tokens.reasoning': 3,
      },
      { tokens: { input: '6', output: '6', cache_read: '4', reasoning: '3' } },
    ],
    [
      'OpenLIT, which knows a cost',
      {
        'gen_ai.operation.name': 'chat',
        'gen_ai.system': 'openai',
        'gen_ai.request.model': 'gpt-5',
        'gen_ai.usage.input_tokens': 10,
        'gen_ai.usage.output_tokens': 9,
        'gen_ai.usage.cost': 0.0010500000000000002,
      },
      { cost_usd: '0.00105' },
    ],
    [
      'a gateway that names no operation',
      {
        'gen_ai.model.provider': 'openai',
        'gen_ai.request.model': 'gpt-5',
        'gen_ai.usage.prompt_tokens': 10,
        'gen_ai.usage.completion_tokens': 9,
        'gen_ai.prompt_json': '[]',
      },
      { provider: 'openai', generation_type: 'chat', tokens: { input: '10', output: '9' }, request_data: [] },
    ],
  ])('%s', (_, attributes, expected) => {
    const call = callOf(bareSpan(attributes));
    expect(call).toMatchObject(expected);
    expect(call['tokens']).toEqual(expected['tokens'] ?? call['tokens']);
  });
});

describe('no call, whatever it tells of usage', () => {
  const usage = {
    'gen_ai.provider.name': 'openai',
    'gen_ai.request.model': 'gpt-5',
    'gen_ai.usage.input_tokens': 30,
    'gen_ai.usage.output_tokens': 10,
    'ai.usage.inputTokens': 30,
    'langfuse.observation.usage_details': '{"input":1,"output":1}',
    'llm.token_count.prompt': 30,
  };
  test.each<[string, AttributeFields]>([
    ...[
      'invoke_agent',
      'agent_step',
      'execute_tool',
      'invoke_workflow',
      'create_agent',
      'rerank',
      'retrieval',
      'new',
    ].map((name): [string, AttributeFields] => [name, { 'gen_ai.operation.name': name }]),
    ...[
      'ai.generateText',
      'ai.streamText',
      'ai.embed',
      'ai.embedMany',
      'ai.toolCall',
      'ai.rerank.doRerank',
    ].map((id): [string, AttributeFields] => [id, { 'ai.operationId': id }]),
    ...['span', 'event', 'agent', 'tool', 'chain', 'retriever'].map((type): [string, AttributeFields] => [
      `a ${type} of Langfuse`,
      { 'langfuse.observation.type': type },
    ]),
    ...['AGENT', 'CHAIN', 'TOOL', 'RERANKER'].map((kind): [string, AttributeFields] => [
      `${kind} of OpenInference`,
      { 'openinference.span.kind': kind },
    ]),
    ['a workflow of OpenLLMetry', { 'traceloop.span.kind': 'workflow' }],
    ['a rerank of OpenLLMetry', { 'llm.request.type': 'rerank' }],
  ])('%s', (_, attributes) => {
    expect(countsOf(sorted([bareSpan({ ...usage, ...attributes })]))).toEqual([0, 0, 0, 1]);
  });

  test("a framework's own span, which names no operation", () => {
    expect(countsOf(sorted([bareSpan(usage, { kind: 1 })]))).toEqual([0, 0, 0, 1]);
    expect(countsOf(sorted([bareSpan(usage, { kind: 3 })]))).toEqual([1, 0, 0, 0]);
  });

  test('a span of anything else', () => {
    expect(countsOf(sorted([bareSpan({ 'http.request.method': 'GET', 'user.id': 'x' })]))).toEqual([
      0, 0, 0, 1,
    ]);
  });
});

describe('who was called', () => {
  const providerOf = (attributes: AttributeFields): unknown =>
    callOf(
      bareSpan({
        'gen_ai.operation.name': 'chat',
        'gen_ai.usage.input_tokens': 1,
        'gen_ai.request.model': 'some-model',
        ...attributes,
      }),
    )['provider'];

  test.each([
    ['gen_ai.provider.name', 'openai', 'openai'],
    ['gen_ai.provider.name', 'AWS.Bedrock', 'aws.bedrock'],
    ['gen_ai.provider.name', 'gcp.vertex_ai', 'gcp.vertex_ai'],
    ['gen_ai.provider.name', 'my.own.gateway', 'my.own.gateway'],
    ['gen_ai.provider.name', 'bedrock', 'aws.bedrock'],
    ['gen_ai.system', 'az.ai.openai', 'azure.ai.openai'],
    ['gen_ai.system', 'az.ai.inference', 'azure.ai.inference'],
    ['gen_ai.system', 'vertex_ai', 'gcp.vertex_ai'],
    ['gen_ai.system', 'gemini', 'gcp.gemini'],
    ['gen_ai.system', 'google', 'gcp.gemini'],
    ['gen_ai.system', 'xai', 'x_ai'],
    ['gen_ai.system', 'x_ai', 'x_ai'],
    ['gen_ai.system', 'mistral', 'mistral_ai'],
    ['gen_ai.system', 'ibm.watsonx.ai', 'ibm.watsonx.ai'],
    ['ai.model.provider', 'openai.responses', 'openai'],
    ['ai.model.provider', 'anthropic.messages', 'anthropic'],
    ['ai.model.provider', 'google.generative-ai', 'gcp.gemini'],
    ['ai.model.provider', 'google.vertex.chat', 'gcp.vertex_ai'],
    ['ai.model.provider', 'amazon-bedrock', 'aws.bedrock'],
    ['ai.model.provider', 'azure-openai.chat', 'azure.ai.openai'],
    ['ai.model.provider', 'groq.chat', 'groq'],
    ['llm.provider', 'azure', 'azure.ai.openai'],
    ['llm.system', 'vertexai', 'gcp.vertex_ai'],
  ])('%s %s is %s', (name, value, provider) => {
    expect(providerOf({ [name]: value })).toBe(provider);
  });

  test.each([
    ['claude-sonnet-5', 'anthropic'],
    ['gpt-5.6', 'openai'],
    ['o3-mini', 'openai'],
    ['gemini-3', 'gcp.gemini'],
    ['mistralai/mixtral', 'mistral_ai'],
    ['openai/gpt-5', 'openai'],
    ['llama-5', 'unknown'],
    ['/odd', 'unknown'],
  ])('a span that names the model %s alone: %s', (model, provider) => {
    expect(providerOf({ 'gen_ai.request.model': model })).toBe(provider);
  });
});
