import * as z from 'zod';
import { createCreditNote } from '../../invoicing/credit-notes/create-credit-note.ts';
import { CREDIT_NOTE_ORIGINS, CREDIT_NOTE_STATUSES } from '../../invoicing/credit-notes/credit-note.ts';
import { dismissCreditNote } from '../../invoicing/credit-notes/dismiss-credit-note.ts';
import { getCreditNote } from '../../invoicing/credit-notes/get-credit-note.ts';
import { issueCreditNote } from '../../invoicing/credit-notes/issue-credit-note.ts';
import { listCreditNotes } from '../../invoicing/credit-notes/list-credit-notes.ts';
import { defineRoute, type Route } from '../route.ts';
import { decimal, id, idParams, money, pageOf, quantity, textOf, time } from '../schemas.ts';
import { answerList, listQuery } from './list.ts';

const LINES_MAX = 1000;

const line = z
  .object({
    line_number: z.int(),
    invoice_line_number: z.int(),
    description: z.string(),
    quantity: quantity.nullable(),
    carried_quantity: quantity,
    event_count: z.int(),
    original_amount: z.string().nullable(),
    total: money,
    discount_amount: money,
    tax_amount: money,
    taxes: z.array(z.object({ name: z.string(), rate: z.string(), amount: money })),
  })
  .meta({ id: 'CreditNoteLine' });

const shape = {
  organisation_id: id,
  id,
  invoice_id: id,
  billing_entity_id: id,
  credit_note_number: z.string().nullable(),
  status: z.enum(CREDIT_NOTE_STATUSES),
  origin: z.enum(CREDIT_NOTE_ORIGINS),
  reason: z.string().nullable(),
  currency: z.string(),
  subtotal: money,
  discount_total: money,
  tax_total: money,
  total: money,
  taxes: z.array(
    z.object({
      name: z.string(),
      country: z.string(),
      rate: z.string(),
      taxable_amount: money,
      amount: money,
    }),
  ),
  pdf_url: z.string().nullable(),
  pdf_sha256: z.string().nullable(),
  pdf_generated_at: time.nullable(),
  issued_at: time.nullable(),
  created_at: time,
  updated_at: time,
  line_items: z.array(line),
};

const creditNote = z.object(shape).meta({ id: 'CreditNote' });

const adjustment = z.object({
  id,
  kind: z.string(),
  project_id: id.nullable(),
  metric_name: z.string(),
  unit: z.string(),
  year: z.int(),
  month: z.int(),
  day: z.string(),
  quantity,
  event_count: z.int(),
});
const detail = z
  .object({ ...shape, adjustments: z.array(adjustment) })
  .meta({ id: 'CreditNoteDetail', description: 'With the late usage that it credits' });

export const CREDIT_NOTE_ROUTES: readonly Route[] = [
  defineRoute({
    method: 'post',
    path: '/v1/admin/credit-notes',
    audience: 'admin',
    action: 'credit_note.create',
    summary: 'Credit lines of an issued invoice, or the whole remainder, and issue the credit note',
    idempotency: 'optional',
    body: z.strictObject({
      invoice_id: id,
      lines: z
        .array(z.strictObject({ line_number: z.int(), amount: decimal }))
        .min(1)
        .max(LINES_MAX)
        .optional(),
      reason: textOf(1, 1000).nullish(),
    }),
    responses: { 201: { description: 'The credit note', schema: creditNote } },
    problems: [404, 409],
    handle: async (ctx, { body, idempotencyKey }) => ({
      status: 201,
      body: await createCreditNote(ctx, { ...body, idempotency_key: idempotencyKey }),
    }),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/credit-notes',
    audience: 'admin',
    action: 'credit_note.read',
    summary: 'List credit notes, including proposals',
    query: listQuery({
      organisation_id: id.optional(),
      invoice_id: id.optional(),
      status: z.enum(CREDIT_NOTE_STATUSES).optional(),
    }),
    responses: { 200: { description: 'A page of credit notes', schema: pageOf(creditNote) } },
    handle: (ctx, { query }) =>
      answerList('credit-notes', query, (filter, page) => listCreditNotes(ctx, filter, page)),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/credit-notes/:id',
    audience: 'admin',
    action: 'credit_note.read',
    summary: 'Read a credit note with its lines, and the late usage behind it',
    params: idParams,
    responses: { 200: { description: 'The credit note', schema: detail } },
    problems: [404],
    handle: async (ctx, { params }) => ({ status: 200, body: await getCreditNote(ctx, { id: params.id }) }),
  }),
  defineRoute({
    method: 'post',
    path: '/v1/admin/credit-notes/:id/issue',
    audience: 'admin',
    action: 'credit_note.issue',
    summary: 'Issue a proposal created for late usage: it gets a number and becomes immutable',
    idempotency: 'optional',
    params: idParams,
    responses: { 200: { description: 'The credit note', schema: creditNote } },
    problems: [404, 409],
    handle: async (ctx, { params }) => ({ status: 200, body: await issueCreditNote(ctx, { id: params.id }) }),
  }),
  defineRoute({
    method: 'post',
    path: '/v1/admin/credit-notes/:id/dismiss',
    audience: 'admin',
    action: 'credit_note.dismiss',
    summary: 'Dismiss a proposal: the late usage counts as settled and nothing is credited',
    params: idParams,
    body: z.strictObject({ reason: textOf(1, 1000).optional() }),
    bodyOptional: true,
    responses: { 200: { description: 'The credit note', schema: creditNote } },
    problems: [404, 409],
    handle: async (ctx, { params, body }) => ({
      status: 200,
      body: await dismissCreditNote(ctx, { id: params.id, ...body }),
    }),
  }),
];
