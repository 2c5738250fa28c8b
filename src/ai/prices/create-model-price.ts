import { appendAudit, PLATFORM_CHAIN } from '../../access/audit/append-audit.ts';
import { AppError, invalidRequest, parentNotFound } from '../../core/error.ts';
import { uuidv7 } from '../../core/id.ts';
import { formatInstant } from '../../core/time.ts';
import type { Ctx } from '../../db/ctx.ts';
import { PLATFORM, tenant } from '../../db/ledger.ts';
import { isExclusionViolation } from '../../db/sql-state.ts';
import { findOrganisation } from '../../tenants/store.ts';
import type { TokenKind } from '../generation-row.ts';
import { findPriceFaults, MANUAL_SOURCE, type ModelPrice, priceTierOf, readPrice } from './model-price.ts';
import { priceProviderOf } from './price-provider.ts';
import { publishModelPrice } from './publish-model-prices.ts';
import { insertModelPrice } from './store.ts';

export interface CreateModelPriceInput {
  readonly organisation_id?: string | null | undefined;
  readonly provider: string;
  readonly model: string;
  readonly token_kind: TokenKind;
  readonly price_per_million: string;
  readonly service_tier?: string | undefined;
  readonly min_prompt_tokens?: number | undefined;
  /** Epoch milliseconds; also for effective_to. */
  readonly effective_from: number;
  readonly effective_to?: number | null | undefined;
}

/**
 * Does not change calls that are already counted. Throws `invalid_request` with every fault, `not_found` for an
 * unknown organisation, `rate_overlap` if the same price (of its organisation, or of all) is in force at any of
 * these moments.
 */
export async function createModelPrice(ctx: Ctx, input: CreateModelPriceInput): Promise<ModelPrice> {
  const { organisation_id = null, effective_from, effective_to = null } = input;
  const faults = findPriceFaults({ ...input, effective_to });
  const price_per_million = readPrice(input.price_per_million);
  if (price_per_million === null || faults.length > 0) throw invalidRequest(faults);
  const row = {
    id: uuidv7(ctx.now),
    organisation_id,
    provider: priceProviderOf(input.provider),
    model: input.model,
    token_kind: input.token_kind,
    price_per_million,
    service_tier: priceTierOf(input.service_tier ?? null),
    min_prompt_tokens: input.min_prompt_tokens ?? 0,
    effective_from: formatInstant(effective_from),
    effective_to: effective_to === null ? null : formatInstant(effective_to),
    source: MANUAL_SOURCE,
    source_version: null,
  };
  try {
    const created = await ctx.ledger.transaction(
      organisation_id === null ? PLATFORM : tenant(organisation_id),
      async (tx) => {
        if (organisation_id !== null && !(await findOrganisation(tx, organisation_id))) {
          throw parentNotFound('/organisation_id', 'organisation');
        }
        // The audit row first, because it locks a single row: otherwise two writers of the same price would
        // wait for each other in the exclusion constraint.
        const { id: entity_id, ...changes } = row;
        await appendAudit(tx, ctx, {
          organisation_id: organisation_id ?? PLATFORM_CHAIN,
          entity_type: 'model_price',
          entity_id,
          action: 'model_price.create',
          changes,
        });
        return await insertModelPrice(tx, row);
      },
    );
    await publishModelPrice(ctx, created);
    return created;
  } catch (error) {
    if (!isExclusionViolation(error)) throw error;
    throw new AppError(
      'rate_overlap',
      'Another price for the same organisation, provider, model, token kind, service tier and prompt threshold is in force during part of this time.',
    );
  }
}
