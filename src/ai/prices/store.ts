/** The SQL of the price book, and of the calls that it could not price. */

import type { Page, PageInput } from '../../core/page.ts';
import { columns, expression, insertOf, matching, NOW, type RowOf, updateOf } from '../../db/columns.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import { listRows } from '../../db/list-rows.ts';
import type { Row } from '../../db/rows.ts';
import type { TokenKind } from '../generation-row.ts';
import type { ModelPrice } from './model-price.ts';

const PRICE = columns('model_prices', [
  'id',
  'organisation_id',
  'provider',
  'model',
  'token_kind',
  'price_per_million',
  'service_tier',
  'min_prompt_tokens',
  'effective_from',
  'effective_to',
  'source',
  'source_version',
  'created_at',
  'updated_at',
]);
type PriceRow = RowOf<typeof PRICE> & Pick<ModelPrice, 'token_kind'>;

export async function insertModelPrice(
  tx: LedgerTransaction,
  row: Omit<ModelPrice, 'created_at' | 'updated_at'>,
): Promise<ModelPrice> {
  const { text, values } = insertOf('model_prices', row);
  const [inserted] = await tx.query<PriceRow>(`${text} RETURNING ${PRICE}`, values);
  if (!inserted) throw new Error('the price was not inserted');
  return inserted;
}

export async function findModelPrice(tx: LedgerTransaction, id: string): Promise<ModelPrice | null> {
  const [row] = await tx.query<PriceRow>(`SELECT ${PRICE} FROM model_prices WHERE id = $1`, [id]);
  return row ?? null;
}

export async function findModelPriceLocked(tx: LedgerTransaction, id: string): Promise<ModelPrice | null> {
  const [row] = await tx.query<PriceRow>(`SELECT ${PRICE} FROM model_prices WHERE id = $1 FOR UPDATE`, [id]);
  return row ?? null;
}

export async function setModelPriceEnd(
  tx: LedgerTransaction,
  id: string,
  effectiveTo: string,
): Promise<ModelPrice> {
  const { text, values } = updateOf(
    'model_prices',
    { effective_to: effectiveTo, updated_at: NOW, revision: expression('revision + 1') },
    { id },
  );
  const [row] = await tx.query<PriceRow>(`${text} RETURNING ${PRICE}`, values);
  if (!row) throw new Error('the price was not ended');
  return row;
}

/** `at`: only prices in force at that instant. With an organisation, only its own prices. */
export const listModelPrices = (
  tx: LedgerTransaction,
  filter: {
    organisation_id?: string | undefined;
    provider?: string | undefined;
    model?: string | undefined;
    token_kind?: TokenKind | undefined;
    at?: string | undefined;
  },
  page: PageInput,
): Promise<Page<ModelPrice>> =>
  listRows<PriceRow>(
    tx,
    {
      select: PRICE,
      from: 'model_prices',
      filters: [
        ...matching('model_prices', filter, ['organisation_id', 'provider', 'model', 'token_kind']),
        ['effective_from <=', filter.at],
        ["coalesce(effective_to, 'infinity') >", filter.at],
      ],
      key: 'id',
      order: 'asc',
    },
    page,
  );

/** Calls of one model without a known price, with or without a cost from a ceiling. */
export interface UnpricedModel
  extends Readonly<Pick<Row<'ai_generations'>, 'organisation_id' | 'provider' | 'model' | 'service_tier'>> {
  readonly calls: number;
  /** Sum of all kinds. */
  readonly tokens: string;
  /** At the organisation's ceiling; 0 without one. */
  readonly ceiling_cost_usd: string;
  readonly first_seen: Row<'ai_generations'>['occurred_at'];
  readonly last_seen: Row<'ai_generations'>['occurred_at'];
}

/** The number of models and calls without a price, as in the list below. */
export async function countUnpriced(
  tx: LedgerTransaction,
): Promise<{ unpriced_models: number; unpriced_calls: number }> {
  const [row] = await tx.query<{ unpriced_models: number; unpriced_calls: number }>(
    `SELECT count(DISTINCT (organisation_id, provider, model)) AS unpriced_models, count(*) AS unpriced_calls
     FROM ai_generations WHERE cost_source IN ('unpriced', 'ceiling')`,
  );
  return row ?? { unpriced_models: 0, unpriced_calls: 0 };
}

export const listUnpriced = (
  tx: LedgerTransaction,
  filter: { organisation_id?: string | undefined },
  page: PageInput,
): Promise<Page<UnpricedModel>> =>
  listRows<UnpricedModel>(
    tx,
    {
      select:
        'organisation_id, provider, model, service_tier, calls, tokens, ceiling_cost_usd, first_seen, last_seen',
      from: `(SELECT organisation_id, provider, model, service_tier, count(*) AS calls,
          sum(input_tokens + output_tokens + cache_read_tokens + cache_write_5m_tokens + cache_write_1h_tokens
            + reasoning_tokens)::text AS tokens, trim_scale(coalesce(sum(cost_usd), 0))::text AS ceiling_cost_usd, min(occurred_at) AS first_seen, max(occurred_at) AS last_seen,
          json_build_array(organisation_id, provider, model, service_tier)::text COLLATE "C" AS place
        FROM ai_generations WHERE cost_source IN ('unpriced', 'ceiling')
        GROUP BY organisation_id, provider, model, service_tier) AS unpriced`,
      filters: [['organisation_id =', filter.organisation_id]],
      key: 'place',
      order: 'asc',
    },
    page,
  );
