import * as z from 'zod';
import { MODEL_CHARACTERS_MAX, PROVIDER_CHARACTERS_MAX, WORD_CHARACTERS_MAX } from '../../ai/generation.ts';
import { TOKEN_KINDS } from '../../ai/generation-row.ts';
import { createModelPrice } from '../../ai/prices/create-model-price.ts';
import { endModelPrice } from '../../ai/prices/end-model-price.ts';
import { MIN_PROMPT_TOKENS_MAX, PRICE_DETAIL, readPrice } from '../../ai/prices/model-price.ts';
import { priceProviderOf } from '../../ai/prices/price-provider.ts';
import { getModelPrice, listModelPrices, listUnpricedModels } from '../../ai/prices/read-model-prices.ts';
import { repriceGenerations } from '../../rollup/repricing/reprice-generations.ts';
import { defineRoute, type Route } from '../route.ts';
import {
  filterText,
  id,
  idParams,
  instant,
  instantOrDay,
  instantQuery,
  pageOf,
  quantity,
  textOf,
  time,
} from '../schemas.ts';
import { answerList, listQuery } from './list.ts';

const tokenKind = z.enum(TOKEN_KINDS);
const exactModel = 'The exact model id of the calls; prefixes do not match';

const createBody = z.strictObject({
  provider: textOf(1, PROVIDER_CHARACTERS_MAX).meta({
    description: 'Aliases of a vendor are normalised: `aws.bedrock` to `aws`, `gcp.gemini` to `google`',
  }),
  model: textOf(1, MODEL_CHARACTERS_MAX).meta({ description: exactModel }),
  token_kind: tokenKind,
  price_per_million: z
    .string()
    .refine((text) => readPrice(text) !== null, { error: PRICE_DETAIL })
    .meta({ description: 'USD per million tokens, at most 6 decimals' }),
  service_tier: textOf(1, WORD_CHARACTERS_MAX)
    .optional()
    .meta({ description: '`standard` by default, which vendors also call `default`' }),
  min_prompt_tokens: z
    .int()
    .min(0)
    .max(MIN_PROMPT_TOKENS_MAX)
    .optional()
    .meta({ description: 'Applies to calls whose prompt (input plus cache) has at least this many tokens' }),
  effective_from: instant,
  effective_to: instant.nullish(),
  organisation_id: id.nullish().meta({ description: "An organisation's own price overrides the global one" }),
});

const price = z
  .object({
    id,
    organisation_id: id.nullable(),
    provider: z.string(),
    model: z.string(),
    token_kind: tokenKind,
    price_per_million: z.string(),
    service_tier: z.string(),
    min_prompt_tokens: z.int(),
    effective_from: time,
    effective_to: time.nullable(),
    source: z.string(),
    source_version: z.string().nullable(),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'ModelPrice' });

const unpriced = z
  .object({
    organisation_id: id,
    provider: z.string(),
    model: z.string(),
    service_tier: z.string().nullable(),
    calls: z.int(),
    tokens: quantity.meta({ description: 'Tokens of all kinds' }),
    ceiling_cost_usd: quantity.meta({
      description: "Cost at the organisation's ceiling price; 0 without one",
    }),
    first_seen: time,
    last_seen: time,
  })
  .meta({ id: 'UnpricedModel' });

const usd = quantity.meta({ description: 'USD, exact' });
const repricingSums = {
  calls: z.int().meta({ description: 'Calls examined: those without a reported cost' }),
  changed: z.int(),
  newly_priced: z.int().meta({ description: 'Changed calls that had no cost before' }),
  unpriced: z.int().meta({ description: 'Calls still without a cost' }),
  before: usd,
  after: usd,
  difference: usd,
  late: usd.meta({ description: 'Part of the difference in closed periods' }),
};
const repricing = z
  .object({
    id,
    from: time,
    to: time,
    organisation_id: id.nullable(),
    model: z.string().nullable(),
    applied: z.boolean(),
    complete: z.boolean().meta({ description: 'false if time ran out; repeat the request to continue' }),
    ...repricingSums,
    models: z.array(
      z.object({ organisation_id: id, provider: z.string(), model: z.string(), ...repricingSums }),
    ),
  })
  .meta({ id: 'Repricing' });

const provider = filterText(PROVIDER_CHARACTERS_MAX).transform(priceProviderOf);

export const MODEL_PRICE_ROUTES: readonly Route[] = [
  defineRoute({
    method: 'post',
    path: '/v1/admin/ai/model-prices',
    audience: 'admin',
    action: 'model_price.create',
    summary: 'Create a price per million tokens of a model, for one organisation or for all',
    idempotency: 'optional',
    body: createBody,
    responses: { 201: { description: 'The price', schema: price } },
    problems: [404, 409],
    handle: async (ctx, { body }) => ({ status: 201, body: await createModelPrice(ctx, body) }),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/ai/model-prices',
    audience: 'admin',
    action: 'model_price.read',
    summary: 'List model prices; with `at`, those in force at that time',
    query: listQuery({
      organisation_id: id.optional(),
      provider: provider.optional(),
      model: filterText(MODEL_CHARACTERS_MAX).optional(),
      token_kind: tokenKind.optional(),
      at: instantQuery.optional(),
    }),
    responses: { 200: { description: 'A page of prices', schema: pageOf(price) } },
    handle: (ctx, { query }) =>
      answerList('model-prices', query, (filter, page) => listModelPrices(ctx, filter, page)),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/ai/model-prices/:id',
    audience: 'admin',
    action: 'model_price.read',
    summary: 'Read a model price',
    params: idParams,
    responses: { 200: { description: 'The price', schema: price } },
    problems: [404],
    handle: async (ctx, { params }) => ({ status: 200, body: await getModelPrice(ctx, params) }),
  }),
  defineRoute({
    method: 'patch',
    path: '/v1/admin/ai/model-prices/:id',
    audience: 'admin',
    action: 'model_price.end',
    summary: 'Set the end of a price. The price itself never changes',
    params: idParams,
    body: z.strictObject({ effective_to: instant }),
    responses: { 200: { description: 'The price', schema: price } },
    problems: [404],
    handle: async (ctx, { params, body }) => ({
      status: 200,
      body: await endModelPrice(ctx, { id: params.id, ...body }),
    }),
  }),
  defineRoute({
    method: 'post',
    path: '/v1/admin/ai/reprice',
    audience: 'admin',
    action: 'ai_generation.reprice',
    summary: 'Reprice counted calls with current prices. Without `apply`, only report the difference',
    idempotency: 'optional',
    body: z.strictObject({
      from: instantOrDay,
      to: instantOrDay,
      organisation_id: id.optional(),
      model: textOf(1, MODEL_CHARACTERS_MAX).optional().meta({ description: exactModel }),
      apply: z.boolean().default(false),
    }),
    responses: { 200: { description: 'Costs before and after', schema: repricing } },
    problems: [404],
    handle: async (ctx, { body, settings: { clock, budgetMs } }) => {
      const started = clock();
      const hasTime = (): boolean => clock() - started < budgetMs;
      return { status: 200, body: await repriceGenerations(ctx, { ...body, hasTime }) };
    },
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/ai/unpriced',
    audience: 'admin',
    action: 'model_price.read',
    summary: 'List models with unpriced calls: no reported cost and no price',
    query: listQuery({ organisation_id: id.optional() }),
    responses: { 200: { description: 'A page of models', schema: pageOf(unpriced) } },
    handle: (ctx, { query }) =>
      answerList('unpriced', query, (filter, page) => listUnpricedModels(ctx, filter, page)),
  }),
];
