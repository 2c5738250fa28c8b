/** The ledger's side of publishing: one statement per snapshot, so that a version identifies one content. */
import { bareArray, textArray } from '../../db/array-literal.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import type { Row } from '../../db/rows.ts';
import { EVERYONE, type Publication } from './published-tenant.ts';

// The platform's audit chain grows with every change of data that applies to all organisations: its sequence
// is their version.
const EVERYONE_VERSION = `coalesce((SELECT last_seq FROM audit_chains
  WHERE organisation_id = '00000000-0000-0000-0000-000000000000'), 0)`;

export interface PublicationVersion {
  readonly organisation_id: string;
  readonly version: Row<'organisations'>['publication_version'];
  readonly changed_at: Row<'organisations'>['updated_at'];
}

export async function listPublicationVersions(tx: LedgerTransaction): Promise<PublicationVersion[]> {
  return await tx.query<PublicationVersion>(
    `SELECT id::text AS organisation_id, publication_version AS version, updated_at AS changed_at FROM organisations
     UNION ALL SELECT '${EVERYONE}', ${EVERYONE_VERSION}, coalesce((SELECT created_at FROM audit_logs
       WHERE organisation_id = '00000000-0000-0000-0000-000000000000' ORDER BY seq DESC LIMIT 1), '1970-01-01T00:00:00Z')`,
  );
}

export async function raisePublicationVersions(
  tx: LedgerTransaction,
  versions: readonly (readonly [organisationId: string, version: number])[],
): Promise<void> {
  const ofOrganisations = versions.filter(([id]) => id !== EVERYONE);
  await tx.execute(
    `UPDATE organisations o SET publication_version = raised.version
     FROM unnest($1::uuid[], $2::bigint[]) AS raised(id, version)
     WHERE o.id = raised.id AND o.publication_version < raised.version`,
    [bareArray(ofOrganisations.map(([id]) => id)), bareArray(ofOrganisations.map(([, version]) => version))],
  );
}

const PRICED = `coalesce(jsonb_agg(DISTINCT jsonb_build_array(p.metric_name, p.unit)), '[]')`;

/** `ids` is an array literal of organisations. */
export async function readPublications(
  tx: LedgerTransaction,
  ids: string,
  withEveryone: boolean,
): Promise<Publication[]> {
  return await tx.query<
    Omit<Publication, 'shard' | 'is_active'> & Pick<Row<'organisations'>, 'shard' | 'is_active'>
  >(
    `SELECT o.id::text AS organisation_id, o.shard, o.is_active, o.publication_version AS version,
       (SELECT ${PRICED} FROM pricing_plans p WHERE p.organisation_id = o.id AND p.is_active) AS priced_metrics,
       o.store_ai_payloads AS stores_payloads,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('key_hash', k.key_hash, 'key_id', k.id, 'project_id', k.project_id,
            'is_active', k.is_active AND project.is_active,
            'expires_at', (extract(epoch FROM k.expires_at) * 1000)::bigint)), '[]')
          FROM api_keys k JOIN projects project ON project.organisation_id = k.organisation_id AND project.id = k.project_id
          WHERE k.organisation_id = o.id) AS keys
     FROM organisations o WHERE o.id = ANY ($1::uuid[])
     UNION ALL
     SELECT '${EVERYONE}', 0, true, ${EVERYONE_VERSION},
       (SELECT ${PRICED} FROM pricing_plans p WHERE p.organisation_id IS NULL AND p.is_active), true, '[]' WHERE $2`,
    [ids, withEveryone],
  );
}

export async function recordKeyUses(
  tx: LedgerTransaction,
  uses: readonly (Pick<Row<'api_keys'>, 'key_hash'> & { last_used_at: number })[],
): Promise<void> {
  await tx.execute(
    `UPDATE api_keys k SET last_used_at = used.at
     FROM unnest($1::text[], $2::timestamptz[]) AS used(key_hash, at)
     WHERE k.key_hash = used.key_hash AND (k.last_used_at IS NULL OR k.last_used_at < used.at)`,
    [
      textArray(uses.map((use) => use.key_hash)),
      bareArray(uses.map((use) => new Date(use.last_used_at).toISOString())),
    ],
  );
}
