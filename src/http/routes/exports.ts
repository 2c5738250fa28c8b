/** Whole lists as CSV files. */
import * as z from 'zod';
import { INVOICE_STATUSES } from '../../invoicing/invoice.ts';
import {
  exportGenerations,
  exportInvoiceLineItems,
  exportInvoices,
  exportUsageEvents,
} from '../../reports/csv/export-csv.ts';
import { generationFilter, readCallFilter } from '../ai-schemas.ts';
import { type Answer, defineRoute, type Route } from '../route.ts';
import { filterText, id, instantQuery, monthQuery, yearQuery } from '../schemas.ts';

export const answerCsv = (name: string, body: ReadableStream<Uint8Array>): Answer => ({
  status: 200,
  body,
  headers: {
    'content-type': 'text/csv; charset=utf-8',
    'content-disposition': `attachment; filename="${name}.csv"`,
    'cache-control': 'private, no-store',
  },
});

const CSV = { 200: { description: 'CSV with a header row', mediaType: 'text/csv' } };

const invoiceQuery = z.strictObject({
  organisation_id: id.optional(),
  status: z.enum(INVOICE_STATUSES).optional(),
  year: yearQuery.optional(),
  month: monthQuery.optional(),
});

const exportLines = (path: string, summary: string): Route =>
  defineRoute({
    method: 'get',
    path,
    audience: 'admin',
    action: 'invoice.export',
    summary,
    query: invoiceQuery,
    responses: CSV,
    handle: async (ctx, { query }) =>
      answerCsv('invoice-line-items', await exportInvoiceLineItems(ctx, query)),
  });

export const EXPORT_ROUTES: readonly Route[] = [
  defineRoute({
    method: 'get',
    path: '/v1/admin/exports/usage-events',
    audience: 'admin',
    action: 'usage.export',
    summary: 'Counted events as CSV',
    query: z.strictObject({
      organisation_id: id.optional(),
      project_id: id.optional(),
      metric_name: filterText(128).optional(),
      user_id: filterText(255).optional(),
      from: instantQuery.optional(),
      to: instantQuery.optional(),
    }),
    responses: CSV,
    handle: async (ctx, { query }) => answerCsv('usage-events', await exportUsageEvents(ctx, query)),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/exports/ai-generations',
    audience: 'admin',
    action: 'generation.export',
    summary: 'AI calls as CSV, newest first, without payloads',
    query: z.strictObject(generationFilter),
    responses: CSV,
    handle: async (ctx, { query }) =>
      answerCsv('ai-generations', await exportGenerations(ctx, readCallFilter(query))),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/exports/invoices',
    audience: 'admin',
    action: 'invoice.export',
    summary: 'Invoices as CSV',
    query: invoiceQuery,
    responses: CSV,
    handle: async (ctx, { query }) => answerCsv('invoices', await exportInvoices(ctx, query)),
  }),
  exportLines('/v1/admin/exports/invoice-line-items', 'Invoice lines as CSV'),
  exportLines('/v1/admin/exports/line-items', 'Invoice lines as CSV; alias of invoice-line-items'),
];
