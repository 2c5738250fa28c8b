/** Every route of the `api` Worker. */
import * as z from 'zod';
import { answerDocs, renderDocs } from '../docs-page.ts';
import { describeApi } from '../openapi.ts';
import { defineRoute, type Route } from '../route.ts';
import { AI_ANSWER_ROUTES } from './ai-answers.ts';
import { AI_GENERATION_ROUTES } from './ai-generations.ts';
import { BILLING_ENTITY_ROUTES } from './billing-entities.ts';
import { CREDIT_NOTE_ROUTES } from './credit-notes.ts';
import { DISCOUNT_ROUTES } from './discounts.ts';
import { DOCUMENT_ROUTES } from './documents.ts';
import { EMAIL_NOTIFICATION_ROUTES } from './email-notifications.ts';
import { EXCHANGE_RATE_ROUTES } from './exchange-rates.ts';
import { EXPORT_ROUTES } from './exports.ts';
import { HOSTED_ROUTES } from './hosted.ts';
import { INGEST_ROUTES } from './ingest.ts';
import { INVOICE_TEMPLATE_ROUTES } from './invoice-templates.ts';
import { INVOICE_ROUTES } from './invoices.ts';
import { MODEL_PRICE_ROUTES } from './model-prices.ts';
import { OPEN_ROUTES } from './open.ts';
import { OPERATION_ROUTES } from './operations.ts';
import { ORGANISATION_ROUTES } from './organisations.ts';
import { PAYMENT_ROUTES } from './payments.ts';
import { PRICING_PLAN_ROUTES } from './pricing-plans.ts';
import { PROJECT_ROUTES } from './projects.ts';
import { RETENTION_ROUTES } from './retention.ts';
import { TAX_RATE_ROUTES } from './tax-rates.ts';
import { USAGE_ROUTES } from './usage.ts';
import { USER_ROUTES } from './users.ts';

let description: ReturnType<typeof describeApi> | undefined;
let docs: string | undefined;

function readDescription(): ReturnType<typeof describeApi> {
  description ??= describeApi([...INGEST_ROUTES, ...ROUTES]);
  return description;
}

const DESCRIPTION_ROUTE = defineRoute({
  method: 'get',
  path: '/openapi.json',
  audience: 'open',
  action: 'description.read',
  summary: 'The OpenAPI description',
  responses: { 200: { description: 'OpenAPI 3.1', schema: z.object({}).loose() } },
  handle: async () => ({
    status: 200,
    body: readDescription(),
    headers: { 'cache-control': 'public, max-age=300' },
  }),
});

const DOCS_ROUTE = defineRoute({
  method: 'get',
  path: '/docs',
  audience: 'open',
  action: 'description.read',
  summary: 'The API reference as an HTML page',
  responses: { 200: { description: 'The page', mediaType: 'text/html' } },
  handle: async () => {
    docs ??= await renderDocs(readDescription());
    return answerDocs(docs);
  },
});

export const ROUTES: readonly Route[] = [
  ...OPEN_ROUTES,
  DESCRIPTION_ROUTE,
  DOCS_ROUTE,
  ...USAGE_ROUTES,
  ...ORGANISATION_ROUTES,
  ...PROJECT_ROUTES,
  ...USER_ROUTES,
  ...PRICING_PLAN_ROUTES,
  ...BILLING_ENTITY_ROUTES,
  ...TAX_RATE_ROUTES,
  ...EXCHANGE_RATE_ROUTES,
  ...MODEL_PRICE_ROUTES,
  ...AI_GENERATION_ROUTES,
  ...AI_ANSWER_ROUTES,
  ...RETENTION_ROUTES,
  ...DISCOUNT_ROUTES,
  ...INVOICE_ROUTES,
  ...CREDIT_NOTE_ROUTES,
  ...DOCUMENT_ROUTES,
  ...EMAIL_NOTIFICATION_ROUTES,
  ...PAYMENT_ROUTES,
  ...INVOICE_TEMPLATE_ROUTES,
  ...HOSTED_ROUTES,
  ...EXPORT_ROUTES,
  ...OPERATION_ROUTES,
];
