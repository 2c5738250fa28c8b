import { AppError } from '../../core/error.ts';
import type { Ctx } from '../../db/ctx.ts';
import { withOwner } from '../../tenants/tenant-scope.ts';
import type { DocumentKind } from '../document-model.ts';
import { findIssuedDocument } from './page-store.ts';
import { renderPage } from './render-page.ts';

export interface GetPageInput {
  readonly kind: DocumentKind;
  /** Id of the invoice or the credit note. */
  readonly id: string;
}

/** The page of an issued document. Throws `not_found`, `invalid_state` if it was not issued. */
export async function getPage(ctx: Ctx, { kind, id }: GetPageInput): Promise<string> {
  const table = kind === 'invoice' ? 'invoices' : 'credit_notes';
  const document = await withOwner(ctx, table, id, (tx, organisationId) =>
    findIssuedDocument(tx, organisationId, kind, id),
  );
  if (!document)
    throw new AppError('invalid_state', 'Only an issued invoice or credit note has a page. Issue it first.');
  return await renderPage(ctx, { document });
}
