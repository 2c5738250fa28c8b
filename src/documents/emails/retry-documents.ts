import { formatInstant } from '../../core/time.ts';
import type { Ctx } from '../../db/ctx.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import { reviveMessages } from '../../outbox/store.ts';
import { GLYPHS_MISSING } from '../render-document.ts';

/** Retries documents with missing glyphs at once, because a new font was added. Returns their number. */
export const retryDocuments = (tx: LedgerTransaction, { now }: Pick<Ctx, 'now'>): Promise<number> =>
  reviveMessages(tx, { topic: 'document.render', errorPrefix: GLYPHS_MISSING, now: formatInstant(now) });
