import { appendAudit, PLATFORM_CHAIN } from '../../access/audit/append-audit.ts';
import { AppError, type Fault, invalidRequest } from '../../core/error.ts';
import { uuidv7 } from '../../core/id.ts';
import { formatInstant } from '../../core/time.ts';
import type { Ctx } from '../../db/ctx.ts';
import { PLATFORM } from '../../db/ledger.ts';
import { isExclusionViolation } from '../../db/sql-state.ts';
import {
  type CurrencyPair,
  type ExchangeRate,
  findPairFaults,
  RATE_DETAIL,
  type RateSource,
  readRate,
} from './exchange-rate.ts';
import { insertRate, lockRates } from './store.ts';

export interface CreateExchangeRateInput extends CurrencyPair {
  readonly rate: string;
  /** Epoch milliseconds, like effective_to. */
  readonly effective_from: number;
  readonly effective_to?: number | null | undefined;
  readonly source?: RateSource | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
}

/** Throws `invalid_request` with every fault, `rate_overlap` if the pair already has a rate in part of this time. */
export async function createExchangeRate(ctx: Ctx, input: CreateExchangeRateInput): Promise<ExchangeRate> {
  const { base_currency, target_currency, effective_from, effective_to = null } = input;
  const rate = readRate(input.rate);
  const faults: Fault[] = findPairFaults(input);
  if (effective_to !== null && effective_to <= effective_from) {
    faults.push({ pointer: '/effective_to', code: 'invalid_order', detail: 'Must be after effective_from.' });
  }
  if (rate === null) faults.push({ pointer: '/rate', code: 'invalid_decimal', detail: RATE_DETAIL });
  if (rate === null || faults.length > 0) throw invalidRequest(faults);
  const row = {
    id: uuidv7(ctx.now),
    base_currency,
    target_currency,
    rate,
    effective_from: formatInstant(effective_from),
    effective_to: effective_to === null ? null : formatInstant(effective_to),
    source: input.source ?? 'manual',
    metadata: input.metadata ?? {},
  };
  try {
    return await ctx.ledger.transaction(PLATFORM, async (tx) => {
      await lockRates(tx);
      const inserted = await insertRate(tx, row);
      const { id: entity_id, ...changes } = row;
      await appendAudit(tx, ctx, {
        organisation_id: PLATFORM_CHAIN,
        entity_type: 'exchange_rate',
        entity_id,
        action: 'exchange_rate.create',
        changes,
      });
      return inserted;
    });
  } catch (error) {
    if (!isExclusionViolation(error)) throw error;
    throw new AppError(
      'rate_overlap',
      'Another rate for this currency pair is in force during part of this time.',
    );
  }
}
