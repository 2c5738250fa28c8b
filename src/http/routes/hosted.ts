/** The pages of issued documents, and the links with which customers open them. */
import * as z from 'zod';
import { createInvoiceLink } from '../../documents/pages/create-invoice-link.ts';
import { getPage } from '../../documents/pages/get-page.ts';
import { listInvoiceLinks } from '../../documents/pages/list-invoice-links.ts';
import { openInvoiceLink, openLinkedPdf } from '../../documents/pages/open-invoice-link.ts';
import { renderInvalidLink } from '../../documents/pages/render-html.ts';
import { revokeInvoiceLink } from '../../documents/pages/revoke-invoice-link.ts';
import { answerPage, PRIVATE_HEADERS } from '../page-answer.ts';
import { defineRoute, type Route } from '../route.ts';
import { id, idParams, instant, pageOf, time } from '../schemas.ts';
import { answerList, listQuery } from './list.ts';

const linkShape = {
  organisation_id: id,
  id,
  invoice_id: id,
  expires_at: time,
  revoked_at: time.nullable(),
  created_at: time,
};
const link = z.object(linkShape).meta({ id: 'InvoiceLink' });
const linkWithUrl = z.object({ ...linkShape, url: z.string() }).meta({ id: 'InvoiceLinkWithUrl' });

const PAGE = { description: 'The page', mediaType: 'text/html' };
const NOTHING = { description: 'A page that explains that the link is not valid', mediaType: 'text/html' };
/** Any length: an invalid token simply opens nothing. */
const tokenParams = z.strictObject({ token: z.string() });

export const HOSTED_ROUTES: readonly Route[] = [
  defineRoute({
    method: 'get',
    path: '/v1/admin/invoices/:id/html',
    audience: 'admin',
    action: 'invoice.read',
    summary: 'The HTML page of an issued invoice',
    params: idParams,
    responses: { 200: PAGE },
    problems: [404, 409],
    handle: async (ctx, { params }) => answerPage(await getPage(ctx, { kind: 'invoice', id: params.id })),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/credit-notes/:id/html',
    audience: 'admin',
    action: 'credit_note.read',
    summary: 'The HTML page of an issued credit note',
    params: idParams,
    responses: { 200: PAGE },
    problems: [404, 409],
    handle: async (ctx, { params }) => answerPage(await getPage(ctx, { kind: 'credit_note', id: params.id })),
  }),
  defineRoute({
    method: 'post',
    path: '/v1/admin/invoices/:id/links',
    audience: 'admin',
    action: 'invoice_link.create',
    summary: 'Create a link with which a customer opens an issued invoice without a key',
    params: idParams,
    body: z.strictObject({ expires_at: instant.optional() }),
    bodyOptional: true,
    responses: { 201: { description: 'The link; its URL is shown only once', schema: linkWithUrl } },
    problems: [404, 409],
    handle: async (ctx, { params, body }) => ({
      status: 201,
      body: await createInvoiceLink(ctx, { invoice_id: params.id, expires_at: body.expires_at }),
    }),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/invoice-links',
    audience: 'admin',
    action: 'invoice_link.read',
    summary: 'List links to invoices',
    query: listQuery({ organisation_id: id.optional(), invoice_id: id.optional() }),
    responses: { 200: { description: 'A page of links', schema: pageOf(link) } },
    handle: (ctx, { query }) =>
      answerList('invoice-links', query, (filter, page) => listInvoiceLinks(ctx, filter, page)),
  }),
  defineRoute({
    method: 'post',
    path: '/v1/admin/invoice-links/:id/revoke',
    audience: 'admin',
    action: 'invoice_link.revoke',
    summary: 'Revoke a link',
    params: idParams,
    responses: { 200: { description: 'The link', schema: link } },
    problems: [404],
    handle: async (ctx, { params }) => ({ status: 200, body: await revokeInvoiceLink(ctx, params) }),
  }),
  defineRoute({
    method: 'get',
    path: '/i/:token',
    audience: 'open',
    action: 'invoice.open',
    summary: 'The HTML page of an invoice, for holders of the link',
    params: tokenParams,
    responses: { 200: PAGE, 404: NOTHING },
    handle: async (ctx, { params }) => {
      const page = await openInvoiceLink(ctx, params);
      return page === null ? answerPage(renderInvalidLink(), 404) : answerPage(page);
    },
  }),
  defineRoute({
    method: 'get',
    path: '/i/:token/pdf',
    audience: 'open',
    action: 'invoice.open',
    summary: 'The PDF of an invoice, for holders of the link',
    params: tokenParams,
    responses: { 200: { description: 'The PDF', mediaType: 'application/pdf' }, 404: NOTHING },
    problems: [409],
    handle: async (ctx, { params }) => {
      const pdf = await openLinkedPdf(ctx, params);
      if (pdf === null) return answerPage(renderInvalidLink(), 404);
      return {
        status: 200,
        body: pdf.bytes,
        headers: {
          ...PRIVATE_HEADERS,
          'content-type': 'application/pdf',
          'content-disposition': `attachment; filename="${pdf.filename}"`,
        },
      };
    },
  }),
];
