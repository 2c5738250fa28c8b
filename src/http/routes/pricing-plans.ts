import * as z from 'zod';
import { CHARGE_MODELS } from '../../pricing/plans/charge-model.ts';
import { createPricingPlan } from '../../pricing/plans/create-pricing-plan.ts';
import { endPricingPlan } from '../../pricing/plans/end-pricing-plan.ts';
import { getPricingPlan, listPricingPlans } from '../../pricing/plans/read-pricing-plans.ts';
import { defineRoute, type Route } from '../route.ts';
import { currency, day, decimal, filterText, id, idParams, name, pageOf, textOf, time } from '../schemas.ts';
import { hsnSac, taxCategory } from '../tax-schemas.ts';
import { answerList, listQuery } from './list.ts';

const tier = z.strictObject({
  up_to: decimal.nullable(),
  price_per_unit: decimal,
  flat_fee: decimal.optional(),
});

const optionalDecimals = {
  price_per_unit: decimal.nullish(),
  tiers: z.array(tier).nullish(),
  package_size: decimal.nullish(),
  package_price: decimal.nullish(),
  amount: decimal.nullish(),
  rate: decimal
    .nullish()
    .meta({ description: 'For `percentage`: percent of the billable quantity, above 0 and at most 1000' }),
  fixed_amount: decimal.nullish().meta({ description: 'For `percentage`: amount per event' }),
  included_units: decimal.nullish(),
  minimum_amount: decimal.nullish(),
  maximum_amount: decimal.nullish(),
};

const createBody = z.strictObject({
  metric_name: textOf(1, 128),
  unit: textOf(0, 64),
  currency,
  charge_model: z.enum(CHARGE_MODELS),
  ...optionalDecimals,
  display_name: name.nullish(),
  tax_category: taxCategory.optional(),
  hsn_sac: hsnSac.nullish(),
  original_currency: currency.nullish().meta({
    description: 'Currency of the prices in this body, if they are to be converted into `currency`',
  }),
  conversion_date: day
    .nullish()
    .meta({ description: 'The rate in force at 00:00 UTC on this day is used; today by default' }),
  effective_from: day,
  effective_to: day.nullish(),
  organisation_id: id.nullish(),
});

const plan = z
  .object({
    id,
    organisation_id: id.nullable(),
    metric_name: z.string(),
    unit: z.string(),
    currency: z.string(),
    charge_model: z.enum(CHARGE_MODELS),
    price_per_unit: z.string().nullable(),
    tiers: z
      .array(
        z.object({
          up_to: z.string().nullable(),
          price_per_unit: z.string(),
          flat_fee: z.string().optional(),
        }),
      )
      .nullable(),
    package_size: z.string().nullable(),
    package_price: z.string().nullable(),
    amount: z.string().nullable(),
    rate: z.string().nullable(),
    fixed_amount: z.string().nullable(),
    included_units: z.string().nullable(),
    minimum_amount: z.string().nullable(),
    maximum_amount: z.string().nullable(),
    display_name: z.string().nullable(),
    tax_category: z.string(),
    hsn_sac: z.string().nullable(),
    original_currency: z.string().nullable(),
    exchange_rate: z.string().nullable(),
    conversion_date: z.string().nullable(),
    effective_from: z.string(),
    effective_to: z.string().nullable(),
    is_active: z.boolean(),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'PricingPlan' });

export const PRICING_PLAN_ROUTES: readonly Route[] = [
  defineRoute({
    method: 'post',
    path: '/v1/admin/pricing-plans',
    audience: 'admin',
    action: 'pricing_plan.create',
    summary: 'Create a plan version, for one organisation or for all',
    idempotency: 'optional',
    body: createBody,
    responses: { 201: { description: 'The version', schema: plan } },
    problems: [409],
    handle: async (ctx, { body }) => ({ status: 201, body: await createPricingPlan(ctx, body) }),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/pricing-plans',
    audience: 'admin',
    action: 'pricing_plan.read',
    summary: 'List plan versions',
    query: listQuery({
      organisation_id: id.optional(),
      metric_name: filterText(128).optional(),
      unit: filterText(64).optional(),
      currency: currency.optional(),
    }),
    responses: { 200: { description: 'A page of versions', schema: pageOf(plan) } },
    handle: (ctx, { query }) =>
      answerList('pricing-plans', query, (filter, page) => listPricingPlans(ctx, filter, page)),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/pricing-plans/:id',
    audience: 'admin',
    action: 'pricing_plan.read',
    summary: 'Read a plan version',
    params: idParams,
    responses: { 200: { description: 'The version', schema: plan } },
    problems: [404],
    handle: async (ctx, { params }) => ({ status: 200, body: await getPricingPlan(ctx, params) }),
  }),
  defineRoute({
    method: 'patch',
    path: '/v1/admin/pricing-plans/:id',
    audience: 'admin',
    action: 'pricing_plan.end',
    summary: 'Set the end of a plan version. Its prices never change',
    params: idParams,
    body: z.strictObject({ effective_to: day }),
    responses: { 200: { description: 'The version', schema: plan } },
    problems: [404, 409],
    handle: async (ctx, { params, body }) => ({
      status: 200,
      body: await endPricingPlan(ctx, { id: params.id, ...body }),
    }),
  }),
];
