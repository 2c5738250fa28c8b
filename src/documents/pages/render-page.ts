import { compare, decimal, ZERO } from '../../core/decimal.ts';
import type { Ctx } from '../../db/ctx.ts';
import { logoKey } from '../../tenants/logo.ts';
import type { DocumentModel } from '../document-model.ts';
import type { IssuedDocument } from './page-store.ts';
import { type PaymentState, renderHtml } from './render-html.ts';

export interface RenderPageInput {
  readonly document: IssuedDocument;
  /** The address of the PDF, once it exists. */
  readonly pdfUrl?: string;
}

/** The page of an issued document, with its current state. */
export async function renderPage(ctx: Ctx, { document, pdfUrl }: RenderPageInput): Promise<string> {
  const payment = paymentStateOf(document);
  return renderHtml(document.model, {
    logo: await findLogo(ctx, document.model),
    ...(payment && { payment }),
    ...(pdfUrl !== undefined && document.has_pdf && { links: { pdf: pdfUrl } }),
  });
}

function paymentStateOf({ model, status, amount_due: due }: IssuedDocument): PaymentState | null {
  if (status === null) return null;
  // Nothing is due on a cancelled invoice, but its page still shows the original amount.
  const amount_due = due ?? model.total;
  if (status === 'cancelled' || status === 'paid') return { status, amount_due };
  if (status === 'refunded') return { status: 'credited', amount_due };
  const isOpen = compare(decimal(amount_due), ZERO) > 0;
  return { status: isOpen ? 'open' : 'paid', amount_due };
}

/** The file of the document's logo. A missing file does not block the page. */
export async function findLogo(
  { files }: Pick<Ctx, 'files'>,
  { logo }: DocumentModel,
): Promise<Uint8Array | null> {
  return logo ? ((await files.get(logoKey(logo.sha256)))?.bytes ?? null) : null;
}
