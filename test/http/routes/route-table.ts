/**
 * Every route of the product, in an order in which each can succeed: the inputs of a call, and which of its
 * ids belong to a tenant. The matrix compares this table with the router in both directions.
 */
import { fontOf } from '../../documents/pdf/font-of.ts';
import { random, randomUUID } from '../../setup/seeded.ts';
import { AI_ANSWER_ROWS } from '../ai-answer-rows.ts';
import { eventOf, generationOf } from '../wire.ts';
import { AI_ROUTE_ROWS } from './ai-route-rows.ts';
import { OTLP_ROUTE_ROWS } from './otlp-route-rows.ts';
import {
  act,
  admin,
  apiKeyId,
  billingEntityId,
  change,
  creditNoteId,
  discountId,
  exchangeRateId,
  exported,
  invoiceId,
  list,
  ofPeriod,
  organisationId,
  planId,
  projectId,
  type RouteRow,
  read,
  taxRateId,
  templateId,
} from './route-row.ts';
import { USER_ROUTE_ROWS } from './user-route-rows.ts';

export const ROUTE_TABLE: Readonly<Record<string, RouteRow>> = {
  'GET /health': { call: () => ({ path: '/health' }) },
  'GET /ready': { call: () => ({ path: '/ready' }) },
  'GET /openapi.json': { call: () => ({ path: '/openapi.json' }) },
  'GET /docs': { call: () => ({ path: '/docs' }) },

  'POST /v1/events': { status: 202, call: () => ({ path: '/v1/events', body: eventOf() }) },
  'POST /v1/ai/generations': {
    status: 202,
    call: () => ({ path: '/v1/ai/generations', body: generationOf() }),
  },
  ...OTLP_ROUTE_ROWS,
  'GET /v1/usage': { call: () => ({ path: '/v1/usage?granularity=month' }) },
  'GET /v1/events/:idempotency_key': {
    call: ({ eventKey }) => ({ path: `/v1/events/${eventKey}` }),
    pathOf: (id) => `/v1/events/${id}`,
  },
  'GET /v1/events': {
    call: () => ({ path: '/v1/events?source=matrix&id=1' }),
    pathOf: (id) => `/v1/events?source=matrix&id=${id}`,
  },

  'POST /v1/admin/organisations': {
    status: 201,
    call: () => ({
      path: admin('organisations'),
      body: { name: 'Matrix', billing_email: 'm@example.com', currency: 'EUR' },
    }),
  },
  'GET /v1/admin/organisations': { call: () => ({ path: admin('organisations?limit=2') }) },
  'GET /v1/admin/organisations/:id': read('organisations', organisationId),
  'PATCH /v1/admin/organisations/:id': change('organisations', organisationId, { grace_hours: 1 }),
  'POST /v1/admin/projects': {
    status: 201,
    call: (made) => ({
      path: admin('projects'),
      body: { organisation_id: organisationId(made), name: 'Second' },
    }),
    parent: { field: 'organisation_id', status: 404 },
  },
  'GET /v1/admin/projects': list('projects'),
  'GET /v1/admin/projects/:id': read('projects', projectId),
  'PATCH /v1/admin/projects/:id': change('projects', projectId, { description: 'Changed' }),
  'POST /v1/admin/api-keys': {
    status: 201,
    call: (made) => ({ path: admin('api-keys'), body: { project_id: projectId(made), name: 'Second' } }),
    remember: (made, body) => {
      made.apiKeyId = body.id;
    },
    parent: { field: 'project_id', status: 404 },
  },
  'GET /v1/admin/api-keys': list('api-keys'),
  'GET /v1/admin/api-keys/:id': read('api-keys', apiKeyId),
  'POST /v1/admin/api-keys/:id/revoke': act('api-keys revoke', apiKeyId),
  'POST /v1/admin/pricing-plans': {
    status: 201,
    call: (made) => ({
      path: admin('pricing-plans'),
      body: {
        organisation_id: organisationId(made),
        metric_name: 'tokens.input',
        unit: 'token',
        currency: 'USD',
        charge_model: 'per_unit',
        price_per_unit: '2',
        effective_from: '2020-01-01',
      },
    }),
    remember: (made, body) => {
      made.planId = body.id;
    },
    parent: { field: 'organisation_id', status: 404 },
  },
  'GET /v1/admin/pricing-plans': list('pricing-plans'),
  'GET /v1/admin/pricing-plans/:id': read('pricing-plans', planId),
  'PATCH /v1/admin/pricing-plans/:id': change('pricing-plans', planId, { effective_to: '2990-01-01' }),

  'POST /v1/admin/billing-entities': {
    status: 201,
    call: () => ({
      path: admin('billing-entities'),
      body: { legal_name: 'Matrix GmbH', address: { line1: 'Hauptstr. 1', country: 'DE' } },
    }),
    remember: (made, body) => {
      made.billingEntityId = body.id;
    },
  },
  'GET /v1/admin/billing-entities': { call: () => ({ path: admin('billing-entities?limit=2') }) },
  'GET /v1/admin/billing-entities/:id': read('billing-entities', billingEntityId),
  'PATCH /v1/admin/billing-entities/:id': change('billing-entities', billingEntityId, { email: null }),
  'POST /v1/admin/tax-rates': {
    status: 201,
    call: () => ({
      path: admin('tax-rates'),
      body: { country: 'DE', category: `matrix ${randomUUID()}`, rate: '7', effective_from: '2026-01-01' },
    }),
    remember: (made, body) => {
      made.taxRateId = body.id;
    },
  },
  'GET /v1/admin/tax-rates': { call: () => ({ path: admin('tax-rates?country=DE&limit=2') }) },
  'GET /v1/admin/tax-rates/:id': read('tax-rates', taxRateId),
  'PATCH /v1/admin/tax-rates/:id': change('tax-rates', taxRateId, { effective_to: '2990-01-01' }),
  'POST /v1/admin/exchange-rates': {
    status: 201,
    call: () => {
      // Rates are shared by all: use a pair that no other suite uses, and a moment of its own.
      const effective_from = 100_000_000_000 + Math.floor(random() * 1e13);
      const body = { base_currency: 'CHW', target_currency: 'CHE', rate: '1.5', effective_from };
      return { path: admin('exchange-rates'), body: { ...body, effective_to: effective_from + 1 } };
    },
    remember: (made, body) => {
      made.exchangeRate = body;
    },
  },
  // A file is not JSON; its effect is tested where it disturbs no other suite.
  'POST /v1/admin/exchange-rates/import': {
    status: 415,
    call: () => ({ path: admin('exchange-rates/import'), body: {} }),
  },
  'GET /v1/admin/exchange-rates': { call: () => ({ path: admin('exchange-rates?limit=2') }) },
  'GET /v1/admin/exchange-rates/:id': read('exchange-rates', exchangeRateId),
  'PATCH /v1/admin/exchange-rates/:id': {
    call: (made) => ({
      path: admin(`exchange-rates/${exchangeRateId(made)}`),
      body: { effective_to: made.exchangeRate?.effective_to },
    }),
    pathOf: (id) => admin(`exchange-rates/${id}`),
  },
  ...AI_ROUTE_ROWS,
  ...AI_ANSWER_ROWS,
  ...USER_ROUTE_ROWS,
  'POST /v1/admin/discounts': {
    status: 201,
    call: (made) => ({
      path: admin('discounts'),
      body: {
        organisation_id: organisationId(made),
        description: 'Of the matrix',
        percentage: '10',
        effective_from: '2980-01-01',
      },
    }),
    remember: (made, body) => {
      made.discountId = body.id;
    },
    parent: { field: 'organisation_id', status: 404 },
  },
  'GET /v1/admin/discounts': list('discounts'),
  'GET /v1/admin/discounts/:id': read('discounts', discountId),
  'PATCH /v1/admin/discounts/:id': change('discounts', discountId, { effective_to: '2990-01-01' }),

  'POST /v1/admin/invoice-templates': {
    status: 201,
    call: (made) => ({
      path: admin('invoice-templates'),
      body: {
        organisation_id: organisationId(made),
        name: 'Of the matrix',
        template_type: 'html',
        html_content: '<p>{{number}}</p>',
      },
    }),
    remember: (made, body) => {
      made.templateId = body.id;
    },
    parent: { field: 'organisation_id', status: 404 },
  },
  'GET /v1/admin/invoice-templates': list('invoice-templates'),
  'GET /v1/admin/invoice-templates/:id': read('invoice-templates', templateId),
  'PATCH /v1/admin/invoice-templates/:id': change('invoice-templates', templateId, {
    description: 'Changed',
  }),
  'POST /v1/admin/invoice-templates/:id/preview': act('invoice-templates preview', templateId),

  'POST /v1/admin/jobs/:name': {
    call: () => ({ path: admin('jobs/rollup'), body: {} }),
    pathOf: (id) => admin(`jobs/${id}`),
  },
  'GET /v1/admin/jobs': { call: () => ({ path: admin('jobs?limit=3') }) },
  'GET /v1/admin/status': { call: () => ({ path: admin('status') }) },
  // Only a halted shard accepts it, and no suite may halt the shared one.
  'POST /v1/admin/shards/:shard/resync': {
    status: 409,
    call: () => ({ path: admin('shards/0/resync') }),
    pathOf: (id) => admin(`shards/${id}/resync`),
  },

  'GET /v1/admin/usage-events': list('usage-events'),
  'GET /v1/admin/usage-aggregates': list('usage-aggregates'),
  'GET /v1/admin/event-conflicts': list('event-conflicts'),
  'GET /v1/admin/event-quarantine': list('event-quarantine'),
  'POST /v1/admin/invoices/preview': {
    call: ofPeriod('invoices/preview'),
    parent: { field: 'organisation_id', status: 404 },
  },
  'POST /v1/admin/invoices': {
    status: 201,
    call: ofPeriod('invoices'),
    remember: (made, body) => {
      made.invoiceId = body.id;
    },
    parent: { field: 'organisation_id', status: 404 },
  },
  'GET /v1/admin/invoices': list('invoices'),
  'GET /v1/admin/invoices/:id': read('invoices', invoiceId),
  'POST /v1/admin/invoices/:id/regenerate': act('invoices regenerate', invoiceId),
  'GET /v1/admin/invoices/:id/explain': {
    call: (made) => ({ path: admin(`invoices/${invoiceId(made)}/explain`) }),
    pathOf: (id) => admin(`invoices/${id}/explain`),
  },
  // A draft: when the PDF of an issued invoice exists depends on the jobs of other suites.
  'GET /v1/admin/invoices/:id/pdf': {
    status: 409,
    call: (made) => ({ path: admin(`invoices/${invoiceId(made)}/pdf`) }),
    pathOf: (id) => admin(`invoices/${id}/pdf`),
  },
  'POST /v1/admin/invoices/:id/finalize': act('invoices finalize', invoiceId),
  'POST /v1/admin/invoices/:id/send': { ...act('invoices send', invoiceId), status: 202 },
  'GET /v1/admin/email-notifications': list('email-notifications'),
  'POST /v1/admin/fonts': {
    status: 201,
    call: () => ({
      path: admin(`fonts?name=${randomUUID()}.ttf`),
      file: { type: 'font/ttf', bytes: fontOf('\u{10fffd}') },
    }),
  },
  'GET /v1/admin/fonts': { call: () => ({ path: admin('fonts') }) },
  'GET /v1/admin/invoices/:id/html': {
    call: (made) => ({ path: admin(`invoices/${invoiceId(made)}/html`) }),
    pathOf: (id) => admin(`invoices/${id}/html`),
  },
  'POST /v1/admin/invoices/:id/links': {
    ...act('invoices links', invoiceId),
    status: 201,
    remember: (made, body) => {
      made.linkId = body.id;
      made.linkPath = new URL(body.url).pathname;
    },
  },
  'GET /v1/admin/invoice-links': list('invoice-links'),
  'GET /i/:token': { call: ({ linkPath = '' }) => ({ path: linkPath }) },
  // A link that opens nothing: when another link's PDF exists depends on the jobs of other suites.
  'GET /i/:token/pdf': { status: 404, call: () => ({ path: `/i/${'A'.repeat(64)}/pdf` }) },
  'POST /v1/admin/invoice-links/:id/revoke': act('invoice-links revoke', ({ linkId = '' }) => linkId),
  'GET /v1/admin/credit-notes/:id/pdf': {
    status: 404,
    call: () => ({ path: admin(`credit-notes/${randomUUID()}/pdf`) }),
    pathOf: (id) => admin(`credit-notes/${id}/pdf`),
  },
  'GET /v1/admin/exports/usage-events': exported('usage-events'),
  'GET /v1/admin/exports/invoices': exported('invoices'),
  'GET /v1/admin/exports/invoice-line-items': exported('invoice-line-items'),
  'GET /v1/admin/exports/line-items': exported('line-items'),
  'POST /v1/admin/payments': {
    status: 201,
    call: (made) => ({
      path: admin('payments'),
      body: { invoice_id: invoiceId(made), method: 'offline', amount: '1.00', currency: 'USD' },
    }),
    remember: (made, body) => {
      made.paymentId = body.id;
    },
    parent: { field: 'invoice_id', status: 404 },
  },
  'GET /v1/admin/payments': list('payments'),
  'GET /v1/admin/payments/:id': read('payments', ({ paymentId = '' }) => paymentId),
  'POST /v1/admin/credit-notes': {
    status: 201,
    call: (made) => ({
      path: admin('credit-notes'),
      body: { invoice_id: invoiceId(made), lines: [{ line_number: 1, amount: '0.50' }] },
    }),
    remember: (made, body) => {
      made.creditNoteId = body.id;
    },
    parent: { field: 'invoice_id', status: 404 },
  },
  'GET /v1/admin/credit-notes': list('credit-notes'),
  'GET /v1/admin/credit-notes/:id': read('credit-notes', creditNoteId),
  // Only late usage creates a proposal, and this one is issued.
  'GET /v1/admin/credit-notes/:id/html': {
    call: (made) => ({ path: admin(`credit-notes/${creditNoteId(made)}/html`) }),
    pathOf: (id) => admin(`credit-notes/${id}/html`),
  },
  'POST /v1/admin/credit-notes/:id/issue': { ...act('credit-notes issue', creditNoteId), status: 409 },
  'POST /v1/admin/credit-notes/:id/dismiss': { ...act('credit-notes dismiss', creditNoteId), status: 409 },
  // The payment and the credit note refer to it.
  'POST /v1/admin/invoices/:id/cancel': { ...act('invoices cancel', invoiceId), status: 409 },
};

/** Ids that match nothing, each in a different way. */
export const NO_IDS: readonly string[] = [
  randomUUID(),
  '00000000-0000-0000-0000-000000000000',
  'nothing',
  '%00',
  '%27%20OR%201%3D1--',
  'x'.repeat(2000),
];
