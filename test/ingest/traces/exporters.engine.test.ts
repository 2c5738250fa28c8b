/** Real exporters as clients: each call of a mock model is in the ledger exactly once. */
import { LegacyOpenTelemetry, OpenTelemetry } from '@ai-sdk/otel';
import { embed, embedMany, generateText, isStepCount, streamText, tool } from 'ai';
import { MockEmbeddingModelV4, MockLanguageModelV4, simulateReadableStream } from 'ai/test';
import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { world } from '../../http/wire.ts';
import { randomUUID } from '../../setup/seeded.ts';
import type { Tenant } from '../../setup/world.ts';
import { bookedOf } from './booked.ts';
import { type Encoding, exporterOf, exportSpans, said, setUpTracing, startTracing } from './exporters.ts';

const MODEL = 'gpt-of-the-exporters';

beforeAll(setUpTracing);

async function pricedTenant(): Promise<Tenant> {
  const tenant = await world.tenant();
  for (const [token_kind, price_per_million] of [
    ['input', '3'],
    ['output', '15'],
    ['cache_read', '0.3'],
  ]) {
    const { status, body } = await world.post('/v1/admin/ai/model-prices', {
      organisation_id: tenant.organisation_id,
      provider: 'openai',
      model: MODEL,
      token_kind,
      price_per_million,
      effective_from: '2020-01-01T00:00:00Z',
    });
    expect(status, JSON.stringify(body)).toBe(201);
  }
  return tenant;
}

const usageOf = (input: number, cached: number, output: number) => ({
  inputTokens: { total: input, noCache: input - cached, cacheRead: cached, cacheWrite: 0 },
  outputTokens: { total: output, text: output, reasoning: 0 },
});

/** Calls a tool, then answers: 1,000 input tokens with 400 of them cached and 50 output tokens, then 2,000 and 70. */
function twoStepModel(): MockLanguageModelV4 {
  let calls = 0;
  const id = randomUUID();
  return new MockLanguageModelV4({
    provider: 'openai.responses',
    modelId: MODEL,
    doGenerate: async () => {
      calls += 1;
      const isFirst = calls === 1;
      return {
        content: isFirst
          ? [{ type: 'tool-call', toolCallId: 'c1', toolName: 'weather', input: '{"city":"Pune"}' }]
          : [{ type: 'text', text: 'sunny' }],
        finishReason: isFirst ? { unified: 'tool-calls', raw: 'x' } : { unified: 'stop', raw: 'x' },
        usage: isFirst ? usageOf(1000, 400, 50) : usageOf(2000, 0, 70),
        warnings: [],
        response: { id: `${id}-${calls}`, modelId: MODEL },
      };
    },
  });
}

const weather = tool({ inputSchema: z.object({ city: z.string() }), execute: async () => 'sunny' });

const embeddings = (): MockEmbeddingModelV4 =>
  new MockEmbeddingModelV4({
    provider: 'openai.embedding',
    modelId: MODEL,
    maxEmbeddingsPerCall: 1,
    doEmbed: async ({ values }) => ({
      embeddings: values.map(() => [0.5]),
      usage: { tokens: 7 },
      warnings: [],
    }),
  });

const streaming = (): MockLanguageModelV4 =>
  new MockLanguageModelV4({
    provider: 'openai.chat',
    modelId: MODEL,
    doStream: async () => ({
      stream: simulateReadableStream({
        chunks: [
          { type: 'stream-start', warnings: [] },
          { type: 'response-metadata', id: randomUUID(), modelId: MODEL },
          { type: 'text-start', id: 't' },
          { type: 'text-delta', id: 't', delta: 'hello' },
          { type: 'text-end', id: 't' },
          { type: 'finish', finishReason: { unified: 'stop', raw: 'x' }, usage: usageOf(30, 0, 4) },
        ],
      }),
    }),
  });

const failing = (): MockLanguageModelV4 =>
  new MockLanguageModelV4({
    provider: 'openai.chat',
    modelId: MODEL,
    doGenerate: async () => {
      throw new Error('overloaded');
    },
  });

