/** The SQL of invoice templates. */
import type { Page, PageInput } from '../../core/page.ts';
import { columns, insertOf, matching, pick, type RowOf, updateOf } from '../../db/columns.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import { listRows } from '../../db/list-rows.ts';
import type { PdfSettings } from '../document-model.ts';
import type { InvoiceTemplate, TemplateType } from './invoice-template.ts';

/** Columns that an update never changes. */
const MADE = ['id', 'organisation_id', 'template_type', 'created_by', 'created_at'] as const;
const CHANGING = [
  'name',
  'description',
  'is_default',
  'is_active',
  'html_content',
  'css_content',
  'settings',
  'variables',
  'preview_data',
  'updated_at',
] as const;

const TEMPLATE = columns('invoice_templates', [
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
]);
type TemplateRow = RowOf<typeof TEMPLATE> & Pick<InvoiceTemplate, 'template_type' | 'settings'>;

export async function insertTemplate(tx: LedgerTransaction, row: InvoiceTemplate): Promise<InvoiceTemplate> {
  const { text, values } = insertOf('invoice_templates', pick(row, [...MADE, ...CHANGING]));
  const [inserted] = await tx.query<TemplateRow>(`${text} RETURNING ${TEMPLATE}`, values);
  if (!inserted) throw new Error('the template was not inserted');
  return inserted;
}

export async function updateTemplateRow(
  tx: LedgerTransaction,
  row: InvoiceTemplate,
): Promise<InvoiceTemplate> {
  const { text, values } = updateOf('invoice_templates', pick(row, CHANGING), { id: row.id });
  const [updated] = await tx.query<TemplateRow>(`${text} RETURNING ${TEMPLATE}`, values);
  if (!updated) throw new Error('the template was not updated');
  return updated;
}

/** Removes the default flag from the current default of this organisation and type; with null, from the global one. */
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
  const [row] = await tx.query<TemplateRow>(
    `SELECT ${TEMPLATE} FROM invoice_templates WHERE id = $1 ${lock === 'update' ? 'FOR UPDATE' : ''}`,
    [id],
  );
  return row ?? null;
}

export const listTemplates = (
  tx: LedgerTransaction,
  filter: { organisation_id?: string | undefined; template_type?: TemplateType | undefined },
  page: PageInput,
): Promise<Page<InvoiceTemplate>> =>
  listRows<TemplateRow>(
    tx,
    {
      select: TEMPLATE,
      from: 'invoice_templates',
      filters: matching('invoice_templates', filter, ['organisation_id', 'template_type']),
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

/**
 * The templates frozen into the organisation's documents: its own default of each type, else the global one, else
 * none.
 */
export async function findDefaultTemplates(
  tx: LedgerTransaction,
  organisationId: string,
): Promise<DefaultTemplates> {
  const rows = await tx.query<TemplateRow>(
    `SELECT DISTINCT ON (template_type) ${TEMPLATE} FROM invoice_templates
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
