/** The SQL of published prices in the DIRECTORY. */
import type { D1PreparedStatement } from '@cloudflare/workers-types';
import { type HotDatabase, withinTime } from '../../db/hot.ts';
import { hotColumns } from '../../db/hot-columns.ts';
import type { HotRow } from '../../db/rows.ts';
import type { ModelName } from './model-price.ts';
import type { BookPrice } from './price-book.ts';
import {
  bookPricesOf,
  EVERYONE,
  type ModelPublication,
  type PublishedModel,
  type PublishedPrice,
} from './published-price.ts';

/** The general prices of these models and this organisation's own. Reads at most two rows per model. */
export async function findPublishedPrices(
  directory: HotDatabase,
  organisationId: string,
  models: readonly ModelName[],
): Promise<BookPrice[]> {
  const statement = directory.prepare(
    `SELECT p.provider, p.model, p.organisation_id, p.prices FROM json_each(?1) AS called
     CROSS JOIN published_prices p ON p.provider = called.value->>0 AND p.model = called.value->>1
       AND p.organisation_id IN (?2, ?3)`,
  );
  const names = JSON.stringify(models.map(({ provider, model }) => [provider, model]));
  const { results } = await withinTime(
    statement.bind(names, organisationId, EVERYONE).all<Omit<HotRow<'published_prices'>, 'version'>>(),
  );
  return results.flatMap((row) => bookPricesOf(row, JSON.parse(row.prices) as PublishedPrice[]));
}

export interface PublishedVersion extends PublishedModel {
  readonly version: number;
}

export async function listPublishedPrices(directory: HotDatabase): Promise<PublishedVersion[]> {
  const statement = directory.prepare(
    'SELECT provider, model, organisation_id, version FROM published_prices',
  );
  return (await withinTime(statement.all<Omit<HotRow<'published_prices'>, 'prices'>>())).results;
}

const PRICES = hotColumns('published_prices', ['provider', 'model', 'organisation_id', 'prices', 'version']);
const UPSERT = `INSERT INTO published_prices (${PRICES})
SELECT value->>0, value->>1, value->>2, value->>3, value->>4 FROM json_each(?1) WHERE true
ON CONFLICT (provider, model, organisation_id) DO UPDATE SET prices = excluded.prices, version = excluded.version
  WHERE excluded.version > version`;

const WITHDRAW = `DELETE FROM published_prices WHERE (provider, model, organisation_id, version) IN (
  SELECT value->>0, value->>1, value->>2, value->>3 FROM json_each(?1))`;

/** Rows per statement: their prices stay far below the size limit of a bound value. */
const ROWS_MAX = 500;

/**
 * One transaction: deletes `withdrawn` rows that still have the given version, then writes rows over those of a
 * lower version.
 */
export async function publishPrices(
  directory: HotDatabase,
  publications: readonly ModelPublication[],
  withdrawn: readonly PublishedVersion[],
): Promise<void> {
  const statements: D1PreparedStatement[] = [];
  const add = (sql: string, rows: readonly unknown[][]): void => {
    for (let start = 0; start < rows.length; start += ROWS_MAX) {
      statements.push(directory.prepare(sql).bind(JSON.stringify(rows.slice(start, start + ROWS_MAX))));
    }
  };
  add(
    WITHDRAW,
    withdrawn.map(({ provider, model, organisation_id, version }) => [
      provider,
      model,
      organisation_id,
      version,
    ]),
  );
  add(
    UPSERT,
    publications.map(({ provider, model, organisation_id, prices, version }) => [
      provider,
      model,
      organisation_id,
      JSON.stringify(prices),
      version,
    ]),
  );
  if (statements.length > 0) await withinTime(directory.batch(statements));
}
