/** Langfuse's own exporter and observations, pointed at the test runtime by its settings alone. */
import { OpenTelemetry } from '@ai-sdk/otel';
import { LangfuseSpanProcessor } from '@langfuse/otel';
import {
  propagateAttributes,
  setLangfuseTracerProvider,
  startActiveObservation,
  startObservation,
} from '@langfuse/tracing';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { generateText } from 'ai';
import { MockLanguageModelV4 } from 'ai/test';
import { beforeAll, describe, expect, test } from 'vitest';
import { world } from '../../http/wire.ts';
import { baseUrl } from '../../setup/client.ts';
import { randomUUID } from '../../setup/seeded.ts';
import type { Tenant } from '../../setup/world.ts';
import { bookedOf } from './booked.ts';
import { setUpTracing } from './exporters.ts';

beforeAll(setUpTracing);

let tenant: Tenant;
function startLangfuse(exportMode: 'immediate' | 'batched'): BasicTracerProvider {
  const processor = new LangfuseSpanProcessor({
    publicKey: 'pk-any',
    secretKey: tenant.key,
    baseUrl: new URL(baseUrl).origin,
    exportMode,
  });
  const provider = new BasicTracerProvider({ spanProcessors: [processor] });
  setLangfuseTracerProvider(provider);
  return provider;
}

const model = (): MockLanguageModelV4 =>
  new MockLanguageModelV4({
    provider: 'anthropic.messages',
    modelId: 'claude-of-langfuse',
    doGenerate: async () => ({
      content: [{ type: 'text', text: 'x' }],
      finishReason: { unified: 'stop', raw: 'x' },
      usage: {
        inputTokens: { total: 11, noCache: 11, cacheRead: 0, cacheWrite: 0 },
        outputTokens: { total: 5, text: 5, reasoning: 0 },
      },
      warnings: [],
      response: { id: randomUUID() },
    }),
  });

describe.each(['batched', 'immediate'] as const)('%s', (exportMode) => {
  test('generations and embeddings count as they tell, traces and tools do not', async () => {
    tenant = await world.tenant();
    const provider = startLangfuse(exportMode);
    await propagateAttributes({ userId: 'bob', sessionId: 'chat-7' }, async () => {
      await startActiveObservation('answer', async () => {
        startObservation(
          'draft',
          {
            model: 'claude-of-langfuse',
            input: [{ role: 'user', content: 'hi' }],
            output: 'hello',
            usageDetails: { input: 100, output: 20, cache_read_input_tokens: 300, total: 420 },
            costDetails: { total: 0.0042 },
          },
          { asType: 'generation' },
        ).end();
        startObservation('find', { input: 'q' }, { asType: 'tool' }).end();
        startObservation(
          'vectors',
          { model: 'text-embedding-of-langfuse', usageDetails: { input: 9 } },
          { asType: 'embedding' },
        ).end();
        startObservation(
          'broken',
          { model: 'gpt-of-langfuse', level: 'ERROR', statusMessage: 'rate limited' },
          { asType: 'generation' },
        ).end();
      });
    });
    await provider.forceFlush();
    const { calls, usage } = await bookedOf(tenant);
    expect(usage).toEqual({
      'ai.calls': '3',
      'ai.input_tokens': '109',
      'ai.output_tokens': '20',
      'ai.cache_read_tokens': '300',
      'ai.cost_usd': '0.0042',
    });
    expect(calls).toHaveLength(3);
    const byModel = Object.fromEntries(calls.map((call) => [call.model, call]));
    expect(byModel['claude-of-langfuse']).toMatchObject({
      provider: 'anthropic',
      user_id: 'bob',
      session_id: 'chat-7',
      cost_source: 'reported',
      request_data: [{ role: 'user', content: 'hi' }],
      response_data: 'hello',
    });
    expect(byModel['text-embedding-of-langfuse']).toMatchObject({
      generation_type: 'embeddings',
      provider: 'openai',
    });
    expect(byModel['gpt-of-langfuse']).toMatchObject({ status: 'failed', error_message: 'rate limited' });
  });

  test('a generation that repeats the usage of another below it counts once', async () => {
    tenant = await world.tenant();
    const provider = startLangfuse(exportMode);
    const usageDetails = { input: 40, output: 2 };
    await startActiveObservation(
      'outer',
      async (outer) => {
        outer.update({ model: 'claude-of-langfuse', usageDetails });
        startObservation(
          'inner',
          { model: 'claude-of-langfuse', usageDetails },
          { asType: 'generation' },
        ).end();
      },
      { asType: 'generation' },
    );
    await provider.forceFlush();
    expect((await bookedOf(tenant)).usage).toEqual({
      'ai.calls': '1',
      'ai.input_tokens': '40',
      'ai.output_tokens': '2',
    });
  });
});

test('calls of the AI SDK that Langfuse passes on count once, under the generation that is around them', async () => {
  tenant = await world.tenant();
  const provider = startLangfuse('batched');
  const integrations = [new OpenTelemetry({ tracer: provider.getTracer('gen_ai') })];
  await startActiveObservation(
    'around',
    async (around) => {
      await generateText({ model: model(), prompt: 'q', telemetry: { isEnabled: true, integrations } });
      around.update({ model: 'claude-of-langfuse', usageDetails: { input: 11, output: 5 } });
    },
    { asType: 'generation' },
  );
  await provider.forceFlush();
  expect((await bookedOf(tenant)).usage).toEqual({
    'ai.calls': '1',
    'ai.input_tokens': '11',
    'ai.output_tokens': '5',
  });
});
