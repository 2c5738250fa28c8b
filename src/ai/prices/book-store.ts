/** The SQL of the price book for pricing calls. */
import { bareArray, textArray } from '../../db/array-literal.ts';
import { columns, type RowOf } from '../../db/columns.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import type { Row } from '../../db/rows.ts';
import type { TokenKind } from '../generation-row.ts';
import type { ModelName } from './model-price.ts';
import type { LedgerPrice } from './price-book.ts';

/** The ceilings of these organisations; those without one are left out. */
export async function listCeilings(
  tx: LedgerTransaction,
  organisationIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  // No row has a null ceiling.
  const rows = await tx.query<{
    id: Row<'organisations'>['id'];
    price: NonNullable<Row<'organisations'>['ai_ceiling_price_per_million']>;
  }>(
    `SELECT id, ai_ceiling_price_per_million AS price FROM organisations
     WHERE id = ANY ($1::uuid[]) AND ai_ceiling_price_per_million IS NOT NULL`,
    [bareArray(organisationIds)],
  );
  return new Map(rows.map(({ id, price }) => [id, price]));
}

const PRICE = columns(
  'model_prices',
  [
    'id',
    'organisation_id',
    'provider',
    'model',
    'token_kind',
    'price_per_million',
    'service_tier',
    'min_prompt_tokens',
  ],
  'p',
);
type PriceRow = RowOf<typeof PRICE> & { token_kind: TokenKind } & Pick<
    LedgerPrice,
    'from_ms' | 'to_ms' | 'entered_ms' | 'changed_ms'
  >;

/** The general prices of these models, and the own prices of these organisations. */
export const listBookPrices = (
  tx: LedgerTransaction,
  organisationIds: readonly string[],
  models: readonly ModelName[],
): Promise<LedgerPrice[]> =>
  tx.query<PriceRow>(
    `SELECT ${PRICE}, (extract(epoch FROM p.effective_from) * 1000)::bigint AS from_ms,
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
