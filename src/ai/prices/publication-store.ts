/**
 * The ledger's side of publishing prices. Each snapshot is one statement, so that a version has exactly one
 * content.
 */

import { textArray } from '../../db/array-literal.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import type { Row } from '../../db/rows.ts';
import { EVERYONE, type ModelPublication, type PublishedModel } from './published-price.ts';
import type { PublishedVersion } from './published-price-store.ts';

const OWNER = `coalesce(organisation_id::text, '${EVERYONE}')`;

export interface LedgerVersion extends PublishedVersion {
  readonly changed_at: string;
}

type ModelKey = Pick<Row<'model_prices'>, 'provider' | 'model'>;

// Prices are never deleted and every change is counted, so the sum only grows.
export const listModelVersions = (tx: LedgerTransaction): Promise<LedgerVersion[]> =>
  tx.query<ModelKey & Pick<LedgerVersion, 'organisation_id' | 'version' | 'changed_at'>>(
    `SELECT provider, model, ${OWNER} AS organisation_id, sum(revision) AS version, max(updated_at) AS changed_at
     FROM model_prices GROUP BY 1, 2, 3`,
  );

export const readModelPublications = (
  tx: LedgerTransaction,
  models: readonly PublishedModel[],
): Promise<ModelPublication[]> =>
  tx.query<ModelKey & Pick<ModelPublication, 'organisation_id' | 'version' | 'prices'>>(
    `SELECT provider, model, ${OWNER} AS organisation_id, sum(revision) AS version,
       jsonb_agg(jsonb_build_array(id, token_kind, trim_scale(price_per_million)::text, service_tier, min_prompt_tokens,
         (extract(epoch FROM effective_from) * 1000)::bigint, (extract(epoch FROM effective_to) * 1000)::bigint)
         ORDER BY id) AS prices
     FROM unnest($1::text[], $2::text[], $3::text[]) AS called(provider, model, owner)
     JOIN model_prices USING (provider, model) WHERE ${OWNER} = owner GROUP BY 1, 2, 3`,
    [
      textArray(models.map(({ provider }) => provider)),
      textArray(models.map(({ model }) => model)),
      textArray(models.map(({ organisation_id }) => organisation_id)),
    ],
  );
