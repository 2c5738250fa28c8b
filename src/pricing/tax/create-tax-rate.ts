import { appendAudit, PLATFORM_CHAIN } from '../../access/audit/append-audit.ts';
import { isCountry } from '../../core/country.ts';
import { decimal, formatDecimal } from '../../core/decimal.ts';
import { type EffectiveDays, findEffectiveDaysFaults } from '../../core/effective-days.ts';
import { AppError, invalidRequest } from '../../core/error.ts';
import { uuidv7 } from '../../core/id.ts';
import { findPercentFaults } from '../../core/percent.ts';
import type { Ctx } from '../../db/ctx.ts';
import { PLATFORM } from '../../db/ledger.ts';
import { isExclusionViolation } from '../../db/sql-state.ts';
import { insertTaxRate, type TaxRateRow } from './store.ts';

export interface CreateTaxRateInput extends EffectiveDays {
  readonly country: string;
  readonly category?: string | undefined;
  readonly rate: string;
  readonly source?: string | undefined;
}

/** Throws `invalid_request` with every fault, `rate_overlap` if another rate is in force on one of its days. */
export async function createTaxRate(ctx: Ctx, input: CreateTaxRateInput): Promise<TaxRateRow> {
  const faults = [...findPercentFaults('/rate', input.rate), ...findEffectiveDaysFaults(input)];
  if (!isCountry(input.country)) {
    const detail = 'Must be an ISO 3166-1 alpha-2 country code.';
    faults.unshift({ pointer: '/country', code: 'unknown_country', detail });
  }
  if (faults.length > 0) throw invalidRequest(faults);
  const row = {
    id: uuidv7(ctx.now),
    country: input.country,
    category: input.category ?? 'standard',
    rate: formatDecimal(decimal(input.rate)),
    effective_from: input.effective_from,
    effective_to: input.effective_to ?? null,
    source: input.source ?? 'manual',
  };
  try {
    return await ctx.ledger.transaction(PLATFORM, async (tx) => {
      // Lock the audit chain first. Otherwise two writers of the same rate would deadlock in the exclusion
      // constraint.
      await appendAudit(tx, ctx, {
        organisation_id: PLATFORM_CHAIN,
        entity_type: 'tax_rate',
        entity_id: row.id,
        action: 'tax_rate.create',
        changes: row,
      });
      return await insertTaxRate(tx, row);
    });
  } catch (error) {
    if (!isExclusionViolation(error)) throw error;
    const detail = 'Another rate for this country and category is in force on some of these days.';
    throw new AppError('rate_overlap', detail);
  }
}
