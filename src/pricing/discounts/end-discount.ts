import { appendAudit } from '../../access/audit/append-audit.ts';
import { findEffectiveDaysFaults } from '../../core/effective-days.ts';
import { invalidRequest, notFound } from '../../core/error.ts';
import type { Ctx } from '../../db/ctx.ts';
import { withOwner } from '../../tenants/tenant-scope.ts';
import { type DiscountRow, findDiscountLocked, setDiscountEnd } from './store.ts';

export interface EndDiscountInput {
  readonly id: string;
  /** The first day on which it is no longer in force; null removes the end. */
  readonly effective_to: string | null;
}

/** Changes only the end. Issued invoices keep their discounts. Throws `not_found`, `invalid_request`. */
export async function endDiscount(ctx: Ctx, { id, effective_to }: EndDiscountInput): Promise<DiscountRow> {
  return await withOwner(ctx, 'discounts', id, async (tx, organisation_id) => {
    const before = await findDiscountLocked(tx, organisation_id, id);
    if (!before) throw notFound('discount');
    const faults = findEffectiveDaysFaults({ effective_from: before.effective_from, effective_to });
    if (faults.length > 0) throw invalidRequest(faults);
    const changed = await setDiscountEnd(tx, organisation_id, id, effective_to);
    await appendAudit(tx, ctx, {
      organisation_id,
      entity_type: 'discount',
      entity_id: id,
      action: 'discount.end',
      changes: { effective_to },
    });
    return changed;
  });
}
