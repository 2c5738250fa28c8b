import * as z from 'zod';
import { createPayment } from '../../payments/create-payment.ts';
import { getPayment } from '../../payments/get-payment.ts';
import { listPayments } from '../../payments/list-payments.ts';
import { PAYMENT_STATUSES, RECORDED_METHODS } from '../../payments/payment.ts';
import { defineRoute, type Route } from '../route.ts';
import { currency, decimal, id, idParams, instantOrDay, money, pageOf, textOf, time } from '../schemas.ts';
import { answerList, listQuery } from './list.ts';

const payment = z
  .object({
    organisation_id: id,
    id,
    invoice_id: id,
    razorpay_order_id: z.string().nullable(),
    razorpay_payment_id: z.string().nullable(),
    amount: money,
    currency: z.string(),
    status: z.enum(PAYMENT_STATUSES),
    payment_method: z.string(),
    reference: z.string().nullable(),
    applied_amount: money,
    unapplied_amount: money,
    paid_at: time.nullable(),
    reconciled_at: time.nullable(),
    refund_amount: money,
    refunded_at: time.nullable(),
    retry_count: z.int(),
    max_retries: z.int(),
    next_retry_at: time.nullable(),
    last_retry_at: time.nullable(),
    retry_history: z.array(z.object({}).loose()),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'Payment' });

export const PAYMENT_ROUTES: readonly Route[] = [
  defineRoute({
    method: 'post',
    path: '/v1/admin/payments',
    audience: 'admin',
    action: 'payment.create',
    summary: 'Record a payment received outside Meterbook and apply it to the invoice',
    idempotency: 'required',
    body: z.strictObject({
      invoice_id: id,
      method: z.enum(RECORDED_METHODS),
      amount: decimal,
      currency,
      paid_at: instantOrDay.optional(),
      reference: textOf(1, 255).nullish(),
    }),
    responses: { 201: { description: 'The payment', schema: payment } },
    problems: [400, 404, 409],
    handle: async (ctx, { body, idempotencyKey }) => ({
      status: 201,
      body: await createPayment(ctx, { ...body, idempotency_key: idempotencyKey }),
    }),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/payments',
    audience: 'admin',
    action: 'payment.read',
    summary: 'List payments',
    query: listQuery({
      organisation_id: id.optional(),
      invoice_id: id.optional(),
      status: z.enum(PAYMENT_STATUSES).optional(),
    }),
    responses: { 200: { description: 'A page of payments', schema: pageOf(payment) } },
    handle: (ctx, { query }) =>
      answerList('payments', query, (filter, page) => listPayments(ctx, filter, page)),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/payments/:id',
    audience: 'admin',
    action: 'payment.read',
    summary: 'Read a payment',
    params: idParams,
    responses: { 200: { description: 'The payment', schema: payment } },
    problems: [404],
    handle: async (ctx, { params }) => ({ status: 200, body: await getPayment(ctx, { id: params.id }) }),
  }),
];
