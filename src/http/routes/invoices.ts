import * as z from 'zod';
import { cancelInvoice } from '../../invoicing/cancel-invoice.ts';
import { createInvoice } from '../../invoicing/create-invoice.ts';
import { explainInvoice } from '../../invoicing/explain-invoice.ts';
import { getInvoice } from '../../invoicing/get-invoice.ts';
import { type LineItem, listUnconverted } from '../../invoicing/invoice.ts';
import { finalizeInvoice } from '../../invoicing/issuing/finalize-invoice.ts';
import { listInvoices } from '../../invoicing/list-invoices.ts';
import { previewInvoice } from '../../invoicing/preview-invoice.ts';
import { regenerateInvoice } from '../../invoicing/regenerate-invoice.ts';
import { defineRoute, type Route } from '../route.ts';
import {
  decimal,
  id,
  idParams,
  money,
  month,
  monthQuery,
  pageOf,
  quantity,
  textOf,
  time,
  year,
  yearQuery,
} from '../schemas.ts';
import { answerList, listQuery } from './list.ts';

const STATUSES = ['draft', 'finalized', 'paid', 'refunded', 'cancelled'] as const;

const line = z
  .object({
    line_number: z.int(),
    kind: z.enum(['usage', 'flat', 'late', 'carried']),
    description: z.string(),
    metric_name: z.string(),
    unit: z.string(),
    quantity,
    unit_price: z.string().nullable(),
    total: money,
    currency: z.string(),
    original_currency: z.string().nullable(),
    original_amount: z.string().nullable(),
    exchange_rate: z.string().nullable(),
    display_name: z.string().nullable(),
    hsn_sac: z.string().nullable(),
    tax_category: z.string(),
    discount_amount: money,
    tax_amount: money,
    taxes: z.array(z.object({ name: z.string(), rate: z.string(), amount: money })),
    pricing_plan_id: z.string(),
    year: z.int(),
    month: z.int(),
    first_day: z.string(),
    last_day: z.string(),
    carried_quantity: quantity,
    tiers: z
      .array(
        z.object({
          from: quantity,
          to: quantity.nullable(),
          quantity,
          price_per_unit: z.string(),
          flat_fee: z.string(),
          amount: z.string(),
        }),
      )
      .nullable(),
    by_project: z.array(z.object({ project_id: z.string().nullable(), quantity, amount: money })),
    event_count: z.int(),
    events_hash: z.string().nullable(),
  })
  .loose()
  .meta({ id: 'InvoiceLine' });

const invoiceShape = {
  organisation_id: id,
  invoice_number: z.string().nullable(),
  year: z.int(),
  month: z.int(),
  period_start: time,
  period_end: time,
  currency: z.string(),
  subtotal: money,
  discount_total: money,
  tax_total: money,
  total: money.meta({ description: 'subtotal - discount_total + tax_total' }),
  discounts: z.array(
    z.object({
      discount_id: z.string(),
      description: z.string(),
      percentage: z.string().nullable(),
      amount: money,
    }),
  ),
  taxes: z.array(
    z.object({
      name: z.string(),
      country: z.string(),
      rate: z.string(),
      taxable_amount: money,
      amount: money,
    }),
  ),
  reverse_charge: z.boolean(),
  conversions: z.array(
    z.object({
      exchange_rate_id: z.string(),
      original_currency: z.string(),
      exchange_rate: z.string(),
      effective_from: time,
      conversion_date: z.string(),
      source: z.string(),
      provider: z.string().optional(),
    }),
  ),
  original_currency: z.string().nullable(),
  exchange_rate: z.string().nullable(),
  conversion_date: z.string().nullable(),
  template_id: z.string().nullable(),
  pdf_url: z.string().nullable(),
  pdf_generated_at: time.nullable(),
  credited_total: money,
  paid_total: money,
  amount_due: money.nullable(),
  unpriced: z.array(z.object({ metric_name: z.string(), unit: z.string(), quantity })),
  unconverted: z
    .array(z.object({ original_currency: z.string(), original_amount: quantity, lines: z.array(z.int()) }))
    .meta({ description: 'Lines not yet in the totals because no exchange rate is in force' }),
};
/** A draft is shown together with its missing data. */
const view = <Shown extends { readonly line_items: readonly LineItem[] }>(shown: Shown) => ({
  ...shown,
  unconverted: listUnconverted(shown.line_items),
});

const lines = { line_items: z.array(line) };

const invoice = z
  .object({ ...invoiceShape, id, status: z.enum(STATUSES), ...lines })
  .loose()
  .meta({ id: 'Invoice' });
