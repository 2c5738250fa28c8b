import { readVisible } from '../../access/reach.ts';
import { AppError, invalidRequest, notFound, parentNotFound } from '../../core/error.ts';
import { isUuid } from '../../core/id.ts';
import type { Ctx } from '../../db/ctx.ts';
import { tenant } from '../../db/ledger.ts';
import { findOwner } from '../../tenants/store.ts';
import type { DocumentModel } from '../document-model.ts';
import { cleanView, deriveDocumentView } from '../pages/document-view.ts';
import { findIssuedDocument } from '../pages/page-store.ts';
import { renderTemplate, writePage } from '../pages/render-html.ts';
import { findLogo } from '../pages/render-page.ts';
import { MissingGlyphsError } from '../pdf/pdf-fonts.ts';
import { renderPdf } from '../pdf/render-pdf.ts';
import type { InvoiceTemplate } from './invoice-template.ts';
import { SAMPLE_DOCUMENT, sampleLogo } from './sample-document.ts';
import { UnsafeCssError } from './sanitise-css.ts';
import { TemplateError, type View } from './template.ts';
import { findPreviewFaults, overlayView, type PreviewData, sampleView } from './template-content.ts';
import { findTemplate } from './template-store.ts';

export interface PreviewTemplateInput {
  readonly id: string;
  /** An issued invoice to show with the template; default: the sample. */
  readonly invoice_id?: string | undefined;
  /** HTML only: overrides the document's data and the template's own preview data. */
  readonly data?: PreviewData | undefined;
}

export type Preview =
  | { readonly kind: 'html'; readonly page: string }
  | { readonly kind: 'pdf'; readonly bytes: Uint8Array };

/**
 * Shows the sample or an issued invoice with the template; saves nothing. Throws `not_found`, also for an invoice
 * of an organisation other than the template's, `invalid_request` for data of the wrong shape, `invalid_state` if
 * the invoice was not issued, `glyphs_missing`.
 */
export async function previewTemplate(ctx: Ctx, input: PreviewTemplateInput): Promise<Preview> {
  const { template, invoice } = await load(ctx, input.id, input.invoice_id);
  assertData(template, input.data);
  const model = invoice ?? SAMPLE_DOCUMENT;
  const logo = invoice ? await findLogo(ctx, invoice) : sampleLogo();
  if (template.template_type === 'pdf') {
    const shown = { ...model, templates: { ...model.templates, pdf: template.settings ?? {} } };
    return { kind: 'pdf', bytes: await drawPdf(ctx, shown, logo) };
  }
  const view = invoice
    ? overlayView(deriveDocumentView(invoice, logo), input.data)
    : sampleView(template.preview_data, input.data);
  return { kind: 'html', page: writePage(model, fill(template, cleanView(view) as View)) };
}

function assertData({ template_type }: InvoiceTemplate, data: PreviewData | undefined): void {
  if (data === undefined) return;
  const ofPdf = { pointer: '/data', code: 'not_of_pdf', detail: 'A PDF template takes no data.' };
  const faults = template_type === 'pdf' ? [ofPdf] : findPreviewFaults(data);
  if (faults.length > 0) throw invalidRequest(faults);
}

const load = (
  ctx: Ctx,
  id: string,
  invoiceId: string | undefined,
): Promise<{ template: InvoiceTemplate; invoice: DocumentModel | null }> =>
  readVisible(ctx, async (tx) => {
    const template = isUuid(id) ? await findTemplate(tx, id) : null;
    if (!template) throw notFound('invoice template');
    if (invoiceId === undefined) return { template, invoice: null };
    const owner = await findOwner(tx, 'invoices', invoiceId);
    if (owner === null || (template.organisation_id !== null && template.organisation_id !== owner)) {
      throw parentNotFound('/invoice_id', 'invoice');
    }
    await tx.enter(tenant(owner));
    const document = await findIssuedDocument(tx, owner, 'invoice', invoiceId);
    if (!document)
      throw new AppError(
        'invalid_state',
        'Only an issued invoice can be previewed. Finalize the invoice first.',
      );
    return { template, invoice: document.model };
  });

/** A saved template fails only if data makes the page too long, or if rules were added after it. */
function fill(template: InvoiceTemplate, view: View): ReturnType<typeof renderTemplate> {
  const { html_content, css_content } = template;
  try {
    return renderTemplate({ html_content: html_content ?? '', css_content: css_content ?? '' }, view);
  } catch (error) {
    if (!(error instanceof TemplateError || error instanceof UnsafeCssError)) throw error;
    const pointer = error instanceof TemplateError ? '/html_content' : '/css_content';
    throw invalidRequest([{ pointer, code: 'not_renderable', detail: error.message }]);
  }
}

async function drawPdf(ctx: Ctx, model: DocumentModel, logo: Uint8Array | null): Promise<Uint8Array> {
  try {
    return await renderPdf(model, { fonts: await ctx.loadFonts(), logo });
  } catch (error) {
    if (!(error instanceof MissingGlyphsError)) throw error;
    throw new AppError(
      'glyphs_missing',
      `No font has a glyph for ${error.codePoints.join(' ')}. Add one that does with POST /v1/admin/fonts.`,
      {
        extensions: { code_points: error.codePoints },
      },
    );
  }
}
