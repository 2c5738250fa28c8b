/** Model prices over HTTP: never two for one moment, never changed, only ended. */
import { beforeAll, describe, expect, test } from 'vitest';
import { randomUUID } from '../setup/seeded.ts';
import type { Tenant } from '../setup/world.ts';
import { ask, problemOf, UNKNOWN_ID, world } from './wire.ts';

const PATH = '/v1/admin/ai/model-prices';

let tenant: Tenant;
beforeAll(async () => {
  tenant = await world.tenant();
});

const priceOf = (fields: Record<string, unknown> = {}): Record<string, unknown> => ({
  organisation_id: tenant.organisation_id,
  provider: 'anthropic',
  model: `m ${randomUUID()}`,
  token_kind: 'input',
  price_per_million: '3',
  effective_from: '2026-01-01T00:00:00Z',
  ...fields,
});
const create = (fields?: Record<string, unknown>) => ask(PATH, { json: priceOf(fields) });
const end = (id: string, effective_to: string) =>
  ask(`${PATH}/${id}`, { method: 'PATCH', json: { effective_to } });

test('a price is kept in canonical form, and read as it was answered', async () => {
  const model = randomUUID();
  const created = await create({
    provider: 'AWS.Bedrock',
    model,
    price_per_million: '03.500000',
    service_tier: 'default',
    effective_from: '2026-01-01T01:00:00+01:00',
  });
  expect(created.status).toBe(201);
  expect(created.body).toMatchObject({
    organisation_id: tenant.organisation_id,
    provider: 'aws',
    model,
    price_per_million: '3.5',
    service_tier: 'standard',
    min_prompt_tokens: 0,
    effective_from: '2026-01-01T00:00:00.000Z',
    effective_to: null,
    source: 'manual',
    source_version: null,
  });
  expect((await world.get(`${PATH}/${created.body.id}`)).body).toEqual(created.body);
  for (const filter of [`model=${model}`, `model=${model}&provider=bedrock&token_kind=input&at=2026-01-01`])
    expect((await world.get(`${PATH}?${filter}`)).body.data).toEqual([created.body]);
  for (const filter of [
    'provider=openai',
    'token_kind=output',
    'at=2025-12-31',
    `organisation_id=${UNKNOWN_ID}`,
  ])
    expect((await world.get(`${PATH}?model=${model}&${filter}`)).body.data).toEqual([]);
});

test('the book begins with what vendors publish, for everyone', async () => {
  const { body } = await world.get(`${PATH}?provider=anthropic&model=claude-haiku-4-5&token_kind=output`);
  expect(body.data).toMatchObject([
    { organisation_id: null, price_per_million: '5', source: 'genai-prices', source_version: '0.1.8' },
  ]);
});

describe('two prices', () => {
  test.each<[string, Record<string, unknown>, number]>([
    ['of the same moments', {}, 409],
    ['within', { effective_from: '2026-02-01T00:00:00Z', effective_to: '2026-02-02T00:00:00Z' }, 409],
    ['open, from before', { effective_from: '2000-01-01T00:00:00Z', effective_to: null }, 409],
    [
      'over its first moment',
      { effective_from: '2025-01-01T00:00:00Z', effective_to: '2026-01-01T00:00:00.001Z' },
      409,
    ],
    ['of the same vendor by another name', { provider: 'Anthropic' }, 409],
    ['of the standard tier by another name', { service_tier: 'default' }, 409],
    [
      'up to its first moment',
      { effective_from: '2025-01-01T00:00:00Z', effective_to: '2026-01-01T00:00:00Z' },
      201,
    ],
    ['from its end', { effective_from: '2026-03-31T00:00:00Z', effective_to: null }, 201],
    ['of another kind', { token_kind: 'output' }, 201],
    ['of another step', { min_prompt_tokens: 200_001 }, 201],
    ['of another tier', { service_tier: 'batch' }, 201],
    ['of everyone', { organisation_id: null }, 201],
  ])('%s: %i', async (_, second, status) => {
    const first = { model: randomUUID(), effective_to: '2026-03-31T00:00:00Z' };
    expect((await create(first)).status).toBe(201);
    const answer = await create({ ...first, ...second });
    expect(answer.status).toBe(status);
    if (status === 409) expect(problemOf(answer, 409).code).toBe('rate_overlap');
    const { body } = await world.get(`${PATH}?model=${first.model}`);
    expect(body.data).toHaveLength(status === 409 ? 1 : 2);
  });
});

test.each<[string, Record<string, unknown>, string]>([
  ['a price below zero', { price_per_million: '-1' }, '/price_per_million'],
  ['seven decimals', { price_per_million: '0.0000001' }, '/price_per_million'],
  ['a JSON number', { price_per_million: 3 }, '/price_per_million'],
  ['an exponent', { price_per_million: '1e-6' }, '/price_per_million'],
  ['a kind that is none', { token_kind: 'cache_write' }, '/token_kind'],
  ['no model', { model: '' }, '/model'],
  ['an end before the beginning', { effective_to: '2025-12-31T00:00:00Z' }, '/effective_to'],
  ['an end at the beginning', { effective_to: '2026-01-01T00:00:00Z' }, '/effective_to'],
  ['a negative step', { min_prompt_tokens: -1 }, '/min_prompt_tokens'],
  ['a step beyond an integer', { min_prompt_tokens: 2_147_483_648 }, '/min_prompt_tokens'],
])('%s is refused, and nothing is stored', async (_, fields, pointer) => {
  const model = fields['model'] ?? randomUUID();
  const answer = await create({ model, ...fields });
  expect(problemOf(answer, answer.status === 400 ? 400 : 422).pointers).toContain(pointer);
  expect((await world.get(`${PATH}?model=${model}`)).body.data).toEqual([]);
});

test('a price ends once, and only earlier', async () => {
  const { body } = await create();
  expect(problemOf(await end(body.id, '2026-01-01T00:00:00Z'), 422).pointers).toEqual(['/effective_to']);
  const ended = await end(body.id, '2026-06-01T00:00:00Z');
  expect(ended.body).toMatchObject({
    ...body,
    effective_to: '2026-06-01T00:00:00.000Z',
    updated_at: expect.any(String),
  });
  expect(problemOf(await end(body.id, '2026-07-01T00:00:00Z'), 422).pointers).toEqual(['/effective_to']);
  expect((await end(body.id, '2026-05-01T00:00:00Z')).status).toBe(200);
  expect((await world.get(`${PATH}/${body.id}`)).body.effective_to).toBe('2026-05-01T00:00:00.000Z');
});
