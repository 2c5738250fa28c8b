import * as z from 'zod';
import { notFound } from '../../core/error.ts';
import { isUuid } from '../../core/id.ts';
import { PLATFORM, tenant } from '../../db/ledger.ts';
import { createOrganisation } from '../../tenants/create-organisation.ts';
import { findOrganisation, listOrganisations, type Organisation } from '../../tenants/store.ts';
import { changeOrganisation } from '../../tenants/update-organisation.ts';
import { defineRoute, type Route } from '../route.ts';
import { currency, email, id, idParams, name, pageOf, time, timezone } from '../schemas.ts';
import { answerList, listQuery } from './list.ts';

const graceHours = z.int().min(0).max(8784);
const paymentTermsDays = z.int().min(0).max(3650);

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
    shard: z.int(),
    is_active: z.boolean(),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'Organisation' });

const view = ({ publication_version: _, ...row }: Organisation) => row;

const createBody = z.strictObject({
  name,
  billing_email: email,
  currency,
  timezone: timezone.optional(),
  grace_hours: graceHours.optional(),
  payment_terms_days: paymentTermsDays.optional(),
  billing_entity_id: id.optional(),
  block_unpriced: z.boolean().optional(),
});

const changeBody = z.strictObject({
  name: name.optional(),
  billing_email: email.optional(),
  currency: currency.optional(),
  timezone: timezone.optional(),
  grace_hours: graceHours.optional(),
  payment_terms_days: paymentTermsDays.optional(),
  block_unpriced: z.boolean().optional(),
  is_active: z.boolean().optional(),
});

export const ORGANISATION_ROUTES: readonly Route[] = [
  defineRoute({
    method: 'post',
    path: '/v1/admin/organisations',
    audience: 'admin',
    action: 'organisation.create',
    summary: 'Create an organisation: a customer that is billed',
    body: createBody,
    responses: { 201: { description: 'The organisation', schema: organisation } },
    handle: async (ctx, { body }) => ({ status: 201, body: view(await createOrganisation(ctx, body)) }),
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
        const rows = await ctx.ledger.transaction(PLATFORM, (tx) => listOrganisations(tx, page));
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
    handle: async (ctx, { params }) => {
      const found = isUuid(params.id)
        ? await ctx.ledger.transaction(tenant(params.id), (tx) => findOrganisation(tx, params.id))
        : null;
      if (!found) throw notFound('organisation');
      return { status: 200, body: view(found) };
    },
  }),
  defineRoute({
    method: 'patch',
    path: '/v1/admin/organisations/:id',
    audience: 'admin',
    action: 'organisation.update',
    summary: 'Change an organisation; a new zone or currency applies from the next billing period',
    params: idParams,
    body: changeBody,
    responses: { 200: { description: 'The organisation', schema: organisation } },
    problems: [404],
    handle: async (ctx, { params, body }) => ({
      status: 200,
      body: view(await changeOrganisation(ctx, { id: params.id, ...body })),
    }),
  }),
];
