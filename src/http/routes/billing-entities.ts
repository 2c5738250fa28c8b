import * as z from 'zod';
import { createBillingEntity } from '../../tenants/create-billing-entity.ts';
import { LOGO_TEXT_MAX } from '../../tenants/logo.ts';
import { getBillingEntity, listBillingEntities } from '../../tenants/read-billing-entities.ts';
import { updateBillingEntity } from '../../tenants/update-billing-entity.ts';
import { assertIfMatch, withEtag } from '../etag.ts';
import { defineRoute, type Route } from '../route.ts';
import { email, id, idParams, name, pageOf, textOf, time, timezone } from '../schemas.ts';
import { address, hsnSac, taxId, taxIds } from '../tax-schemas.ts';
import { answerList, listQuery } from './list.ts';

const optionalFields = {
  address: address.optional(),
  tax_ids: taxIds.optional(),
  email: email.nullish(),
  logo: z
    .string()
    .max(LOGO_TEXT_MAX)
    .nullish()
    .meta({ description: 'A data URL with a PNG or JPEG of at most 200 KiB' }),
  series: textOf(1, 16).optional(),
  credit_note_series: textOf(1, 16).optional(),
  number_format: textOf(1, 64)
    .optional()
    .meta({ description: 'May use {series}, {fy} or {fy2}; must end in {seq} or {seq:1} to {seq:9}' }),
  financial_year_start_month: z.int().min(1).max(12).optional(),
  timezone: timezone.optional(),
  hsn_sac: hsnSac.nullish(),
  payment_instructions: textOf(1, 2000).nullish(),
  is_default: z.boolean().optional(),
};

const createBody = z.strictObject({ legal_name: name, ...optionalFields });
const changeBody = z.strictObject({ legal_name: name.optional(), ...optionalFields });

const billingEntity = z
  .object({
    id,
    legal_name: z.string(),
    address: address.nullable(),
    tax_ids: z.array(taxId),
    email: z.string().nullable(),
    logo_sha256: z.string().nullable(),
    logo_media_type: z.string().nullable(),
    series: z.string(),
    credit_note_series: z.string(),
    number_format: z.string(),
    financial_year_start_month: z.int(),
    timezone: z.string(),
    hsn_sac: z.string().nullable(),
    payment_instructions: z.string().nullable(),
    is_default: z.boolean(),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'BillingEntity' });

export const BILLING_ENTITY_ROUTES: readonly Route[] = [
  defineRoute({
    method: 'post',
    path: '/v1/admin/billing-entities',
    audience: 'admin',
    action: 'billing_entity.create',
    summary: 'Create a billing entity: a seller with its own number series',
    idempotency: 'optional',
    body: createBody,
    responses: { 201: { description: 'The billing entity', schema: billingEntity } },
    handle: async (ctx, { body }) => withEtag(await createBillingEntity(ctx, body), 201),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/billing-entities',
    audience: 'admin',
    action: 'billing_entity.read',
    summary: 'List billing entities',
    query: listQuery({}),
    responses: { 200: { description: 'A page of billing entities', schema: pageOf(billingEntity) } },
    handle: (ctx, { query }) =>
      answerList('billing-entities', query, (_, page) => listBillingEntities(ctx, page)),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/billing-entities/:id',
    audience: 'admin',
    action: 'billing_entity.read',
    summary: 'Read a billing entity',
    params: idParams,
    responses: { 200: { description: 'The billing entity', schema: billingEntity } },
    problems: [404],
    handle: async (ctx, { params }) => withEtag(await getBillingEntity(ctx, params)),
  }),
  defineRoute({
    method: 'patch',
    path: '/v1/admin/billing-entities/:id',
    audience: 'admin',
    action: 'billing_entity.update',
    summary: 'Change a billing entity. With If-Match, only if it has not changed since it was read',
    params: idParams,
    body: changeBody,
    responses: { 200: { description: 'The billing entity', schema: billingEntity } },
    problems: [404, 412],
    handle: async (ctx, { params, body, headers }) =>
      withEtag(
        await updateBillingEntity(ctx, { id: params.id, ...body }, (current) =>
          assertIfMatch(headers, current),
        ),
      ),
  }),
];
