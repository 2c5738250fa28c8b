/** The SQL of the price book for those who price calls. */
import { bareArray, textArray } from '../../db/array-literal.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import type { ModelName } from './model-price.ts';
import type { LedgerPrice } from './price-book.ts';

/** Of these organisations those that have a ceiling, and which. */
export async function listCeilings(
  tx: LedgerTransaction,
  organisationIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await tx.query<{ id: string; price: string }>(
    `SELECT id, ai_ceiling_price_per_million AS price FROM organisations
     WHERE id = ANY ($1::uuid[]) AND ai_ceiling_price_per_million IS NOT NULL`,
    [bareArray(organisationIds)],
  );
  return new Map(rows.map(({ id, price }) => [id, price]));
}

/** Everyone's prices of these models, and these organisations' own. */
export const listBookPrices = (
  tx: LedgerTransaction,
  organisationIds: readonly string[],
  models: readonly ModelName[],
): Promise<LedgerPrice[]> =>
  tx.query<LedgerPrice>(
    `SELECT p.id, p.organisation_id, p.provider, p.model, p.token_kind, p.price_per_million, p.service_tier,
       p.min_prompt_tokens, (extract(epoch FROM p.effective_from) * 1000)::bigint AS from_ms,
       (extract(epoch FROM p.effective_to) * 1000)::bigint AS to_ms,
       floor(extract(epoch FROM p.created_at) * 1000)::bigint AS entered_ms,
       floor(extract(epoch FROM p.updated_at) * 1000)::bigint AS changed_ms
     FROM unnest($2::text[], $3::text[]) AS called(provider, model)
     JOIN model_prices p USING (provider, model)
     WHERE p.organisation_id IS NULL OR p.organisation_id = ANY ($1::uuid[])`,
    [
      bareArray(organisationIds),
      textArray(models.map(({ provider }) => provider)),
      textArray(models.map(({ model }) => model)),
    ],
  );
