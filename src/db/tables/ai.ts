/** AI calls, their costs and statistics, and the price book. */
import { sql } from 'drizzle-orm';
import {
  bigint,
  check,
  date,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  uuid,
} from 'drizzle-orm/pg-core';
import {
  created,
  decimalText,
  instant,
  ofOrganisation,
  policies,
  quantityText,
  timestamps,
} from './columns.ts';
import { organisations } from './tenants.ts';

/**
 * The AI calls, which are not in `usage_events`; partitioned like that table. The token kinds are disjoint.
 * The view `counted_events` has each call as one of `ai.calls`, and `metered_events` adds a row for each
 * quantity that it is also metered by.
 */
export const aiGenerations = pgTable(
  'ai_generations',
  {
    organisation_id: uuid().notNull(),
    /** The id of the event. */
    id: uuid().notNull(),
    project_id: uuid().notNull(),
    /** The event's key: built from provider and response_id if there is a response_id. */
    idempotency_key: text().notNull(),
    /** The caller's own key, if the event has another one. */
    client_key: text(),
    provider: text().notNull(),
    model: text().notNull(),
    generation_type: text().notNull(),
    scene_description: text(),
    user_id: text(),
    session_id: text(),
    application_id: text(),
    sku: text(),
    request_id: text(),
    response_id: text(),
    status: text().notNull(),
    error_code: text(),
    error_message: text(),
    duration_ms: bigint({ mode: 'number' }),
    service_tier: text(),
    /** Without tokens read from or written to a cache. */
    input_tokens: bigint({ mode: 'number' }).notNull(),
    /** Without reasoning tokens. */
    output_tokens: bigint({ mode: 'number' }).notNull(),
    cache_read_tokens: bigint({ mode: 'number' }).notNull(),
    cache_write_5m_tokens: bigint({ mode: 'number' }).notNull(),
    cache_write_1h_tokens: bigint({ mode: 'number' }).notNull(),
    reasoning_tokens: bigint({ mode: 'number' }).notNull(),
    /**
     * Null: unknown. With `cost_source` 'ceiling' it is the organisation's ceiling, and the true cost is
     * unknown too.
     */
    cost_usd: quantityText(),
    /**
     * For a repriced call: the cost with which it was first metered; `ai_cost_adjustments` holds the rest of
     * cost_usd.
     */
    first_cost_usd: quantityText(),
    cost_source: text().notNull(),
    price_ids: uuid().array(),
    input_summary: text(),
    output_summary: text(),
    request_data: jsonb(),
    response_data: jsonb(),
    ip_address: text(),
    user_agent: text(),
    occurred_at: instant().notNull(),
    ingested_at: instant().notNull(),
    hour: instant().notNull(),
    day: date({ mode: 'string' }).notNull(),
    /** The adjustment of each metric, if the period was already closed. */
    adjustment_ids: jsonb().$type<Readonly<Record<string, string>>>(),
    /** The archive that holds the payload. Later arrivals do not fill the payload in again. */
    archive_id: uuid(),
    /** When the user was deleted, together with the data about them. */
    erased_at: instant(),
  },
  (table) => [
    primaryKey({ columns: [table.organisation_id, table.id, table.ingested_at] }),
    index('ai_generations_organisation_project_occurred').on(
      table.organisation_id,
      table.project_id,
      table.occurred_at,
    ),
    index('ai_generations_organisation_user_occurred')
      .on(table.organisation_id, table.user_id, table.occurred_at)
      .where(sql`user_id IS NOT NULL`),
    index('ai_generations_failed')
      .on(table.organisation_id, table.occurred_at)
      .where(sql`status <> 'success'`),
    index('ai_generations_unpriced')
      .on(table.organisation_id, table.provider, table.model)
      .where(sql`cost_source IN ('unpriced', 'ceiling')`),
    // What the retention job looks for: no entry once a payload has moved or been deleted.
    index('ai_generations_payload')
      .on(table.organisation_id, table.ingested_at)
      .where(
        sql`archive_id IS NULL AND (input_summary IS NOT NULL OR output_summary IS NOT NULL OR request_data IS NOT NULL OR response_data IS NOT NULL)`,
      ),
    index('ai_generations_erased_archive')
      .on(table.organisation_id, table.archive_id)
      .where(sql`erased_at IS NOT NULL AND archive_id IS NOT NULL`),
    check(
      'ai_generations_payload_gone',
      sql`(archive_id IS NULL AND erased_at IS NULL) OR (input_summary IS NULL AND output_summary IS NULL AND request_data IS NULL AND response_data IS NULL)`,
    ),
    check(
      'ai_generations_erased',
      sql`erased_at IS NULL OR (scene_description IS NULL AND session_id IS NULL AND error_message IS NULL AND ip_address IS NULL AND user_agent IS NULL)`,
    ),
    check('ai_generations_status', sql`status IN ('success', 'failed', 'timeout', 'cancelled')`),
    check('ai_generations_cost_source', sql`cost_source IN ('reported', 'priced', 'ceiling', 'unpriced')`),
    ...policies('ai_generations'),
  ],
);

