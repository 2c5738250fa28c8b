import { describeError } from '../../core/error.ts';
import { uuidv7 } from '../../core/id.ts';
import type { EmailMessage } from '../../core/ports.ts';
import { dayOf, formatInstant } from '../../core/time.ts';
import type { Ctx } from '../../db/ctx.ts';
import { tenant } from '../../db/ledger.ts';
import type { OutboxHandler, OutboxMessage } from '../../outbox/message.ts';
import { EMAIL_KINDS, type EmailKind } from '../languages/email.ts';
import { pdfNameOf, readPdf } from '../pdf/pdf-file.ts';
import { composeEmail, headerText } from './compose-email.ts';
import { beginNotification, type EmailSubject, endNotification, findEmailSubject } from './email-store.ts';

/** The payload of an `email.send` row; the recipient is fixed at the time of the request. */
export interface EmailPayload {
  readonly kind: EmailKind;
  readonly document_id: string;
  readonly invoice_id: string;
  readonly credit_note_id: string | null;
  readonly recipient: string;
}

/** Returns the invoice's page address for this e-mail. */
export type LinkFor = (
  ctx: Ctx,
  invoice: { readonly organisation_id: string; readonly invoice_id: string },
) => Promise<string>;

const SEND_TIMEOUT_MS = 30_000;

/**
 * Sends the e-mail for one document with its PDF. It waits until the PDF is rendered and skips e-mails that no
 * longer apply. The attempt is recorded before the call and its result after it, so every attempt is on record.
 */
export const sendEmail =
  (linkFor: LinkFor): OutboxHandler =>
  async (ctx, message) => {
    const { organisation_id } = message;
    const payload = readPayload(message);
    const subject = await ctx.ledger.transaction(tenant(organisation_id), (tx) =>
      findEmailSubject(tx, organisation_id, payload.document_id),
    );
    if (!subject) throw new Error(`document ${payload.document_id} not found`);
    if (!isStillWanted(payload.kind, subject, ctx.now)) return { kind: 'delivered' };
    const { pdf_sha256, invoice_id } = subject;
    if (pdf_sha256 === null) return { kind: 'postponed' };

    const pdf = await readPdf(ctx.files, pdf_sha256);
    const link = await linkFor(ctx, { organisation_id, invoice_id });
    const email = emailOf(ctx, message, payload, { subject, link, pdf });
    const notification = { organisation_id, id: uuidv7(ctx.now) };
    await ctx.ledger.transaction(tenant(organisation_id), (tx) =>
      beginNotification(tx, {
        ...notification,
        outbox_id: message.id,
        kind: payload.kind,
        invoice_id,
        credit_note_id: payload.credit_note_id,
        payment_id: null,
        recipient_email: email.to,
        subject: email.subject,
        message_id: email.message_id,
        status: 'pending',
        error_message: null,
        sent_at: null,
        created_at: formatInstant(ctx.now),
      }),
    );
    const error = await send(ctx, email);
    const sent_at = error === null ? formatInstant(ctx.now) : null;
    const status = error === null ? 'sent' : 'failed';
    const commit = (tx: Parameters<typeof endNotification>[0]) =>
      endNotification(tx, notification, { status, error_message: error, sent_at });
    return error === null ? { kind: 'delivered', commit } : { kind: 'failed', error, commit };
  };

function readPayload({ payload }: OutboxMessage): EmailPayload {
  const known = EMAIL_KINDS.find((kind) => kind === payload['kind']);
  if (!known) throw new Error(`unknown e-mail kind ${String(payload['kind'])}`);
  // Only our own verbs write it, with the kind.
  return payload as unknown as EmailPayload;
}

/** Skips the e-mail of a cancelled invoice, and reminders for amounts no longer due or outside their time. */
function isStillWanted(kind: EmailKind, subject: EmailSubject, now: number): boolean {
  const { invoice_status, is_due, due_date, timezone } = subject;
  if (kind === 'credit_note_issued') return true;
  if (kind === 'invoice_issued') return invoice_status !== 'cancelled';
  if (invoice_status !== 'finalized' || !is_due || due_date === null) return false;
  return kind === 'reminder_after' || dayOf(now, timezone) < due_date;
}

function emailOf(
  ctx: Ctx,
  message: OutboxMessage,
  { kind, recipient }: EmailPayload,
  about: { readonly subject: EmailSubject; readonly link: string; readonly pdf: Uint8Array },
): EmailMessage {
  const { model, amount_due } = about.subject;
  return {
    message_id: `${message.id}@${new URL(ctx.publicUrl).hostname}`,
    from: { email: ctx.emailFrom, name: headerText(model.seller.legal_name) },
    reply_to: model.seller.email === null ? null : headerText(model.seller.email),
    to: headerText(recipient),
    ...composeEmail({ kind, model, amountDue: amount_due ?? model.total, link: about.link }),
    attachments: [{ filename: pdfNameOf(model.number), media_type: 'application/pdf', bytes: about.pdf }],
  };
}

/** Null if the provider accepted it, else the error. */
async function send({ mailer }: Ctx, email: EmailMessage): Promise<string | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new Error(`the provider did not answer within ${SEND_TIMEOUT_MS} ms`);
    timer = setTimeout(() => reject(error), SEND_TIMEOUT_MS);
  });
  try {
    await Promise.race([mailer.send(email), late]);
    return null;
  } catch (error) {
    return describeError(error);
  } finally {
    clearTimeout(timer);
  }
}
