import * as z from 'zod';
import { PRICE_DECIMALS, PRICE_INTEGER_DIGITS, readCeiling } from '../../ai/prices/model-price.ts';
import { LANGUAGE_CODES } from '../../documents/languages/index.ts';
import { createOrganisation } from '../../tenants/create-organisation.ts';
import { TAX_REGIMES } from '../../tenants/organisation-rules.ts';
import { getOrganisation, listOrganisations } from '../../tenants/read-organisations.ts';
import { updateOrganisation } from '../../tenants/update-organisation.ts';
import { assertIfMatch, withEtag } from '../etag.ts';
import { defineRoute, type Route } from '../route.ts';
import { currency, email, id, idParams, name, pageOf, time, timezone } from '../schemas.ts';
import { address, taxIdText } from '../tax-schemas.ts';
import { answerList, listQuery } from './list.ts';

const graceHours = z.int().min(0).max(8784);
const paymentTermsDays = z.int().min(0).max(3650);

/** The customer data on documents, and the days of reminders. */
const buyerFields = {
  legal_name: name.nullish(),
  address: address.nullish(),
  tax_id: taxIdText.nullish(),
  place_of_supply: z
    .string()
    .regex(/^([0-9]{2}|[A-Z]{2})$/)
    .nullish()
    .meta({ description: 'Code of an Indian state for tax regime `in`, otherwise of a country' }),
  language: z.enum(LANGUAGE_CODES).optional(),
  tax_regime: z.enum(TAX_REGIMES).optional(),
  exchange_rate_max_age_days: z.int().min(0).max(3650).nullish(),
  reminder_days_before: z.int().min(0).max(365).nullish(),
  reminder_days_after: z.int().min(0).max(365).nullish(),
};

const organisation = z
  .object({
    id,
    name: z.string(),
    billing_email: z.string(),
    currency: z.string(),
    timezone: z.string(),
    payment_terms_days: z.int(),
    grace_hours: z.int(),
    billing_entity_id: id,
    block_unpriced: z.boolean(),
    store_ai_payloads: z.boolean(),
    ai_ceiling_price_per_million: z.string().nullable(),
    ai_payload_archive_days: z.int().nullable(),
    ai_payload_delete_days: z.int().nullable(),
    legal_name: z.string().nullable(),
    address: address.nullable(),
    tax_id: z.string().nullable(),
    place_of_supply: z.string().nullable(),
    language: z.string(),
    tax_regime: z.enum(TAX_REGIMES),
    exchange_rate_max_age_days: z.int().nullable(),
    reminder_days_before: z.int().nullable(),
    reminder_days_after: z.int().nullable(),
    shard: z.int(),
    is_active: z.boolean(),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'Organisation' });

const view = <Row extends { readonly publication_version: number }>({
  publication_version: _,
  ...row
}: Row) => row;

const ceilingPrice = z
  .string()
  .refine((text) => readCeiling(text) !== null, {
    error: `Must be a positive decimal with at most ${PRICE_INTEGER_DIGITS} integer digits and ${PRICE_DECIMALS} decimals.`,
  })
  .transform((text) => readCeiling(text) ?? text)
  .meta({
    description:
      'USD per million tokens of any kind for calls of a model without a price; null: such calls have no cost. Either way GET /v1/admin/ai/unpriced lists them.',
  });

const payloadDays = z.int().min(1).max(36_500).nullish();
const payloadFields = {
  ai_payload_archive_days: payloadDays.meta({
    description:
      'Days after receipt until the payload of an AI call is archived to the file store; 90 by default, null: never',
  }),
  ai_payload_delete_days: payloadDays.meta({
    description:
      'Days after receipt until the payload is deleted everywhere; 365 by default, null: never. Not less than ai_payload_archive_days',
  }),
};

const createBody = z.strictObject({
  name,
  billing_email: email,
  currency,
  timezone: timezone.optional(),
  grace_hours: graceHours.optional(),
  payment_terms_days: paymentTermsDays.optional(),
  billing_entity_id: id.optional(),
  block_unpriced: z.boolean().optional(),
  store_ai_payloads: z.boolean().optional(),
  ai_ceiling_price_per_million: ceilingPrice.nullish(),
  ...payloadFields,
  ...buyerFields,
});

const changeBody = z.strictObject({
  name: name.optional(),
  billing_email: email.optional(),
  currency: currency.optional(),
  timezone: timezone.optional(),
  grace_hours: graceHours.optional(),
  payment_terms_days: paymentTermsDays.optional(),
  billing_entity_id: id.optional(),
  block_unpriced: z.boolean().optional(),
  store_ai_payloads: z.boolean().optional(),
  ai_ceiling_price_per_million: ceilingPrice.nullish(),
  ...payloadFields,
  is_active: z.boolean().optional(),
  ...buyerFields,
});

export const ORGANISATION_ROUTES: readonly Route[] = [
  defineRoute({
    method: 'post',
    path: '/v1/admin/organisations',
    audience: 'admin',
    action: 'organisation.create',
    summary: 'Create an organisation: a billed customer',
    body: createBody,
    responses: { 201: { description: 'The organisation', schema: organisation } },
    handle: async (ctx, { body }) => withEtag(view(await createOrganisation(ctx, body)), 201),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/organisations',
    audience: 'admin',
    action: 'organisation.read',
    summary: 'List organisations',
    query: listQuery({}),
    responses: { 200: { description: 'A page of organisations', schema: pageOf(organisation) } },
    handle: (ctx, { query }) =>
      answerList('organisations', query, async (_, page) => {
        const rows = await listOrganisations(ctx, page);
        return { ...rows, data: rows.data.map(view) };
      }),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/organisations/:id',
    audience: 'admin',
    action: 'organisation.read',
    summary: 'Read an organisation',
    params: idParams,
    responses: { 200: { description: 'The organisation', schema: organisation } },
    problems: [404],
    handle: async (ctx, { params }) => withEtag(view(await getOrganisation(ctx, params))),
  }),
  defineRoute({
    method: 'patch',
    path: '/v1/admin/organisations/:id',
    audience: 'admin',
    action: 'organisation.update',
    summary: 'Change an organisation. A new time zone or currency applies from the next billing period',
    params: idParams,
    body: changeBody,
    responses: { 200: { description: 'The organisation', schema: organisation } },
    problems: [404, 412],
    handle: async (ctx, { params, body, headers }) => {
      const changed = await updateOrganisation(ctx, { id: params.id, ...body }, (current) =>
        assertIfMatch(headers, view(current)),
      );
      return withEtag(view(changed));
    },
  }),
];
