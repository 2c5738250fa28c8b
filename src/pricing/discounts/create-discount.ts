import { appendAudit } from '../../access/audit/append-audit.ts';
import { decimal, formatDecimal } from '../../core/decimal.ts';
import { invalidRequest, parentNotFound } from '../../core/error.ts';
import { uuidv7 } from '../../core/id.ts';
import { formatMoney } from '../../core/money.ts';
import { firstDay, monthOf } from '../../core/time.ts';
import type { Ctx } from '../../db/ctx.ts';
import { tenant } from '../../db/ledger.ts';
import { findOrganisation } from '../../tenants/store.ts';
import { type DiscountInput, type DiscountTerms, findDiscountFaults } from './discount.ts';
import { type DiscountRow, insertDiscount } from './store.ts';

export interface CreateDiscountInput extends DiscountInput {
  readonly organisation_id: string;
  readonly description?: string | undefined;
  readonly metric_name?: string | null | undefined;
}

const DESCRIPTION_DEFAULT = 'Discount';

/** Throws `not_found` for an unknown organisation, then `invalid_request` with every fault. */
export async function createDiscount(ctx: Ctx, input: CreateDiscountInput): Promise<DiscountRow> {
  const { organisation_id } = input;
  return await ctx.ledger.transaction(tenant(organisation_id), async (tx) => {
    const organisation = await findOrganisation(tx, organisation_id);
    if (!organisation) throw parentNotFound('/organisation_id', 'organisation');
    const terms: DiscountTerms = {
      currency: organisation.currency,
      firstDay: firstDay(monthOf(ctx.now, organisation.timezone)),
    };
    const faults = findDiscountFaults(input, terms);
    if (faults.length > 0) throw invalidRequest(faults);
    const row = rowOf(input, terms, uuidv7(ctx.now));
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

function rowOf(input: CreateDiscountInput, terms: DiscountTerms, id: string) {
  const { organisation_id, percentage = null, amount = null, currency = null } = input;
  return {
    organisation_id,
    id,
    description: input.description ?? DESCRIPTION_DEFAULT,
    percentage: percentage === null ? null : formatDecimal(decimal(percentage)),
    amount: amount === null || currency === null ? null : formatMoney(decimal(amount), currency),
    currency,
    metric_name: input.metric_name ?? null,
    effective_from: input.effective_from ?? terms.firstDay,
    effective_to: input.effective_to ?? null,
  };
}
