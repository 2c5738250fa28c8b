import { formatInstant } from '../../core/time.ts';
import type { Ctx } from '../../db/ctx.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import { reviveMessages } from '../../outbox/store.ts';
import { GLYPHS_MISSING } from '../render-document.ts';

/** Documents that no font could draw are rendered again at once: there is a new one. Answers how many. */
export const retryDocuments = (tx: LedgerTransaction, { now }: Pick<Ctx, 'now'>): Promise<number> =>
  reviveMessages(tx, { topic: 'document.render', errorPrefix: GLYPHS_MISSING, now: formatInstant(now) });
