/** The SQL of invoice templates. */
import type { Page, PageInput } from '../../core/page.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import { listRows } from '../../db/list-rows.ts';
import type { PdfSettings } from '../document-model.ts';
import type { InvoiceTemplate, TemplateType } from './invoice-template.ts';

const COLUMNS = [
  'id',
  'organisation_id',
  'name',
  'description',
  'template_type',
  'is_default',
  'is_active',
  'html_content',
  'css_content',
  'settings',
  'variables',
  'preview_data',
  'created_by',
  'created_at',
  'updated_at',
] as const satisfies readonly (keyof InvoiceTemplate)[];

const valuesOf = (row: InvoiceTemplate, columns: readonly (keyof InvoiceTemplate)[]): unknown[] =>
  columns.map((column) => {
    const value = row[column];
    return typeof value === 'object' && value !== null ? JSON.stringify(value) : value;
  });

export async function insertTemplate(tx: LedgerTransaction, row: InvoiceTemplate): Promise<InvoiceTemplate> {
  const [inserted] = await tx.query<InvoiceTemplate>(
    `INSERT INTO invoice_templates (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map((_, index) => `$${index + 1}`).join(', ')})
     RETURNING ${COLUMNS.join(', ')}`,
    valuesOf(row, COLUMNS),
  );
  if (!inserted) throw new Error('the template was not inserted');
  return inserted;
}

const OF_ITS_MAKING: readonly string[] = [
  'id',
  'organisation_id',
  'template_type',
  'created_by',
  'created_at',
];
const CHANGING = COLUMNS.filter((column) => !OF_ITS_MAKING.includes(column));

export async function updateTemplateRow(
  tx: LedgerTransaction,
  row: InvoiceTemplate,
): Promise<InvoiceTemplate> {
  const [updated] = await tx.query<InvoiceTemplate>(
    `UPDATE invoice_templates SET ${CHANGING.map((column, index) => `${column} = $${index + 2}`).join(', ')}
     WHERE id = $1 RETURNING ${COLUMNS.join(', ')}`,
    [row.id, ...valuesOf(row, CHANGING)],
  );
  if (!updated) throw new Error('the template was not updated');
  return updated;
}

/** Takes the default from the template of this organisation and type that has it; with null, from the global one. */
export async function clearDefault(
  tx: LedgerTransaction,
  organisationId: string | null,
  type: TemplateType,
  exceptId: string,
  now: string,
): Promise<void> {
  await tx.execute(
    `UPDATE invoice_templates SET is_default = false, updated_at = $4
     WHERE organisation_id IS NOT DISTINCT FROM $1 AND template_type = $2 AND is_default AND id <> $3`,
    [organisationId, type, exceptId, now],
  );
}

export async function findTemplate(
  tx: LedgerTransaction,
  id: string,
  lock: 'update' | 'none' = 'none',
): Promise<InvoiceTemplate | null> {
  const [row] = await tx.query<InvoiceTemplate>(
    `SELECT ${COLUMNS.join(', ')} FROM invoice_templates WHERE id = $1 ${lock === 'update' ? 'FOR UPDATE' : ''}`,
    [id],
  );
  return row ?? null;
}

export const listTemplates = (
  tx: LedgerTransaction,
  filter: { organisation_id?: string | undefined; template_type?: TemplateType | undefined },
  page: PageInput,
): Promise<Page<InvoiceTemplate>> =>
  listRows(
    tx,
    {
      select: COLUMNS.join(', '),
      from: 'invoice_templates',
      filters: [
        ['organisation_id =', filter.organisation_id],
        ['template_type =', filter.template_type],
      ],
      key: 'id',
      order: 'asc',
    },
    page,
  );

export interface DefaultTemplates {
  readonly html: {
    readonly id: string;
    readonly html_content: string;
    readonly css_content: string;
  } | null;
  readonly pdf: { readonly id: string; readonly settings: PdfSettings } | null;
}

/** What a document of the organisation is frozen with: its own default of each type, else the global one, else none. */
export async function findDefaultTemplates(
  tx: LedgerTransaction,
  organisationId: string,
): Promise<DefaultTemplates> {
  const rows = await tx.query<InvoiceTemplate>(
    `SELECT DISTINCT ON (template_type) ${COLUMNS.join(', ')} FROM invoice_templates
     WHERE (organisation_id = $1 OR organisation_id IS NULL) AND is_default AND is_active
     ORDER BY template_type, organisation_id NULLS LAST`,
    [organisationId],
  );
  const html = rows.find((row) => row.template_type === 'html');
  const pdf = rows.find((row) => row.template_type === 'pdf');
  return {
    html: html
      ? { id: html.id, html_content: html.html_content ?? '', css_content: html.css_content ?? '' }
      : null,
    pdf: pdf ? { id: pdf.id, settings: pdf.settings ?? {} } : null,
  };
}
