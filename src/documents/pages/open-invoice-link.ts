import type { Ctx } from '../../db/ctx.ts';
import { type LedgerTransaction, PLATFORM, tenant } from '../../db/ledger.ts';
import { documentPending } from '../pdf/get-pdf.ts';
import { pdfNameOf, readPdf } from '../pdf/pdf-file.ts';
import { findPdfState } from '../store.ts';
import { isLive, isSignedBy, readToken } from './invoice-link.ts';
import { findLink, type InvoiceLink, listLinkSecrets } from './link-store.ts';
import { findIssuedDocument } from './page-store.ts';
import { renderPage } from './render-page.ts';

export interface OpenInvoiceLinkInput {
  readonly token: string;
}

/** The invoice's page; null for a token that is not valid, whatever the reason. */
export async function openInvoiceLink(ctx: Ctx, { token }: OpenInvoiceLinkInput): Promise<string | null> {
  const document = await withLink(ctx, token, (tx, { organisation_id, invoice_id }) =>
    findIssuedDocument(tx, organisation_id, 'invoice', invoice_id),
  );
  return document && (await renderPage(ctx, { document, pdfUrl: `${ctx.publicUrl}/i/${token}/pdf` }));
}

export interface LinkedPdf {
  readonly bytes: Uint8Array;
  readonly filename: string;
}

/** The invoice's PDF; null as for the page. Throws `document_pending`. */
export async function openLinkedPdf(ctx: Ctx, { token }: OpenInvoiceLinkInput): Promise<LinkedPdf | null> {
  const state = await withLink(ctx, token, (tx, { organisation_id, invoice_id }) =>
    findPdfState(tx, organisation_id, 'invoice', invoice_id),
  );
  if (!state || state.number === null || !state.has_document) return null;
  if (state.pdf_sha256 === null) throw documentPending();
  return { bytes: await readPdf(ctx.files, state.pdf_sha256), filename: pdfNameOf(state.number) };
}

/** Runs `work` in the link's organisation if the link is signed, live and not revoked. */
async function withLink<T>(
  ctx: Ctx,
  text: string,
  work: (tx: LedgerTransaction, link: InvoiceLink) => Promise<T | null>,
): Promise<T | null> {
  const token = readToken(text);
  if (!token) return null;
  return await ctx.ledger.transaction(PLATFORM, async (tx) => {
    const link = await findLink(tx, token.id);
    if (!link || !isLive(link, ctx.now)) return null;
    if (!(await isSignedBy(await listLinkSecrets(tx), token, link))) return null;
    await tx.enter(tenant(link.organisation_id));
    return await work(tx, link);
  });
}
