import { uuidv7 } from '../../core/id.ts';
import { formatInstant } from '../../core/time.ts';
import type { Ctx } from '../../db/ctx.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import type { DocumentModel } from '../../documents/document-model.ts';
import { insertDocument } from '../../documents/store.ts';
import { insertOutbox } from '../../outbox/store.ts';

export interface IssueDocumentInput {
  readonly organisation_id: string;
  readonly invoice_id: string;
  /** Null if the document is the invoice itself. */
  readonly credit_note_id: string | null;
  readonly recipient: string;
  readonly model: DocumentModel;
}

/** Freezes an issued document and requests its PDF and e-mail, in the transaction that issues it (law 12). */
export async function issueDocument(
  tx: LedgerTransaction,
  { now }: Pick<Ctx, 'now'>,
  { organisation_id, invoice_id, credit_note_id, recipient, model }: IssueDocumentInput,
): Promise<void> {
  const document_id = uuidv7(now);
  const created_at = formatInstant(now);
  await insertDocument(tx, {
    organisation_id,
    id: document_id,
    kind: model.kind,
    subject_id: credit_note_id ?? invoice_id,
    model,
    created_at,
  });
  const kind = `${model.kind}_issued`;
  const messages = [
    { topic: 'document.render', payload: { document_id } },
    { topic: 'email.send', payload: { kind, document_id, invoice_id, credit_note_id, recipient } },
  ];
  for (const message of messages) {
    await insertOutbox(tx, { organisation_id, id: uuidv7(now), created_at, ...message });
  }
}
