import { appendAudit, PLATFORM_CHAIN } from '../../access/audit/append-audit.ts';
import { invalidRequest, notFound } from '../../core/error.ts';
import { isUuid } from '../../core/id.ts';
import { formatInstant, parseInstant } from '../../core/time.ts';
import type { Ctx } from '../../db/ctx.ts';
import { PLATFORM } from '../../db/ledger.ts';
import type { ExchangeRate } from './exchange-rate.ts';
import { findRate, lockRates, setRateEnd } from './store.ts';

export interface EndExchangeRateInput {
  readonly id: string;
  /** Epoch milliseconds: the first instant at which the rate is no longer in force. */
  readonly effective_to: number;
}

/**
 * A rate can only be ended, and its end can only be moved earlier. Documents already converted with it do not
 * change. Throws `not_found`, `invalid_request`.
 */
export async function endExchangeRate(
  ctx: Ctx,
  { id, effective_to }: EndExchangeRateInput,
): Promise<ExchangeRate> {
  if (!isUuid(id)) throw notFound('exchange rate');
  return await ctx.ledger.transaction(PLATFORM, async (tx) => {
    await lockRates(tx);
    const before = await findRate(tx, id);
    if (!before) throw notFound('exchange rate');
    const from = parseInstant(before.effective_from);
    const to = before.effective_to === null ? null : parseInstant(before.effective_to);
    const detail =
      from !== null && effective_to <= from
        ? 'Must be after effective_from.'
        : to !== null && effective_to > to
          ? 'effective_to is already set and can only be moved earlier.'
          : null;
    if (detail) throw invalidRequest([{ pointer: '/effective_to', code: 'invalid_order', detail }]);
    const ended = await setRateEnd(tx, id, formatInstant(effective_to));
    await appendAudit(tx, ctx, {
      organisation_id: PLATFORM_CHAIN,
      entity_type: 'exchange_rate',
      entity_id: id,
      action: 'exchange_rate.end',
      changes: { effective_to: ended.effective_to },
    });
    return ended;
  });
}
