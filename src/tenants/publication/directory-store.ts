/** The SQL of the DIRECTORY database: the data published to the edge. */
import type { D1PreparedStatement } from '@cloudflare/workers-types';
import { type HotDatabase, withinTime } from '../../db/hot.ts';
import { hotColumns } from '../../db/hot-columns.ts';
import type { HotRow } from '../../db/rows.ts';
import { type EdgeKey, EVERYONE, type Publication } from './published-tenant.ts';

const ORGANISATION = hotColumns('published_organisations', [
  'organisation_id',
  'shard',
  'is_active',
  'priced_metrics',
  'version',
  'stores_payloads',
]);
const KEY = hotColumns('published_keys', [
  'key_hash',
  'key_id',
  'organisation_id',
  'project_id',
  'is_active',
  'expires_at',
  'version',
]);

// Data that applies to all organisations needs no access check: there the last write wins, and the job
// corrects a late one.
const UPSERT_ORGANISATION = `INSERT INTO published_organisations (${ORGANISATION})
VALUES (?1, CAST(?2 AS INTEGER), CAST(?3 AS INTEGER), ?4, CAST(?5 AS INTEGER), CAST(?6 AS INTEGER))
ON CONFLICT (organisation_id) DO UPDATE SET is_active = excluded.is_active, priced_metrics = excluded.priced_metrics,
  stores_payloads = excluded.stores_payloads, version = excluded.version WHERE excluded.version > version OR organisation_id = '*'`;

const UPSERT_KEYS = `INSERT INTO published_keys (${KEY})
SELECT value->>'key_hash', value->>'key_id', ?2, value->>'project_id', value->>'is_active', value->>'expires_at', CAST(?3 AS INTEGER)
FROM json_each(?1) WHERE true
ON CONFLICT (key_hash) DO UPDATE SET is_active = excluded.is_active, expires_at = excluded.expires_at,
  version = excluded.version WHERE excluded.version > version`;

/** One transaction; rows that already have a higher version stay unchanged. */
export async function upsertPublications(
  directory: HotDatabase,
  publications: readonly Publication[],
): Promise<void> {
  const statements = publications.flatMap((each): D1PreparedStatement[] => [
    directory
      .prepare(UPSERT_ORGANISATION)
      .bind(
        each.organisation_id,
        each.shard,
        each.is_active ? 1 : 0,
        JSON.stringify(each.priced_metrics),
        each.version,
        each.stores_payloads ? 1 : 0,
      ),
    directory.prepare(UPSERT_KEYS).bind(JSON.stringify(each.keys), each.organisation_id, each.version),
  ]);
  await withinTime(directory.batch(statements));
}

/** For organisations that are missing from a ledger restored to an older moment: their keys stop working. */
export async function deactivateOrganisations(directory: HotDatabase, ids: readonly string[]): Promise<void> {
  const statement = directory.prepare(
    'UPDATE published_organisations SET is_active = 0 WHERE organisation_id IN (SELECT value FROM json_each(?1)) AND is_active = 1',
  );
  await withinTime(statement.bind(JSON.stringify(ids)).run());
}

/** The published version of every organisation, by id. */
export async function readPublishedVersions(directory: HotDatabase): Promise<Map<string, number>> {
  const statement = directory.prepare('SELECT organisation_id, version FROM published_organisations');
  const { results } = await withinTime(
    statement.all<Pick<HotRow<'published_organisations'>, 'organisation_id' | 'version'>>(),
  );
  return new Map(results.map((row) => [row.organisation_id, row.version]));
}

type EdgeKeyRow = Pick<
  HotRow<'published_keys'>,
  'key_id' | 'organisation_id' | 'project_id' | 'expires_at' | 'is_active'
> &
  Pick<HotRow<'published_organisations'>, 'shard' | 'stores_payloads' | 'priced_metrics'> & {
    priced_for_all: HotRow<'published_organisations'>['priced_metrics'] | null;
  };

/** A usable key by its hash; null if it is unknown or revoked, or if its project or organisation is inactive. */
export async function findEdgeKey(directory: HotDatabase, keyHash: string): Promise<EdgeKey | null> {
  const statement = directory.prepare(
    `SELECT k.key_id, k.organisation_id, k.project_id, k.expires_at, k.is_active AND o.is_active AS is_active, o.shard,
       o.stores_payloads, o.priced_metrics, everyone.priced_metrics AS priced_for_all
     FROM published_keys k JOIN published_organisations o ON o.organisation_id = k.organisation_id
     LEFT JOIN published_organisations everyone ON everyone.organisation_id = ?2
     WHERE k.key_hash = ?1`,
  );
  const row = await withinTime(statement.bind(keyHash, EVERYONE).first<EdgeKeyRow>());
  if (!row?.is_active) return null;
  const { key_id, organisation_id, project_id, shard, expires_at } = row;
  const priced = new Set(
    [row.priced_metrics, row.priced_for_all ?? '[]'].flatMap((text) =>
      (JSON.parse(text) as [string, string][]).map((pair) => pair.join('\0')),
    ),
  );
  const isPriced = (metricName: string, unit: string): boolean => priced.has(`${metricName}\0${unit}`);
  const storesPayloads = row.stores_payloads !== 0;
  return { key_id, organisation_id, project_id, shard, expires_at, storesPayloads, isPriced };
}

/** Written at most once in five minutes per key and isolate. */
export async function touchEdgeKey(directory: HotDatabase, keyHash: string, now: number): Promise<void> {
  const statement = directory.prepare(
    'UPDATE published_keys SET last_used_at = CAST(?2 AS INTEGER) WHERE key_hash = ?1',
  );
  await withinTime(statement.bind(keyHash, now).run());
}

type KeyUse = Pick<HotRow<'published_keys'>, 'key_hash'> & { last_used_at: number };

export async function readKeyUses(directory: HotDatabase, since: number): Promise<KeyUse[]> {
  const statement = directory.prepare(
    'SELECT key_hash, last_used_at FROM published_keys WHERE last_used_at >= ?1',
  );
  const { results } = await withinTime(statement.bind(since).all<KeyUse>());
  return results;
}