/**
 * The amount that repricing added to or subtracted from the cost of a call: metered as `ai.cost_usd` on the
 * call's own day, in the aggregates or, if the period was closed, in an adjustment.
 */
export const aiCostAdjustments = pgTable(
  'ai_cost_adjustments',
  {
    organisation_id: uuid().notNull(),
    id: uuid().notNull(),
    repricing_id: uuid().notNull(),
    generation_id: uuid().notNull(),
    project_id: uuid().notNull(),
    idempotency_key: text().notNull(),
    cost_usd: quantityText().notNull(),
    /** 1 if the call had no cost before and so was not counted among the events of its metric. */
    event_count: smallint().notNull(),
    occurred_at: instant().notNull(),
    ingested_at: instant().notNull(),
    hour: instant().notNull(),
    day: date({ mode: 'string' }).notNull(),
    adjustment_id: uuid(),
    ...created,
  },
  (table) => [
    primaryKey({ columns: [table.organisation_id, table.id] }),
    index('ai_cost_adjustments_organisation_project_occurred').on(
      table.organisation_id,
      table.project_id,
      table.occurred_at,
    ),
    index('ai_cost_adjustments_generation').on(table.organisation_id, table.generation_id),
    check('ai_cost_adjustments_event_count', sql`event_count IN (0, 1)`),
    ...policies('ai_cost_adjustments'),
  ],
);

/**
 * A file of payloads in the file store. `writing`: the file may not exist yet. `kept`: it was read back and
 * verified against this row, and the calls refer to it. `deleting`: no longer read. The sums are those of its
 * calls at creation.
 */
export const aiPayloadArchives = pgTable(
  'ai_payload_archives',
  {
    organisation_id: uuid().notNull(),
    id: uuid().notNull(),
    status: text().notNull().default('writing'),
    file_key: text().notNull(),
    rows: integer().notNull(),
    bytes: integer().notNull(),
    sha256: text().notNull(),
    first_occurred_at: instant().notNull(),
    last_occurred_at: instant().notNull(),
    /** Receipt of the call received last: it determines when the file expires. */
    last_received_at: instant().notNull(),
    input_tokens: decimalText().notNull(),
    output_tokens: decimalText().notNull(),
    cache_read_tokens: decimalText().notNull(),
    cache_write_5m_tokens: decimalText().notNull(),
    cache_write_1h_tokens: decimalText().notNull(),
    reasoning_tokens: decimalText().notNull(),
    cost_usd: decimalText().notNull(),
    /** The archive that replaced this one when lines of a deleted user were removed. */
    replaced_by: uuid(),
    verified_at: instant(),
    deleted_at: instant(),
    ...created,
  },
  (table) => [
    primaryKey({ columns: [table.organisation_id, table.id] }),
    index('ai_payload_archives_kept')
      .on(table.organisation_id, table.last_received_at)
      .where(sql`status = 'kept'`),
    index('ai_payload_archives_unsettled')
      .on(table.status, table.created_at)
      .where(sql`status IN ('writing', 'deleting')`),
    check('ai_payload_archives_status', sql`status IN ('writing', 'kept', 'deleting', 'deleted')`),
    check('ai_payload_archives_verified', sql`status NOT IN ('kept', 'deleted') OR verified_at IS NOT NULL`),
    check('ai_payload_archives_deleted', sql`(status = 'deleted') = (deleted_at IS NOT NULL)`),
    ...policies('ai_payload_archives'),
  ],
);

