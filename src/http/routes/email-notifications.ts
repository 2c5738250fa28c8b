import * as z from 'zod';
import { listEmailNotifications } from '../../documents/emails/list-email-notifications.ts';
import { sendInvoice } from '../../documents/emails/send-invoice.ts';
import { defineRoute, type Route } from '../route.ts';
import { email, id, idParams, pageOf, time } from '../schemas.ts';
import { answerList, listQuery } from './list.ts';

const STATUSES = ['pending', 'sent', 'failed'] as const;

const notification = z
  .object({
    organisation_id: id,
    id,
    outbox_id: id,
    kind: z.string(),
    invoice_id: id.nullable(),
    credit_note_id: id.nullable(),
    payment_id: id.nullable(),
    recipient_email: z.string(),
    subject: z.string(),
    message_id: z.string(),
    status: z.enum(STATUSES),
    error_message: z.string().nullable(),
    sent_at: time.nullable(),
    created_at: time,
  })
  .meta({ id: 'EmailNotification' });

export const EMAIL_NOTIFICATION_ROUTES: readonly Route[] = [
  defineRoute({
    method: 'get',
    path: '/v1/admin/email-notifications',
    audience: 'admin',
    action: 'email_notification.read',
    summary: 'List e-mails and their delivery status, newest first',
    query: listQuery({
      organisation_id: id.optional(),
      invoice_id: id.optional(),
      status: z.enum(STATUSES).optional(),
    }),
    responses: { 200: { description: 'A page of e-mails', schema: pageOf(notification) } },
    handle: (ctx, { query }) =>
      answerList('email-notifications', query, (filter, page) => listEmailNotifications(ctx, filter, page)),
  }),
  defineRoute({
    method: 'post',
    path: '/v1/admin/invoices/:id/send',
    audience: 'admin',
    action: 'invoice.send',
    summary: 'Resend an issued invoice by e-mail, within minutes',
    params: idParams,
    body: z.strictObject({ recipient: email.optional() }),
    bodyOptional: true,
    responses: {
      202: {
        description: 'The queued e-mail',
        schema: z.object({
          outbox_id: id,
          organisation_id: id,
          invoice_id: id,
          recipient: z.string(),
          created_at: time,
        }),
      },
    },
    problems: [404, 409],
    handle: async (ctx, { params, body }) => ({
      status: 202,
      body: await sendInvoice(ctx, { id: params.id, ...body }),
    }),
  }),
];
