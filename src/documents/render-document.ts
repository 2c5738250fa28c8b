import { AppError, describeError } from '../core/error.ts';
import { sha256Hex } from '../core/sha256.ts';
import { formatInstant } from '../core/time.ts';
import type { Ctx } from '../db/ctx.ts';
import { type LedgerTransaction, tenant } from '../db/ledger.ts';
import { logoKey } from '../tenants/logo.ts';
import type { DocumentModel } from './document-model.ts';
import { loadStoredFonts } from './pdf/load-stored-fonts.ts';
import { pdfKeyOf } from './pdf/pdf-file.ts';
import { MissingGlyphsError } from './pdf/pdf-fonts.ts';
import type { renderPdf } from './pdf/render-pdf.ts';
import { findDocument, type StoredDocument, setPdf, setRenderError } from './store.ts';

export interface RenderDocumentInput {
  readonly organisation_id: string;
  readonly document_id: string;
  readonly render: typeof renderPdf;
}

/** What remains to be saved, in the transaction that marks the task as done or failed. */
export interface RenderedDocument {
  readonly error: string | null;
  readonly commit: (tx: LedgerTransaction) => Promise<void>;
}

/** Prefix of the error for a document with missing glyphs; the code points follow. */
export const GLYPHS_MISSING = 'glyphs_missing: ';

/**
 * Renders a frozen document into the file store under the hash of its bytes, and returns what to save with it. A
 * second run gives the same file and the same columns. Throws `not_found`, and the file store's errors for the PDF.
 */
export async function renderDocument(ctx: Ctx, input: RenderDocumentInput): Promise<RenderedDocument> {
  const { organisation_id, document_id } = input;
  const document = await ctx.ledger.transaction(tenant(organisation_id), (tx) =>
    findDocument(tx, organisation_id, document_id),
  );
  if (!document) throw new AppError('not_found', 'No such document.');
  if (document.pdf_sha256 !== null) return { error: null, commit: async () => {} };

  let rendered: Uint8Array;
  try {
    rendered = await renderWithFonts(ctx, document.model, input.render);
  } catch (cause) {
    const error = renderErrorOf(cause);
    return { error, commit: (tx) => setRenderError(tx, organisation_id, document_id, error) };
  }
  const sha256 = sha256Hex(rendered);
  await ctx.files.putIfAbsent(pdfKeyOf(sha256), { bytes: rendered, media_type: 'application/pdf' });
  return {
    error: null,
    async commit(tx) {
      await setPdf(tx, organisation_id, document, {
        pdf_url: pdfUrlOf(ctx, document),
        pdf_sha256: sha256,
        pdf_generated_at: formatInstant(ctx.now),
      });
      await setRenderError(tx, organisation_id, document_id, null);
    },
  };
}

const pdfUrlOf = ({ publicUrl }: Ctx, { kind, subject_id }: StoredDocument): string =>
  `${publicUrl}/v1/admin/${kind === 'invoice' ? 'invoices' : 'credit-notes'}/${subject_id}/pdf`;

/**
 * The operator's fonts are loaded only if the built-in fonts cannot draw a document: they are large, and an added
 * font must not change the look of other documents.
 */
async function renderWithFonts(
  ctx: Ctx,
  model: DocumentModel,
  render: typeof renderPdf,
): Promise<Uint8Array> {
  const logo = await loadLogo(ctx, model);
  const fonts = await ctx.loadFonts();
  try {
    return await render(model, { fonts, logo });
  } catch (error) {
    if (!(error instanceof MissingGlyphsError)) throw error;
    const stored = await loadStoredFonts(ctx.files);
    if (stored.length === 0) throw error;
    return await render(model, { fonts: [...fonts, ...stored], logo });
  }
}

const renderErrorOf = (error: unknown): string =>
  error instanceof MissingGlyphsError ? GLYPHS_MISSING + error.codePoints.join(' ') : describeError(error);

async function loadLogo(ctx: Ctx, { logo }: DocumentModel): Promise<Uint8Array | null> {
  if (!logo) return null;
  const file = await ctx.files.get(logoKey(logo.sha256));
  if (!file) throw new Error(`the logo ${logo.sha256} is not in the file store`);
  return file.bytes;
}
