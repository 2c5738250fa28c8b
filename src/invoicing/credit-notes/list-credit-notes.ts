import { readWithin } from '../../access/reach.ts';
import type { Page, PageInput } from '../../core/page.ts';
import type { Ctx } from '../../db/ctx.ts';
import type { CreditNote } from './credit-note.ts';
import { type CreditNoteFilter, listCreditNoteRows } from './credit-store.ts';

/** Sorted by id, which is the order of creation to the millisecond. */
export const listCreditNotes = (
  ctx: Ctx,
  filter: CreditNoteFilter,
  page: PageInput,
): Promise<Page<CreditNote>> =>
  readWithin(ctx, filter, (tx, narrowed) => listCreditNoteRows(tx, narrowed, page));