type Integration = InstanceType<typeof OpenTelemetry> | InstanceType<typeof LegacyOpenTelemetry>;

/** Two steps, an embedding call for one value and one for two, a stream and a failure: seven calls, six with usage. */
async function runAll(integration: Integration): Promise<void> {
  const telemetry = { isEnabled: true, functionId: 'answer', integrations: [integration] };
  await generateText({
    model: twoStepModel(),
    prompt: 'weather?',
    tools: { weather },
    stopWhen: isStepCount(3),
    telemetry,
  });
  await embed({ model: embeddings(), value: 'a', telemetry });
  await embedMany({ model: embeddings(), values: ['a', 'b'], telemetry });
  const stream = streamText({ model: streaming(), prompt: 'hi', telemetry });
  await stream.consumeStream();
  await expect(generateText({ model: failing(), prompt: 'x', maxRetries: 0, telemetry })).rejects.toThrow(
    'overloaded',
  );
}

const USAGE = {
  'ai.calls': '7',
  // 600 + 2000 + 3 × 7 + 30
  'ai.input_tokens': '2651',
  'ai.cache_read_tokens': '400',
  'ai.output_tokens': '124',
  // (2651 × 3 + 400 × 0.3 + 124 × 15) per million
  'ai.cost_usd': '0.009933',
};

describe.each<[string, (tracing: ReturnType<typeof startTracing>) => Integration]>([
  ['7', ({ provider }) => new OpenTelemetry({ tracer: provider.getTracer('gen_ai') })],
  ['before 7', ({ provider }) => new LegacyOpenTelemetry({ tracer: provider.getTracer('ai') })],
])('the telemetry of the AI SDK %s', (_, integrationOf) => {
  test.each<[string, Encoding, boolean]>([
    ['in batches as JSON', 'JSON', false],
    ['in batches as protobuf', 'protobuf', false],
    ['each span in a request of its own', 'JSON', true],
  ])('%s is counted once, also when it is exported again', async (_name, encoding, immediate) => {
    const tenant = await pricedTenant();
    const before = said.length;
    const exporter = exporterOf(encoding, tenant.key);
    const tracing = startTracing(exporter, {
      immediate,
      resource: { 'service.name': 'shop', 'user.id': 'alice', 'customer.id': 'acme' },
    });
    await runAll(integrationOf(tracing));
    await tracing.flush();
    expect(tracing.spans().length).toBeGreaterThan(12);
    const booked = await bookedOf(tenant);
    expect(booked.usage).toEqual(USAGE);
    expect(booked.calls.map(({ status }) => status).sort()).toEqual([
      'failed',
      ...new Array(6).fill('success'),
    ]);
    for (const call of booked.calls) {
      expect(call).toMatchObject({
        provider: 'openai',
        model: MODEL,
        user_id: 'alice',
        application_id: 'acme',
      });
    }
    // An exporter must log nothing for a batch of calls and agents. For a root span sent alone it may.
    if (!immediate) expect(said.slice(before)).toEqual([]);

    expect(await exportSpans(exporter, tracing.spans())).toBe(true);
    expect(await exportSpans(exporter, tracing.spans().toReversed())).toBe(true);
    expect((await bookedOf(tenant)).usage).toEqual(USAGE);
    const conflicts = await world.get(`/v1/admin/event-conflicts?organisation_id=${tenant.organisation_id}`);
    expect(conflicts.body.data.filter(({ kind }: { kind: string }) => kind === 'conflict')).toEqual([]);
  });
});

test('with a key that is none no exporter calls it a success', async () => {
  const { provider, spans } = startTracing(exporterOf('JSON', 'mb_live_nobody'));
  provider.getTracer('x').startSpan('x').end();
  for (const encoding of ['JSON', 'protobuf'] as const) {
    expect(await exportSpans(exporterOf(encoding, 'mb_live_nobody'), spans())).toBe(false);
  }
});
