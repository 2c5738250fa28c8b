/** Who delivers which topic of the outbox. */
import { linkFor } from '../documents/create-invoice-link.ts';
import { renderDocument } from '../documents/render-document.ts';
import { renderPdf } from '../documents/render-pdf.ts';
import type { OutboxHandler, OutboxHandlers } from '../outbox/message.ts';
import { sendEmail } from '../outbox/send-email.ts';

/** Renders the document that the row names. */
export const deliverDocument =
  (render: typeof renderPdf): OutboxHandler =>
  async (ctx, { organisation_id, payload }) => {
    const document_id = String(payload['document_id']);
    const { error, commit } = await renderDocument(ctx, { organisation_id, document_id, render });
    return error === null ? { kind: 'delivered', commit } : { kind: 'failed', error, commit };
  };

export const OUTBOX_HANDLERS: OutboxHandlers = {
  'document.render': deliverDocument(renderPdf),
  'email.send': sendEmail(linkFor),
};
