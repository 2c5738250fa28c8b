/** The SQL of e-mails: what one is about, and the row that tells of each attempt to send it. */
import type { Page, PageInput } from '../../core/page.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import { listRows } from '../../db/list-rows.ts';
import type { DocumentModel } from '../document-model.ts';

export interface EmailSubject {
  readonly model: DocumentModel;
  /** Of the document; null while it is not rendered. */
  readonly pdf_sha256: string | null;
  readonly invoice_id: string;
  readonly invoice_status: string;
  readonly due_date: string | null;
  /** Null on a cancelled invoice. */
  readonly amount_due: string | null;
  readonly is_due: boolean;
  readonly timezone: string;
}

/** A document with the invoice that it is, or corrects, as they are now. */
export async function findEmailSubject(
  tx: LedgerTransaction,
  organisationId: string,
  documentId: string,
): Promise<EmailSubject | null> {
  const [row] = await tx.query<EmailSubject>(
    `SELECT d.model, CASE WHEN c.id IS NULL THEN i.pdf_sha256 ELSE c.pdf_sha256 END AS pdf_sha256,
       i.id AS invoice_id, i.status AS invoice_status, i.due_date, o.timezone,
       b.amount_due, coalesce(b.amount_due > 0, false) AS is_due
     FROM documents d
     LEFT JOIN credit_notes c ON d.kind = 'credit_note' AND c.organisation_id = d.organisation_id AND c.id = d.subject_id
     JOIN invoices i ON i.organisation_id = d.organisation_id AND i.id = coalesce(c.invoice_id, d.subject_id)
     JOIN invoice_balances b ON b.organisation_id = i.organisation_id AND b.invoice_id = i.id
     JOIN organisations o ON o.id = d.organisation_id
     WHERE d.organisation_id = $1 AND d.id = $2`,
    [organisationId, documentId],
  );
  return row ?? null;
}

export interface EmailNotification {
  readonly organisation_id: string;
  readonly id: string;
  /** The same for all attempts at one e-mail. */
  readonly outbox_id: string;
  readonly kind: string;
  readonly invoice_id: string | null;
  readonly credit_note_id: string | null;
  readonly payment_id: string | null;
  readonly recipient_email: string;
  readonly subject: string;
  readonly message_id: string;
  readonly status: 'pending' | 'sent' | 'failed';
  readonly error_message: string | null;
  readonly sent_at: string | null;
  readonly created_at: string;
}

const COLUMNS = [
  'organisation_id',
  'id',
  'outbox_id',
  'kind',
  'invoice_id',
  'credit_note_id',
  'payment_id',
  'recipient_email',
  'subject',
  'message_id',
  'status',
  'error_message',
  'sent_at',
  'created_at',
] as const satisfies readonly (keyof EmailNotification)[];

const NEVER_ENDED = 'The attempt did not end: whether the e-mail left is not known.';

/** Writes that an attempt begins; one before it that never ended is told as failed. */
export async function beginNotification(
  tx: LedgerTransaction,
  notification: EmailNotification,
): Promise<void> {
  await tx.execute(
    `UPDATE email_notifications SET status = 'failed', error_message = $3
     WHERE organisation_id = $1 AND outbox_id = $2 AND invoice_id = $4 AND status = 'pending'`,
    [notification.organisation_id, notification.outbox_id, NEVER_ENDED, notification.invoice_id],
  );
  await tx.execute(
    `INSERT INTO email_notifications (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map((_, index) => `$${index + 1}`).join(', ')})`,
    COLUMNS.map((column) => notification[column]),
  );
}

export async function endNotification(
  tx: LedgerTransaction,
  { organisation_id, id }: Pick<EmailNotification, 'organisation_id' | 'id'>,
  end: Pick<EmailNotification, 'status' | 'error_message' | 'sent_at'>,
): Promise<void> {
  await tx.execute(
    `UPDATE email_notifications SET status = $3, error_message = $4, sent_at = $5
     WHERE organisation_id = $1 AND id = $2`,
    [organisation_id, id, end.status, end.error_message, end.sent_at],
  );
}

export const listNotificationRows = (
  tx: LedgerTransaction,
  filter: {
    organisation_id?: string | undefined;
    invoice_id?: string | undefined;
    status?: EmailNotification['status'] | undefined;
  },
  page: PageInput,
): Promise<Page<EmailNotification>> =>
  listRows(
    tx,
    {
      select: COLUMNS.join(', '),
      from: 'email_notifications',
      filters: [
        ['organisation_id =', filter.organisation_id],
        ['invoice_id =', filter.invoice_id],
        ['status =', filter.status],
      ],
      key: 'id',
      order: 'desc',
    },
    page,
  );

export interface SendableInvoice {
  readonly status: string;
  readonly document_id: string | null;
  readonly billing_email: string;
}

export async function findSendableInvoice(
  tx: LedgerTransaction,
  organisationId: string,
  id: string,
): Promise<SendableInvoice | null> {
  const [row] = await tx.query<SendableInvoice>(
    `SELECT i.status, d.id AS document_id, o.billing_email
     FROM invoices i JOIN organisations o ON o.id = i.organisation_id
     LEFT JOIN documents d ON d.organisation_id = i.organisation_id AND d.subject_id = i.id
     WHERE i.organisation_id = $1 AND i.id = $2`,
    [organisationId, id],
  );
  return row ?? null;
}
