/**
 * The D1 tables. Every D1 database carries all of them: a shard (`HOT_n`) uses the first five, `DIRECTORY` the last three.
 * All are STRICT; `usage_events` has AUTOINCREMENT, without which a row number is used again after a purge and a cursor
 * would skip the event that got it.
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
    /** Of an AI call: its content as JSON (src/ai/generation.ts). */
    generation: text(),
  },
  (table) => [unique('usage_events_key').on(table.project_id, table.idempotency_key)],
);

/**
 * An event that came under a key already taken, kept whole. `conflict`: by other content, for the operator. `fill`: by the
 * same AI call, for the fields that the first came without; its fingerprint is that of all of its content.
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
 * What the spans of a trace that were counted leave for their neighbours (src/ingest/traces/span-store.ts). Purged by age: `seq` only
 * says which came first, and may be used again.
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

/** Appended by the drain after its commit in Postgres: (from_seq, to_seq] is processed. Informs, never decides. */
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

/** What the edge must know of an organisation. `version` only grows; an upsert with a lower one loses. */
export const publishedOrganisations = sqliteTable('published_organisations', {
  organisation_id: text().primaryKey(),
  shard: integer().notNull(),
  is_active: integer().notNull(),
  /** JSON array of `[metric_name, unit]` that have a price; the row of id `*` holds those priced for everyone. */
  priced_metrics: text().notNull(),
  version: integer().notNull(),
  /** 0: nothing of what was asked and answered in AI calls is kept. */
  stores_payloads: integer().notNull().default(1),
});

/** A revoked key stays as a row with `is_active` 0: a tombstone, so that a late publish cannot bring it back. */
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

/** The prices of a model: everyone's under the organisation `*`, an organisation's own under its id. `version` only grows. */
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
