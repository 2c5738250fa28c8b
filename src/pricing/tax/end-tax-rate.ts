import { appendAudit, PLATFORM_CHAIN } from '../../access/audit/append-audit.ts';
import { findEffectiveDaysFaults } from '../../core/effective-days.ts';
import { invalidRequest, notFound } from '../../core/error.ts';
import { isUuid } from '../../core/id.ts';
import type { Ctx } from '../../db/ctx.ts';
import { PLATFORM } from '../../db/ledger.ts';
import { findTaxRateLocked, setTaxRateEnd, type TaxRateRow } from './store.ts';

export interface EndTaxRateInput {
  readonly id: string;
  /** The first day on which the rate is no longer in force. */
  readonly effective_to: string;
}

/** A rate can only be ended, and its end can only be moved earlier. Throws `not_found`, `invalid_request`. */
export async function endTaxRate(ctx: Ctx, { id, effective_to }: EndTaxRateInput): Promise<TaxRateRow> {
  if (!isUuid(id)) throw notFound('tax rate');
  return await ctx.ledger.transaction(PLATFORM, async (tx) => {
    const before = await findTaxRateLocked(tx, id);
    if (!before) throw notFound('tax rate');
    const faults = findEffectiveDaysFaults({ effective_from: before.effective_from, effective_to });
    if (faults.length === 0 && before.effective_to !== null && effective_to > before.effective_to) {
      const detail = 'effective_to is already set and can only be moved earlier.';
      faults.push({ pointer: '/effective_to', code: 'invalid_date', detail });
    }
    if (faults.length > 0) throw invalidRequest(faults);
    const ended = await setTaxRateEnd(tx, id, effective_to);
    await appendAudit(tx, ctx, {
      organisation_id: PLATFORM_CHAIN,
      entity_type: 'tax_rate',
      entity_id: id,
      action: 'tax_rate.end',
      changes: { effective_to },
    });
    return ended;
  });
}
