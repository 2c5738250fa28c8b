import { expect, test } from 'vitest';
import { priceProviderOf } from '../../../src/ai/prices/price-provider.ts';
import { NAMES } from '../../../src/ingest/traces/provider.ts';

test.each([
  ['openai', 'openai'],
  ['OpenAI.Responses', 'openai'],
  ['anthropic.messages', 'anthropic'],
  ['AWS.Bedrock', 'aws'],
  ['amazon-bedrock', 'aws'],
  ['azure-openai', 'azure'],
  ['azure.ai.openai', 'azure'],
  ['gcp.gemini', 'google'],
  ['google.generative-ai', 'google'],
  ['google.vertex.chat', 'google'],
  ['x_ai', 'x-ai'],
  ['openai-of-ours', 'openai-of-ours'],
  ['my.openai', 'my.openai'],
  ['.', '.'],
  ['.openai', '.openai'],
])('%s is %s', (name, vendor) => {
  expect(priceProviderOf(name)).toBe(vendor);
});

test('what a trace takes for one vendor is one vendor of the price book', () => {
  for (const [name, conventional] of NAMES)
    expect([name, priceProviderOf(name)]).toEqual([name, priceProviderOf(conventional)]);
});
