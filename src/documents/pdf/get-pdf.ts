import { AppError, notFound } from '../../core/error.ts';
import type { Ctx } from '../../db/ctx.ts';
import { withOwner } from '../../tenants/tenant-scope.ts';
import type { DocumentKind } from '../document-model.ts';
import { GLYPHS_MISSING } from '../render-document.ts';
import { findPdfState, type PdfState } from '../store.ts';
import { pdfNameOf, readPdf } from './pdf-file.ts';

export interface GetPdfInput {
  readonly kind: DocumentKind;
  /** Id of the invoice or the credit note. */
  readonly id: string;
}

export interface IssuedPdf {
  readonly sha256: string;
  readonly filename: string;
  readonly readBytes: () => Promise<Uint8Array>;
}

const RETRY_AFTER_SECONDS = 60;

/**
 * The PDF of an issued invoice or credit note; the bytes are read later. Throws `not_found`, also if it was issued
 * before PDFs existed, `invalid_state` (not issued), `glyphs_missing`, `document_pending`.
 */
export async function getPdf(ctx: Ctx, { kind, id }: GetPdfInput): Promise<IssuedPdf> {
  const table = kind === 'invoice' ? 'invoices' : 'credit_notes';
  const state: PdfState | null = await withOwner(ctx, table, id, (tx, organisationId) =>
    findPdfState(tx, organisationId, kind, id),
  );
  const noun = kind === 'invoice' ? 'invoice' : 'credit note';
  if (!state) throw notFound(noun);
  if (state.number === null) throw new AppError('invalid_state', `The ${noun} has not been issued.`);
  const { pdf_sha256, number } = state;
  if (pdf_sha256 === null) throw pendingOf(state, noun);
  return {
    sha256: pdf_sha256,
    filename: pdfNameOf(number),
    readBytes: () => readPdf(ctx.files, pdf_sha256),
  };
}

function pendingOf({ has_document, render_error }: PdfState, noun: string): AppError {
  if (!has_document) return notFound(`PDF: the ${noun} was issued before PDFs were created`);
  if (render_error?.startsWith(GLYPHS_MISSING)) {
    const codePoints = render_error.slice(GLYPHS_MISSING.length);
    return new AppError(
      'glyphs_missing',
      `No font has a glyph for ${codePoints}. Add one that does with POST /v1/admin/fonts.`,
      {
        extensions: { code_points: codePoints.split(' ') },
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      },
    );
  }
  return documentPending();
}

export const documentPending = (): AppError =>
  new AppError('document_pending', 'The PDF is not ready yet. Retry later.', {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
