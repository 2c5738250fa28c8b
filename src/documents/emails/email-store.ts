/** The SQL of e-mails: the subject of an e-mail, and the row that records each attempt to send it. */
import type { Page, PageInput } from '../../core/page.ts';
import { columns, insertOf, matching, pick, type RowOf, updateOf } from '../../db/columns.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import { listRows } from '../../db/list-rows.ts';
import type { Row } from '../../db/rows.ts';
import type { DocumentModel } from '../document-model.ts';

export interface EmailSubject
  extends Readonly<Pick<Row<'invoices'>, 'due_date'>>,
    Readonly<Pick<Row<'organisations'>, 'timezone'>> {
  readonly model: Row<'documents'>['model'] & DocumentModel;
  /** Hash of the document's PDF; null until it is rendered. */
  readonly pdf_sha256: Row<'invoices' | 'credit_notes'>['pdf_sha256'];
  readonly invoice_id: Row<'invoices'>['id'];
  readonly invoice_status: Row<'invoices'>['status'];
  /** Null on a cancelled invoice. */
  readonly amount_due: string | null;
  readonly is_due: boolean;
}

/** A document with the current state of its invoice, which it is or corrects. */
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

/** `outbox_id` and `message_id` are the same for all attempts at one e-mail. */
const NAMES = [
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
] as const;
const NOTIFICATION = columns('email_notifications', NAMES);
export type EmailNotification = Readonly<RowOf<typeof NOTIFICATION>> & {
  readonly status: 'pending' | 'sent' | 'failed';
};

const NEVER_ENDED = 'The attempt did not finish. The e-mail may have been sent.';

/** Records the start of an attempt. An earlier attempt that never ended is recorded as failed. */
export async function beginNotification(
  tx: LedgerTransaction,
  notification: EmailNotification,
): Promise<void> {
  const { organisation_id, outbox_id, invoice_id } = notification;
  const before = updateOf(
    'email_notifications',
    { status: 'failed', error_message: NEVER_ENDED },
    { organisation_id, outbox_id, invoice_id, status: 'pending' },
  );
  await tx.execute(before.text, before.values);
  const { text, values } = insertOf('email_notifications', pick(notification, NAMES));
  await tx.execute(text, values);
}

export async function endNotification(
  tx: LedgerTransaction,
  { organisation_id, id }: Pick<EmailNotification, 'organisation_id' | 'id'>,
  end: Pick<EmailNotification, 'status' | 'error_message' | 'sent_at'>,
): Promise<void> {
  const { status, error_message, sent_at } = end;
  const changes = { status, error_message, sent_at };
  const { text, values } = updateOf('email_notifications', changes, { organisation_id, id });
  await tx.execute(text, values);
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
  listRows<EmailNotification>(
    tx,
    {
      select: NOTIFICATION,
      from: 'email_notifications',
      filters: matching('email_notifications', filter, ['organisation_id', 'invoice_id', 'status']),
      key: 'id',
      order: 'desc',
    },
    page,
  );

export interface SendableInvoice
  extends Readonly<Pick<Row<'invoices'>, 'status'>>,
    Readonly<Pick<Row<'organisations'>, 'billing_email'>> {
  readonly document_id: Row<'documents'>['id'] | null;
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
