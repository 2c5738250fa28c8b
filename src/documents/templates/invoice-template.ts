import type { Row } from '../../db/rows.ts';
import type { PdfSettings } from '../document-model.ts';

export const TEMPLATE_TYPES = ['html', 'pdf'] as const;
export type TemplateType = (typeof TEMPLATE_TYPES)[number];

/**
 * `organisation_id` null: for every organisation that has none of its own. Of `html` a template has both contents, of `pdf`
 * the settings. `variables`: what each variable stands for.
 */
export type InvoiceTemplate = Readonly<Row<'invoice_templates'>> & {
  readonly template_type: TemplateType;
  readonly settings: PdfSettings | null;
};