/** A vendor's price for a million tokens of a kind, in USD. At any instant, at most one row per rule. */
export const modelPrices = pgTable(
  'model_prices',
  {
    id: uuid().primaryKey(),
    /** Null: for every organisation without a price of its own. */
    organisation_id: uuid().references(() => organisations.id),
    provider: text().notNull(),
    model: text().notNull(),
    token_kind: text().notNull(),
    price_per_million: decimalText().notNull(),
    service_tier: text().notNull().default('standard'),
    /** For calls whose prompt has at least this many tokens. */
    min_prompt_tokens: integer().notNull().default(0),
    effective_from: instant().notNull(),
    effective_to: instant(),
    source: text().notNull(),
    source_version: text(),
    /** 1, plus one for each time it was ended. */
    revision: integer().notNull().default(1),
    ...timestamps,
  },
  (table) => [
    index('model_prices_model').on(table.provider, table.model),
    index('model_prices_organisation').on(table.organisation_id),
    check(
      'model_prices_token_kind',
      sql`token_kind IN ('input', 'output', 'cache_read', 'cache_write_5m', 'cache_write_1h', 'reasoning')`,
    ),
    check('model_prices_range', sql`effective_to IS NULL OR effective_from < effective_to`),
    // The price of one token is then a whole number of the units in which the ledger keeps costs.
    check('model_prices_price', sql`price_per_million >= 0 AND scale(price_per_million) <= 6`),
    check('model_prices_prompt', sql`min_prompt_tokens >= 0`),
    ...policies('model_prices', sql`organisation_id IS NULL OR ${ofOrganisation}`, ofOrganisation),
  ],
);

/**
 * A user's day by kind of call and model. `user_id` is '' for calls without a user; `failed` counts all but
 * success.
 */
export const aiStatisticsDaily = pgTable(
  'ai_statistics_daily',
  {
    organisation_id: uuid().notNull(),
    day: date({ mode: 'string' }).notNull(),
    user_id: text().notNull(),
    generation_type: text().notNull(),
    provider: text().notNull(),
    model: text().notNull(),
    total_requests: bigint({ mode: 'number' }).notNull(),
    success_requests: bigint({ mode: 'number' }).notNull(),
    failed_requests: bigint({ mode: 'number' }).notNull(),
    input_tokens: decimalText().notNull(),
    output_tokens: decimalText().notNull(),
    cache_read_tokens: decimalText().notNull(),
    cache_write_5m_tokens: decimalText().notNull(),
    cache_write_1h_tokens: decimalText().notNull(),
    reasoning_tokens: decimalText().notNull(),
    cost_usd: decimalText().notNull(),
    /** The number of calls that have a cost. */
    cost_count: bigint({ mode: 'number' }).notNull().default(0),
    /** Over the calls with a known duration, and their number. */
    duration_ms_sum: decimalText().notNull(),
    duration_count: bigint({ mode: 'number' }).notNull(),
    updated_at: instant().notNull().default(sql`now()`),
  },
  (table) => [
    primaryKey({
      columns: [
        table.organisation_id,
        table.day,
        table.user_id,
        table.generation_type,
        table.provider,
        table.model,
      ],
    }),
    // BRIN, because every batch changes rows of the day: with a B-tree each change would be a new entry in
    // both indexes.
    index('ai_statistics_daily_updated').using('brin', table.updated_at),
    ...policies('ai_statistics_daily'),
  ],
);
