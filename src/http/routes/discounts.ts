import * as z from 'zod';
import { createDiscount } from '../../pricing/discounts/create-discount.ts';
import { endDiscount } from '../../pricing/discounts/end-discount.ts';
import { getDiscount, listDiscounts } from '../../pricing/discounts/read-discounts.ts';
import { defineRoute, type Route } from '../route.ts';
import { currency, day, decimal, id, idParams, name, pageOf, textOf, time } from '../schemas.ts';
import { answerList, listQuery } from './list.ts';

const createBody = z.strictObject({
  organisation_id: id,
  description: name.optional().meta({ description: '"Discount" by default' }),
  percentage: decimal.nullish(),
  amount: decimal.nullish(),
  currency: currency.nullish(),
  metric_name: textOf(1, 128).nullish(),
  effective_from: day.optional().meta({ description: 'The first day of the month by default' }),
  effective_to: day.nullish(),
});

const discount = z
  .object({
    organisation_id: id,
    id,
    description: z.string(),
    percentage: z.string().nullable(),
    amount: z.string().nullable(),
    currency: z.string().nullable(),
    metric_name: z.string().nullable(),
    effective_from: z.string(),
    effective_to: z.string().nullable(),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'Discount' });

export const DISCOUNT_ROUTES: readonly Route[] = [
  defineRoute({
    method: 'post',
    path: '/v1/admin/discounts',
    audience: 'admin',
    action: 'discount.create',
    summary: 'Create a discount: a percentage or an amount off each invoice of an organisation',
    idempotency: 'optional',
    body: createBody,
    responses: { 201: { description: 'The discount', schema: discount } },
    problems: [404],
    handle: async (ctx, { body }) => ({ status: 201, body: await createDiscount(ctx, body) }),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/discounts',
    audience: 'admin',
    action: 'discount.read',
    summary: 'List discounts',
    query: listQuery({ organisation_id: id.optional() }),
    responses: { 200: { description: 'A page of discounts', schema: pageOf(discount) } },
    handle: (ctx, { query }) =>
      answerList('discounts', query, (filter, page) => listDiscounts(ctx, filter, page)),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/discounts/:id',
    audience: 'admin',
    action: 'discount.read',
    summary: 'Read a discount',
    params: idParams,
    responses: { 200: { description: 'The discount', schema: discount } },
    problems: [404],
    handle: async (ctx, { params }) => ({ status: 200, body: await getDiscount(ctx, params) }),
  }),
  defineRoute({
    method: 'patch',
    path: '/v1/admin/discounts/:id',
    audience: 'admin',
    action: 'discount.end',
    summary: 'Set the end of a discount. Its amount never changes',
    params: idParams,
    body: z.strictObject({ effective_to: day.nullable() }),
    responses: { 200: { description: 'The discount', schema: discount } },
    problems: [404],
    handle: async (ctx, { params, body }) => ({
      status: 200,
      body: await endDiscount(ctx, { id: params.id, ...body }),
    }),
  }),
];
