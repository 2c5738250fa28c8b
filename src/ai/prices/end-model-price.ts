import { appendAudit, PLATFORM_CHAIN } from '../../access/audit/append-audit.ts';
import { invalidRequest, notFound } from '../../core/error.ts';
import { isUuid } from '../../core/id.ts';
import { formatInstant, parseInstant } from '../../core/time.ts';
import type { Ctx } from '../../db/ctx.ts';
import { PLATFORM, tenant } from '../../db/ledger.ts';
import type { ModelPrice } from './model-price.ts';
import { publishModelPrice } from './publish-model-prices.ts';
import { findModelPriceLocked, setModelPriceEnd } from './store.ts';

export interface EndModelPriceInput {
  readonly id: string;
  /** Epoch milliseconds: the first moment at which the price no longer applies. */
  readonly effective_to: number;
}

/**
 * A price can only be ended, and its end can never be moved later. Calls that are already counted keep their
 * cost. Throws `not_found`, `invalid_request`.
 */
export async function endModelPrice(ctx: Ctx, { id, effective_to }: EndModelPriceInput): Promise<ModelPrice> {
  if (!isUuid(id)) throw notFound('model price');
  const price = await ctx.ledger.transaction(PLATFORM, async (tx) => {
    const before = await findModelPriceLocked(tx, id);
    if (!before) throw notFound('model price');
    if (before.organisation_id !== null) await tx.enter(tenant(before.organisation_id));
    const from = parseInstant(before.effective_from);
    const to = before.effective_to === null ? null : parseInstant(before.effective_to);
    const detail =
      from !== null && effective_to <= from
        ? 'Must be after effective_from.'
        : to !== null && effective_to > to
          ? 'effective_to is already set and can only be moved earlier.'
          : null;
    if (detail) throw invalidRequest([{ pointer: '/effective_to', code: 'invalid_order', detail }]);
    const ended = await setModelPriceEnd(tx, id, formatInstant(effective_to));
    await appendAudit(tx, ctx, {
      organisation_id: before.organisation_id ?? PLATFORM_CHAIN,
      entity_type: 'model_price',
      entity_id: id,
      action: 'model_price.end',
      changes: { effective_to: ended.effective_to },
    });
    return ended;
  });
  await publishModelPrice(ctx, price);
  return price;
}
