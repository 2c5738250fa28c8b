/**
 * The D1 tables. Every D1 database has all of them: a shard (`HOT_n`) uses the first five, `DIRECTORY` the
 * last three. All are STRICT. `usage_events` has AUTOINCREMENT: without it, a row number is reused after a
 * purge and a cursor would skip the event that got it.
 */
import { sql } from 'drizzle-orm';
import { integer, primaryKey, sqliteTable, sqliteView, text, unique } from 'drizzle-orm/sqlite-core';

export const usageEvents = sqliteTable(
  'usage_events',
  {
    seq: integer().primaryKey({ autoIncrement: true }),
    id: text().notNull(),
    organisation_id: text().notNull(),
    project_id: text().notNull(),
    metric_name: text().notNull(),
    metric_value: text().notNull(),
    unit: text().notNull(),
    timestamp: integer().notNull(),
    user_id: text(),
    metadata: text().notNull(),
    idempotency_key: text().notNull(),
    fingerprint: text().notNull(),
    ingested_at: integer().notNull(),
    /** The content of an AI call as JSON (src/ai/generation.ts). */
    generation: text(),
  },
  (table) => [unique('usage_events_key').on(table.project_id, table.idempotency_key)],
);

/**
 * An event that arrived under a key already in use, kept whole. `conflict`: with other content, for the
 * operator. `fill`: for the same AI call, with fields that the first event lacked; its fingerprint covers all
 * of its content.
 */
export const eventConflicts = sqliteTable(
  'event_conflicts',
  {
    seq: integer().primaryKey({ autoIncrement: true }),
    id: text().notNull(),
    organisation_id: text().notNull(),
    project_id: text().notNull(),
    idempotency_key: text().notNull(),
    fingerprint: text().notNull(),
    event: text().notNull(),
    first_event_id: text().notNull(),
    received_at: integer().notNull(),
    kind: text().notNull().default('conflict'),
  },
  (table) => [unique('event_conflicts_key').on(table.project_id, table.idempotency_key, table.fingerprint)],
);

/**
 * Facts about the counted spans of a trace that neighbouring spans need (src/ingest/traces/span-store.ts).
 * Purged by age: `seq` gives only the order of arrival, and may be reused.
 */
export const spanMarks = sqliteTable(
  'span_marks',
  {
    seq: integer().primaryKey(),
    project_id: text().notNull(),
    mark: text().notNull(),
    received_at: integer().notNull(),
  },
  (table) => [unique('span_marks_key').on(table.project_id, table.mark)],
);

/**
 * Appended by the drain after its commit in Postgres: (from_seq, to_seq] is processed. For information only,
 * never for a decision.
 */
export const drainedRanges = sqliteTable(
  'drained_ranges',
  {
    epoch: integer().notNull(),
    from_seq: integer().notNull(),
    to_seq: integer().notNull(),
    drained_at: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.epoch, table.to_seq] })],
);

export const processedEvents = sqliteView('processed_events', {
  seq: integer().notNull(),
  id: text().notNull(),
  project_id: text().notNull(),
  idempotency_key: text().notNull(),
  processed_at: integer(),
}).as(
  sql`SELECT seq, id, project_id, idempotency_key, (SELECT max(drained_at) FROM drained_ranges WHERE from_seq < usage_events.seq AND usage_events.seq <= to_seq) AS processed_at FROM usage_events`,
);

/**
 * The facts about an organisation that the edge needs. `version` only grows; an upsert with a lower version
 * has no effect.
 */
export const publishedOrganisations = sqliteTable('published_organisations', {
  organisation_id: text().primaryKey(),
  shard: integer().notNull(),
  is_active: integer().notNull(),
  /**
   * JSON array of `[metric_name, unit]` pairs that have a price; the row of id `*` holds those priced for all
   * organisations.
   */
  priced_metrics: text().notNull(),
  version: integer().notNull(),
  /** 0: no inputs or outputs of AI calls are stored. */
  stores_payloads: integer().notNull().default(1),
});

/** A revoked key stays as a row with `is_active` 0: a tombstone, so that a late publish cannot restore it. */
export const publishedKeys = sqliteTable('published_keys', {
  key_hash: text().primaryKey(),
  key_id: text().notNull(),
  organisation_id: text().notNull(),
  project_id: text().notNull(),
  is_active: integer().notNull(),
  expires_at: integer(),
  last_used_at: integer(),
  version: integer().notNull(),
});

/**
 * The prices of a model: the general prices under the organisation `*`, an organisation's own under its id.
 * `version` only grows.
 */
export const publishedPrices = sqliteTable(
  'published_prices',
  {
    provider: text().notNull(),
    model: text().notNull(),
    organisation_id: text().notNull(),
    /** JSON: src/ai/prices/published-price.ts. */
    prices: text().notNull(),
    version: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.provider, table.model, table.organisation_id] })],
);
