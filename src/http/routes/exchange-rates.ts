import * as z from 'zod';
import { CanonicalJsonError, canonicalJson } from '../../core/canonical-json.ts';
import { createExchangeRate } from '../../pricing/fx/create-exchange-rate.ts';
import { endExchangeRate } from '../../pricing/fx/end-exchange-rate.ts';
import { RATE_DETAIL, RATE_SOURCES, readRate } from '../../pricing/fx/exchange-rate.ts';
import { importEcbRates } from '../../pricing/fx/import-ecb-rates.ts';
import { getExchangeRate, listExchangeRates } from '../../pricing/fx/read-exchange-rates.ts';
import { defineRoute, type Route } from '../route.ts';
import { currency, id, idParams, instantOrDay, instantQuery, pageOf, time } from '../schemas.ts';
import { answerList, listQuery } from './list.ts';

const METADATA_LIMITS = { bytes: 4096, levels: 8 };
const FILE_BYTES_MAX = 5 * 1024 * 1024;

function isMetadata(value: unknown): boolean {
  try {
    canonicalJson(value, METADATA_LIMITS);
    return true;
  } catch (error) {
    if (error instanceof CanonicalJsonError) return false;
    throw error;
  }
}

const source = z.enum(RATE_SOURCES);

const createBody = z.strictObject({
  base_currency: currency,
  target_currency: currency,
  rate: z
    .string()
    .refine((text) => readRate(text) !== null, { error: RATE_DETAIL })
    .meta({ description: '1 base_currency = rate target_currency' }),
  effective_from: instantOrDay,
  effective_to: instantOrDay.nullish(),
  source: source.optional(),
  metadata: z
    .record(z.string(), z.unknown())
    .refine(isMetadata, {
      error: 'Must be at most 4 KiB of JSON in valid Unicode, nested at most 8 levels deep.',
    })
    .optional(),
});

const rate = z
  .object({
    id,
    base_currency: z.string(),
    target_currency: z.string(),
    rate: z.string(),
    effective_from: time,
    effective_to: time.nullable(),
    source,
    metadata: z.record(z.string(), z.unknown()),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'ExchangeRate' });

const importSummary = z
  .object({
    imported: z.int(),
    unchanged: z.int(),
    skipped: z.array(z.string()).meta({ description: 'Codes in the file that are not active currencies' }),
    first_day: z.string(),
    last_day: z.string(),
  })
  .meta({ id: 'ExchangeRateImport' });

export const EXCHANGE_RATE_ROUTES: readonly Route[] = [
  defineRoute({
    method: 'post',
    path: '/v1/admin/exchange-rates',
    audience: 'admin',
    action: 'exchange_rate.create',
    summary: 'Create a rate: 1 base_currency = rate target_currency, in this direction only',
    idempotency: 'optional',
    body: createBody,
    responses: { 201: { description: 'The rate', schema: rate } },
    problems: [409],
    handle: async (ctx, { body }) => ({ status: 201, body: await createExchangeRate(ctx, body) }),
  }),
  defineRoute({
    method: 'post',
    path: '/v1/admin/exchange-rates/import',
    audience: 'admin',
    action: 'exchange_rate.import',
    summary: "Import the European Central Bank's eurofxref.csv or eurofxref-hist.csv, all or nothing",
    rawBody: { mediaTypes: ['text/csv', 'application/csv', 'text/plain'], bytesMax: FILE_BYTES_MAX },
    responses: { 200: { description: 'Number of new and existing rates', schema: importSummary } },
    problems: [409],
    handle: async (ctx, { bytes }) => ({ status: 200, body: await importEcbRates(ctx, bytes) }),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/exchange-rates',
    audience: 'admin',
    action: 'exchange_rate.read',
    summary: 'List rates; with `at`, those in force at that time',
    query: listQuery({
      base_currency: currency.optional(),
      target_currency: currency.optional(),
      source: source.optional(),
      at: instantQuery.optional(),
    }),
    responses: { 200: { description: 'A page of rates', schema: pageOf(rate) } },
    handle: (ctx, { query }) =>
      answerList('exchange-rates', query, (filter, page) => listExchangeRates(ctx, filter, page)),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/exchange-rates/:id',
    audience: 'admin',
    action: 'exchange_rate.read',
    summary: 'Read a rate',
    params: idParams,
    responses: { 200: { description: 'The rate', schema: rate } },
    problems: [404],
    handle: async (ctx, { params }) => ({ status: 200, body: await getExchangeRate(ctx, params) }),
  }),
  defineRoute({
    method: 'patch',
    path: '/v1/admin/exchange-rates/:id',
    audience: 'admin',
    action: 'exchange_rate.end',
    summary: 'Set the end of a rate. The rate itself never changes',
    params: idParams,
    body: z.strictObject({ effective_to: instantOrDay }),
    responses: { 200: { description: 'The rate', schema: rate } },
    problems: [404],
    handle: async (ctx, { params, body }) => ({
      status: 200,
      body: await endExchangeRate(ctx, { id: params.id, ...body }),
    }),
  }),
];
