import { appendAudit } from '../../access/audit/append-audit.ts';
import { AppError, notFound } from '../../core/error.ts';
import { uuidv7 } from '../../core/id.ts';
import { formatInstant } from '../../core/time.ts';
import type { Ctx } from '../../db/ctx.ts';
import { insertOutbox } from '../../outbox/store.ts';
import { withOwner } from '../../tenants/tenant-scope.ts';
import { findSendableInvoice } from './email-store.ts';
import type { EmailPayload } from './send-email.ts';

export interface SendInvoiceInput {
  readonly id: string;
  /** Default: the organisation's billing address. */
  readonly recipient?: string | undefined;
}

export interface AskedEmail {
  /** Identifies the attempts among the e-mail notifications. */
  readonly outbox_id: string;
  readonly organisation_id: string;
  readonly invoice_id: string;
  readonly recipient: string;
  readonly created_at: string;
}

/**
 * Requests another e-mail for an issued invoice; the next run of `deliver` sends it. Throws `not_found`;
 * `invalid_state` for a draft, a cancelled invoice, and one issued before invoices had documents.
 */
export const sendInvoice = (ctx: Ctx, { id, recipient }: SendInvoiceInput): Promise<AskedEmail> =>
  withOwner(ctx, 'invoices', id, async (tx, organisation_id) => {
    const invoice = await findSendableInvoice(tx, organisation_id, id);
    if (!invoice) throw notFound('invoice');
    const { status, document_id, billing_email } = invoice;
    if (status === 'draft' || status === 'cancelled') {
      throw new AppError('invalid_state', `The invoice is ${status} and cannot be sent.`);
    }
    if (document_id === null) {
      throw new AppError(
        'invalid_state',
        'The invoice has no document to send: it was issued before documents were created.',
      );
    }
    const outbox_id = uuidv7(ctx.now);
    const created_at = formatInstant(ctx.now);
    const payload: EmailPayload = {
      kind: 'invoice_issued',
      document_id,
      invoice_id: id,
      credit_note_id: null,
      recipient: recipient ?? billing_email,
    };
    await insertOutbox(tx, {
      organisation_id,
      id: outbox_id,
      topic: 'email.send',
      payload: { ...payload },
      created_at,
    });
    await appendAudit(tx, ctx, {
      organisation_id,
      entity_type: 'invoice',
      entity_id: id,
      action: 'invoice.send',
      // Without the address: the audit log outlives the retention of personal data.
      changes: { outbox_id, to_billing_email: recipient === undefined },
    });
    return { outbox_id, organisation_id, invoice_id: id, recipient: payload.recipient, created_at };
  });
