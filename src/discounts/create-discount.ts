import { appendAudit } from '../audit/append-audit.ts';
import { decimal, formatDecimal } from '../core/decimal.ts';
import { invalidRequest, parentNotFound } from '../core/error.ts';
import { uuidv7 } from '../core/id.ts';
import { formatMoney } from '../core/money.ts';
import type { Ctx } from '../db/ctx.ts';
import { tenant } from '../db/ledger.ts';
import { findOrganisation } from '../tenants/store.ts';
import { type DiscountInput, findDiscountFaults } from './discount.ts';
import { type DiscountRow, insertDiscount } from './store.ts';

export interface CreateDiscountInput extends DiscountInput {
  readonly organisation_id: string;
  readonly description: string;
  readonly metric_name?: string | null | undefined;
}

/** Throws `invalid_request` with every fault, `not_found` for an unknown organisation. */
export async function createDiscount(ctx: Ctx, input: CreateDiscountInput): Promise<DiscountRow> {
  const faults = findDiscountFaults(input);
  if (faults.length > 0) throw invalidRequest(faults);
  const { organisation_id, percentage = null, amount = null, currency = null } = input;
  const row = {
    organisation_id,
    id: uuidv7(ctx.now),
    description: input.description,
    percentage: percentage === null ? null : formatDecimal(decimal(percentage)),
    amount: amount === null || currency === null ? null : formatMoney(decimal(amount), currency),
    currency,
    metric_name: input.metric_name ?? null,
    effective_from: input.effective_from,
    effective_to: input.effective_to ?? null,
  };
  return await ctx.ledger.transaction(tenant(organisation_id), async (tx) => {
    if (!(await findOrganisation(tx, organisation_id))) {
      throw parentNotFound('/organisation_id', 'organisation');
    }
    const created = await insertDiscount(tx, row);
    await appendAudit(tx, ctx, {
      organisation_id,
      entity_type: 'discount',
      entity_id: row.id,
      action: 'discount.create',
      changes: row,
    });
    return created;
  });
}
