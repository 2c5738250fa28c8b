/** The handler of each outbox topic. */

import { sendEmail } from '../documents/emails/send-email.ts';
import { linkFor } from '../documents/pages/create-invoice-link.ts';
import { renderPdf } from '../documents/pdf/render-pdf.ts';
import { renderDocument } from '../documents/render-document.ts';
import type { OutboxHandler, OutboxHandlers } from '../outbox/message.ts';

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
