import * as z from 'zod';
import { createTaxRate } from '../../pricing/tax/create-tax-rate.ts';
import { endTaxRate } from '../../pricing/tax/end-tax-rate.ts';
import { getTaxRate, listTaxRates } from '../../pricing/tax/read-tax-rates.ts';
import { defineRoute, type Route } from '../route.ts';
import { day, decimal, filterText, id, idParams, name, pageOf, time } from '../schemas.ts';
import { country, taxCategory } from '../tax-schemas.ts';
import { answerList, listQuery } from './list.ts';

const createBody = z.strictObject({
  country,
  category: taxCategory.optional().meta({ description: "Free text; 'standard' by default" }),
  rate: decimal.meta({ description: 'Percent, from 0 to 100' }),
  effective_from: day,
  effective_to: day.nullish(),
  source: name.optional().meta({ description: "Source of the rate; 'manual' by default" }),
});

const taxRate = z
  .object({
    id,
    country: z.string(),
    category: z.string(),
    rate: z.string(),
    effective_from: z.string(),
    effective_to: z.string().nullable(),
    source: z.string(),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'TaxRate' });

export const TAX_RATE_ROUTES: readonly Route[] = [
  defineRoute({
    method: 'post',
    path: '/v1/admin/tax-rates',
    audience: 'admin',
    action: 'tax_rate.create',
    summary: 'Create a tax rate for a country and a range of days',
    idempotency: 'optional',
    body: createBody,
    responses: { 201: { description: 'The rate', schema: taxRate } },
    problems: [409],
    handle: async (ctx, { body }) => ({ status: 201, body: await createTaxRate(ctx, body) }),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/tax-rates',
    audience: 'admin',
    action: 'tax_rate.read',
    summary: 'List tax rates',
    query: listQuery({ country: country.optional(), category: filterText(64).optional() }),
    responses: { 200: { description: 'A page of rates', schema: pageOf(taxRate) } },
    handle: (ctx, { query }) =>
      answerList('tax-rates', query, (filter, page) => listTaxRates(ctx, filter, page)),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/tax-rates/:id',
    audience: 'admin',
    action: 'tax_rate.read',
    summary: 'Read a tax rate',
    params: idParams,
    responses: { 200: { description: 'The rate', schema: taxRate } },
    problems: [404],
    handle: async (ctx, { params }) => ({ status: 200, body: await getTaxRate(ctx, params) }),
  }),
  defineRoute({
    method: 'patch',
    path: '/v1/admin/tax-rates/:id',
    audience: 'admin',
    action: 'tax_rate.end',
    summary: 'Set the end of a tax rate. Its percentage never changes',
    params: idParams,
    body: z.strictObject({ effective_to: day }),
    responses: { 200: { description: 'The rate', schema: taxRate } },
    problems: [404],
    handle: async (ctx, { params, body }) => ({
      status: 200,
      body: await endTaxRate(ctx, { id: params.id, ...body }),
    }),
  }),
];
