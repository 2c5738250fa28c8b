/** The SQL of credit notes and their lines. The SQL of their late usage is in credit-usage-store.ts. */
import type { Page, PageInput } from '../../core/page.ts';
import { bareArray, columnArrays } from '../../db/array-literal.ts';
import { columns, insertOf, matching, pick, type RowOf, updateOf } from '../../db/columns.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import { listRows } from '../../db/list-rows.ts';
import type { Row } from '../../db/rows.ts';
import type { LegalNote } from '../../pricing/tax/legal-note.ts';
import { balanceColumns, WITH_BALANCE } from '../balance-store.ts';
import type { Seller } from '../parties.ts';
import type { CreditNote, CreditNoteLine, CreditNoteRow, CreditNoteStatus } from './credit-note.ts';
import type { CreditableInvoice } from './proposal.ts';

const NAMES = [
  'organisation_id',
  'id',
  'invoice_id',
  'billing_entity_id',
  'credit_note_number',
  'status',
  'origin',
  'reason',
  'currency',
  'subtotal',
  'discount_total',
  'tax_total',
  'total',
  'taxes',
  'pdf_url',
  'pdf_sha256',
  'pdf_generated_at',
  'issued_at',
  'created_at',
  'updated_at',
] as const;
const NOTE = columns('credit_notes', NAMES);
type StoredNote = RowOf<typeof NOTE> & Pick<CreditNoteRow, 'status' | 'origin' | 'taxes'>;

const LINE_COLUMNS = [
  ['line_number', 'int'],
  ['invoice_line_number', 'int'],
  ['description', 'text'],
  ['quantity', 'numeric'],
  ['carried_quantity', 'numeric'],
  ['event_count', 'bigint'],
  ['original_amount', 'numeric'],
  ['total', 'numeric'],
  ['discount_amount', 'numeric'],
  ['tax_amount', 'numeric'],
  ['taxes', 'jsonb'],
] as const satisfies readonly (readonly [keyof CreditNoteLine, string])[];

const LINE_KEY = columns('credit_note_lines', ['organisation_id', 'credit_note_id', 'id']);
const OF_NOTE = columns('credit_note_lines', ['credit_note_id']);
const LINE = columns(
  'credit_note_lines',
  LINE_COLUMNS.map(([name]) => name),
);
type StoredLine = RowOf<typeof LINE> & Pick<CreditNoteLine, 'taxes'>;

export async function insertCreditNote(
  tx: LedgerTransaction,
  note: CreditNoteRow,
  idempotencyKey: string | null,
): Promise<void> {
  const { text, values } = insertOf('credit_notes', {
    idempotency_key: idempotencyKey,
    ...pick(note, NAMES),
  });
  await tx.execute(text, values);
}

export async function insertCreditLines(
  tx: LedgerTransaction,
  { organisation_id, id }: Pick<CreditNoteRow, 'organisation_id' | 'id'>,
  lineIds: readonly string[],
  lines: readonly CreditNoteLine[],
): Promise<void> {
  await tx.execute(
    `INSERT INTO credit_note_lines (${LINE_KEY}, ${LINE})
     SELECT $1::uuid, $2::uuid, r.* FROM unnest($3::uuid[], ${LINE_COLUMNS.map(([, type], index) => `$${index + 4}::${type}[]`).join(', ')}) AS r`,
    [organisation_id, id, bareArray(lineIds), ...columnArrays(lines, LINE_COLUMNS)],
  );
}

const CHANGING = [
  'reason',
  'credit_note_number',
  'status',
  'subtotal',
  'discount_total',
  'tax_total',
  'total',
  'taxes',
  'issued_at',
  'updated_at',
] as const satisfies readonly (keyof StoredNote)[];

/** Writes the columns that may change while it is a proposal, including on issue. */
export async function updateProposal(tx: LedgerTransaction, note: CreditNoteRow): Promise<void> {
  const { organisation_id, id } = note;
  const { text, values } = updateOf('credit_notes', pick(note, CHANGING), {
    organisation_id,
    id,
    status: 'proposed',
  });
  await tx.execute(text, values);
}

/** Deletes a proposal with its lines; the database refuses this for issued notes. */
export async function deleteProposal(
  tx: LedgerTransaction,
  { organisation_id, id }: Pick<CreditNoteRow, 'organisation_id' | 'id'>,
): Promise<void> {
  await tx.execute('DELETE FROM credit_note_lines WHERE organisation_id = $1 AND credit_note_id = $2', [
    organisation_id,
    id,
  ]);
  await tx.execute('DELETE FROM credit_notes WHERE organisation_id = $1 AND id = $2', [organisation_id, id]);
}

async function findMany(
  tx: LedgerTransaction,
  condition: string,
  values: readonly string[],
): Promise<CreditNote[]> {
  const rows = await tx.query<StoredNote>(
    `SELECT ${NOTE} FROM credit_notes WHERE organisation_id = $1 AND ${condition}`,
    values,
  );
  return await withLines(tx, rows);
}

export const findCreditNote = async (
  tx: LedgerTransaction,
  organisationId: string,
  id: string,
): Promise<CreditNote | null> => (await findMany(tx, 'id = $2', [organisationId, id]))[0] ?? null;

export const findCreditNoteByKey = async (
  tx: LedgerTransaction,
  organisationId: string,
  idempotencyKey: string,
): Promise<CreditNote | null> =>
  (await findMany(tx, 'idempotency_key = $2', [organisationId, idempotencyKey]))[0] ?? null;

