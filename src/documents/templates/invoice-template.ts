import type { PdfSettings } from '../document-model.ts';

export const TEMPLATE_TYPES = ['html', 'pdf'] as const;
export type TemplateType = (typeof TEMPLATE_TYPES)[number];

export interface InvoiceTemplate {
  readonly id: string;
  /** Null: for every organisation that has none of its own. */
  readonly organisation_id: string | null;
  readonly name: string;
  readonly description: string | null;
  readonly template_type: TemplateType;
  readonly is_default: boolean;
  readonly is_active: boolean;
  /** Of `html`. */
  readonly html_content: string | null;
  readonly css_content: string | null;
  /** Of `pdf`. */
  readonly settings: PdfSettings | null;
  /** What each variable stands for. */
  readonly variables: Readonly<Record<string, string>>;
  readonly preview_data: Readonly<Record<string, unknown>> | null;
  readonly created_by: string;
  readonly created_at: string;
  readonly updated_at: string;
}