const preview = z
  .object({ ...invoiceShape, id: z.null(), status: z.literal('preview'), ...lines })
  .loose()
  .meta({ id: 'InvoicePreview' });
const ofPeriod = z.strictObject({ organisation_id: id, year, month });

export const INVOICE_ROUTES: readonly Route[] = [
  defineRoute({
    method: 'post',
    path: '/v1/admin/invoices',
    audience: 'admin',
    action: 'invoice.create',
    summary: 'Create a draft invoice for an organisation and month',
    idempotency: 'optional',
    body: ofPeriod,
    responses: { 201: { description: 'The draft', schema: invoice } },
    problems: [409],
    handle: async (ctx, { body }) => ({ status: 201, body: view(await createInvoice(ctx, body)) }),
  }),
  defineRoute({
    method: 'post',
    path: '/v1/admin/invoices/preview',
    audience: 'admin',
    action: 'invoice.read',
    summary: 'Preview the invoice as of now; nothing is saved',
    body: ofPeriod,
    responses: { 200: { description: 'The preview', schema: preview } },
    handle: async (ctx, { body }) => ({ status: 200, body: view(await previewInvoice(ctx, body)) }),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/invoices',
    audience: 'admin',
    action: 'invoice.read',
    summary: 'List invoices',
    query: listQuery({
      organisation_id: id.optional(),
      status: z.enum(STATUSES).optional(),
      year: yearQuery.optional(),
      month: monthQuery.optional(),
    }),
    responses: { 200: { description: 'A page of invoices', schema: pageOf(invoice) } },
    handle: (ctx, { query }) =>
      answerList('invoices', query, async (filter, page) => {
        const rows = await listInvoices(ctx, filter, page);
        return { ...rows, data: rows.data.map(view) };
      }),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/invoices/:id',
    audience: 'admin',
    action: 'invoice.read',
    summary: 'Read an invoice with its lines',
    params: idParams,
    responses: { 200: { description: 'The invoice', schema: invoice } },
    problems: [404],
    handle: async (ctx, { params }) => ({
      status: 200,
      body: view(await getInvoice(ctx, { id: params.id })),
    }),
  }),
  defineRoute({
    method: 'post',
    path: '/v1/admin/invoices/:id/regenerate',
    audience: 'admin',
    action: 'invoice.regenerate',
    summary: 'Rebuild a draft from current usage and prices',
    idempotency: 'optional',
    params: idParams,
    responses: { 200: { description: 'The draft', schema: invoice } },
    problems: [404, 409, 422],
    handle: async (ctx, { params }) => ({
      status: 200,
      body: view(await regenerateInvoice(ctx, { id: params.id })),
    }),
  }),
  defineRoute({
    method: 'post',
    path: '/v1/admin/invoices/:id/finalize',
    audience: 'admin',
    action: 'invoice.finalize',
    summary: 'Finalize a draft: it gets a number and becomes immutable',
    idempotency: 'optional',
    params: idParams,
    body: z.strictObject({ expected_total: decimal.optional(), allow_quarantined: z.boolean().optional() }),
    bodyOptional: true,
    responses: { 200: { description: 'The invoice', schema: invoice } },
    problems: [404, 409],
    handle: async (ctx, { params, body }) => ({
      status: 200,
      body: view(await finalizeInvoice(ctx, { id: params.id, ...body })),
    }),
  }),
  defineRoute({
    method: 'post',
    path: '/v1/admin/invoices/:id/cancel',
    audience: 'admin',
    action: 'invoice.cancel',
    summary: 'Cancel a draft or an issued invoice. An assigned number is kept',
    idempotency: 'optional',
    params: idParams,
    body: z.strictObject({ reason: textOf(1, 1000).optional() }),
    bodyOptional: true,
    responses: { 200: { description: 'The invoice', schema: invoice } },
    problems: [404, 409],
    handle: async (ctx, { params, body }) => ({
      status: 200,
      body: view(await cancelInvoice(ctx, { id: params.id, ...body })),
    }),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/invoices/:id/explain',
    audience: 'admin',
    action: 'invoice.read',
    summary:
      'Explain an invoice line by line: plan version, days, event count and hash of the event keys, recomputed and compared',
    params: idParams,
    responses: { 200: { description: 'The explanation', schema: z.object({}).loose() } },
    problems: [404],
    handle: async (ctx, { params }) => ({ status: 200, body: await explainInvoice(ctx, { id: params.id }) }),
  }),
];