/** The proposals from late usage; each invoice has at most one. */
export const listProposals = (
  tx: LedgerTransaction,
  organisationId: string,
  invoiceIds: readonly string[],
): Promise<CreditNote[]> =>
  findMany(tx, `invoice_id = ANY ($2::uuid[]) AND status = 'proposed' AND origin = 'late_usage'`, [
    organisationId,
    bareArray(invoiceIds),
  ]);

const CREDITABLE = columns('invoices', ['organisation_id', 'billing_entity_id', 'currency', 'taxes'], 'i');
const ROOM = balanceColumns(['creditable_total']);
type CreditableRow = RowOf<typeof CREDITABLE> &
  Pick<CreditableInvoice, 'taxes'> & {
    readonly invoice_id: Row<'invoices'>['id'];
    /** An issued invoice has it. */
    readonly creditable_total: NonNullable<RowOf<typeof ROOM>['creditable_total']>;
  };

/** The fields of issued invoices that credit notes need. */
export const listCreditable = (
  tx: LedgerTransaction,
  organisationId: string,
  invoiceIds: readonly string[],
): Promise<CreditableRow[]> =>
  tx.query<CreditableRow>(
    `SELECT ${CREDITABLE}, i.id AS invoice_id, ${ROOM}
     FROM ${WITH_BALANCE} WHERE i.organisation_id = $1 AND i.id = ANY ($2::uuid[])`,
    [organisationId, bareArray(invoiceIds)],
  );

async function withLines(tx: LedgerTransaction, notes: readonly CreditNoteRow[]): Promise<CreditNote[]> {
  if (notes.length === 0) return [];
  const lines = await tx.query<RowOf<typeof OF_NOTE> & StoredLine>(
    `SELECT ${OF_NOTE}, ${LINE} FROM credit_note_lines
     WHERE organisation_id = ANY ($1::uuid[]) AND credit_note_id = ANY ($2::uuid[])
     ORDER BY credit_note_id, line_number`,
    [
      bareArray([...new Set(notes.map((note) => note.organisation_id))]),
      bareArray(notes.map((note) => note.id)),
    ],
  );
  const byNote = Map.groupBy(lines, (line) => line.credit_note_id);
  return notes.map((note) => ({
    ...note,
    line_items: (byNote.get(note.id) ?? []).map(({ credit_note_id: _, ...line }) => line),
  }));
}

export interface CreditNoteFilter {
  readonly organisation_id?: string | undefined;
  readonly invoice_id?: string | undefined;
  readonly status?: CreditNoteStatus | undefined;
}

export async function listCreditNoteRows(
  tx: LedgerTransaction,
  filter: CreditNoteFilter,
  page: PageInput,
): Promise<Page<CreditNote>> {
  const { data, nextAfter } = await listRows<StoredNote>(
    tx,
    {
      select: NOTE,
      from: 'credit_notes',
      filters: matching('credit_notes', filter, ['organisation_id', 'invoice_id', 'status']),
      key: 'id',
      order: 'asc',
    },
    page,
  );
  return { data: await withLines(tx, data), nextAfter };
}

/** What all credit notes of an invoice, proposals included, take back of each line. */
export const listCreditedLines = (
  tx: LedgerTransaction,
  organisationId: string,
  invoiceId: string,
): Promise<Pick<Row<'credit_note_lines'>, 'invoice_line_number' | 'total'>[]> =>
  tx.query(
    `SELECT l.invoice_line_number, sum(l.total) AS total
     FROM credit_notes c JOIN credit_note_lines l ON l.organisation_id = c.organisation_id AND l.credit_note_id = c.id
     WHERE c.organisation_id = $1 AND c.invoice_id = $2 AND c.status <> 'dismissed' GROUP BY 1`,
    [organisationId, invoiceId],
  );

const RELEASED = columns('payments', ['applied_amount', 'updated_at']);

/** Reduces what the invoice's payments applied by an amount, newest payment first: it is the customer's money again. */
export const releaseApplied = (
  tx: LedgerTransaction,
  { organisation_id, invoice_id }: Pick<CreditNoteRow, 'organisation_id' | 'invoice_id'>,
  amount: string,
): Promise<number> =>
  tx.execute(
    `WITH ranked AS (
       SELECT payment_id, applied_amount,
         sum(applied_amount) OVER (ORDER BY paid_at DESC, payment_id DESC) - applied_amount AS newer
       FROM payment_balances WHERE organisation_id = $1 AND invoice_id = $2 AND applied_amount > 0)
     UPDATE payments p SET (${RELEASED})
       = (ranked.applied_amount - least(ranked.applied_amount, $3::numeric - ranked.newer), now())
     FROM ranked WHERE p.organisation_id = $1 AND p.id = ranked.payment_id AND ranked.newer < $3::numeric`,
    [organisation_id, invoice_id, amount],
  );

/** The seller of an issued invoice, as it is now. The organisation may have another seller since. */
export async function findSeller(tx: LedgerTransaction, billingEntityId: string): Promise<Seller | null> {
  const [row] = await tx.query<{ seller: Pick<Row<'billing_entities'>, keyof Seller> & Seller }>(
    'SELECT to_jsonb(e) AS seller FROM billing_entities e WHERE id = $1',
    [billingEntityId],
  );
  return row?.seller ?? null;
}

const MODEL = columns('documents', ['model']);

/** The legal notes on an invoice's document. */
export async function findLegalNotes(
  tx: LedgerTransaction,
  organisationId: string,
  invoiceId: string,
): Promise<readonly LegalNote[]> {
  const [row] = await tx.query<{ legal_notes: LegalNote[] | null }>(
    `SELECT ${MODEL}->'legal_notes' AS legal_notes FROM documents WHERE organisation_id = $1 AND subject_id = $2`,
    [organisationId, invoiceId],
  );
  return row?.legal_notes ?? [];
}
