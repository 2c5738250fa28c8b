import type { Row } from '../../db/rows.ts';
import type { PdfSettings } from '../document-model.ts';

export const TEMPLATE_TYPES = ['html', 'pdf'] as const;
export type TemplateType = (typeof TEMPLATE_TYPES)[number];

/**
 * `organisation_id` null: for every organisation without its own template. An `html` template has both contents, a
 * `pdf` template has settings. `variables`: the meaning of each variable.
 */
export type InvoiceTemplate = Readonly<Row<'invoice_templates'>> & {
  readonly template_type: TemplateType;
  readonly settings: PdfSettings | null;
};
