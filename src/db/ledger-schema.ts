/**
 * The Postgres tables: the financial source of truth. Columns carry their names unchanged from here to the wire.
 * Every tenant table has `organisation_id` first in its keys and a policy per role:
 * `meterbook_tenant` sees one organisation, `meterbook_platform` sees all; the login role itself sees nothing.
 */
import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  check,
  customType,
  date,
  foreignKey,
  index,
  integer,
  jsonb,
  pgPolicy,
  pgRole,
  pgTable,
  primaryKey,
  smallint,
  text,
  unique,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import type { Address, TaxId } from '../core/address.ts';
import { instantText } from './instant-text.ts';

/** timestamptz, as RFC 3339 UTC text with milliseconds on this side. */
const instant = customType<{ data: string; driverData: string }>({
  dataType: () => 'timestamptz',
  fromDriver: instantText,
});

/** NUMERIC without a bound, as decimal text; never a JS number. */
const decimalText = customType<{ data: string; driverData: string }>({ dataType: () => 'numeric' });
const quantityText = customType<{ data: string; driverData: string }>({ dataType: () => 'numeric(38, 12)' });

export const tenantRole = pgRole('meterbook_tenant');
export const platformRole = pgRole('meterbook_platform');

const ofOrganisation = sql`organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid`;

const policies = (table: string, using = ofOrganisation, withCheck = using) => [
  pgPolicy(`${table}_tenant`, { as: 'permissive', for: 'all', to: tenantRole, using, withCheck }),
  pgPolicy(`${table}_platform`, {
    as: 'permissive',
    for: 'all',
    to: platformRole,
    using: sql`true`,
    withCheck: sql`true`,
  }),
];

/** Whether a listed event is a call that still carries what was said and answered. */
export const hasListedPayload = sql`event -> 'generation' ?| ARRAY['input_summary', 'output_summary', 'request_data', 'response_data']`;

const created = { created_at: instant().notNull().default(sql`now()`) };
const timestamps = { ...created, updated_at: instant().notNull().default(sql`now()`) };

export const billingEntities = pgTable('billing_entities', {
  id: uuid().primaryKey(),
  legal_name: text().notNull(),
  series: text().notNull().default('INV'),
  number_format: text().notNull().default('{series}-{fy}-{seq}'),
  credit_note_series: text().notNull().default('CN'),
  financial_year_start_month: smallint().notNull().default(1),
  timezone: text().notNull().default('UTC'),
  is_default: boolean().notNull().default(false),
  address: jsonb().$type<Address>(),
  tax_ids: jsonb().$type<TaxId[]>().notNull().default([]),
  email: text(),
  /** The Indian code of what is sold, for plans that name none of their own. */
  hsn_sac: text(),
  payment_instructions: text(),
  /** The logo lies under this hash in the file store. */
  logo_sha256: text(),
  logo_media_type: text(),
  ...timestamps,
});

export const organisations = pgTable(
  'organisations',
  {
    id: uuid().primaryKey(),
    name: text().notNull(),
    billing_email: text().notNull(),
    currency: text().notNull(),
    timezone: text().notNull().default('UTC'),
    payment_terms_days: integer().notNull().default(14),
    grace_hours: integer().notNull().default(48),
    billing_entity_id: uuid()
      .notNull()
      .references(() => billingEntities.id),
    block_unpriced: boolean().notNull().default(false),
    /** Whether the texts and payloads of AI generations are kept; the drain drops them where not. */
    store_ai_payloads: boolean().notNull().default(true),
    /** USD for a million tokens of a model that no price is known for; null: its calls cost nothing and are listed. */
    ai_ceiling_price_per_million: decimalText(),
    /** Days after its receipt on which a call's payload moves to the file store, and is deleted; null: never. */
    ai_payload_archive_days: integer().default(90),
    ai_payload_delete_days: integer().default(365),
    legal_name: text(),
    address: jsonb().$type<Address>(),
    tax_id: text(),
    /** India: the code of the state; else the country whose tax applies, where it is not that of the address. */
    place_of_supply: text(),
    language: text().notNull().default('en'),
    tax_regime: text().notNull().default('none'),
    /** A rate that began longer ago refuses finalization; null: any that is in force will do. */
    exchange_rate_max_age_days: integer(),
    /** Days before and after the due date on which an unpaid invoice is recalled; null: never. */
    reminder_days_before: integer().default(3),
    reminder_days_after: integer().default(7),
    shard: smallint().notNull(),
    is_active: boolean().notNull().default(true),
    /** Grows with every change that the edge must learn of. */
    publication_version: bigint({ mode: 'number' }).notNull().default(1),
    ...timestamps,
  },
  () => [
    check(
      'organisations_ai_ceiling_price',
      sql`ai_ceiling_price_per_million > 0 AND scale(ai_ceiling_price_per_million) <= 6`,
    ),
    check(
      'organisations_ai_payload_days',
      sql`ai_payload_archive_days >= 1 AND ai_payload_delete_days >= 1 AND ai_payload_archive_days <= ai_payload_delete_days`,
    ),
    check('organisations_tax_regime', sql`tax_regime IN ('none', 'in', 'eu')`),
    ...policies('organisations', sql`id = NULLIF(current_setting('app.organisation_id', true), '')::uuid`),
  ],
);

/** Which zone and currency new billing periods take, from a month on. Periods that exist keep their own. */
export const billingCalendars = pgTable(
  'billing_calendars',
  {
    organisation_id: uuid()
      .notNull()
      .references(() => organisations.id),
    from_year: smallint().notNull(),
    from_month: smallint().notNull(),
    timezone: text().notNull(),
    currency: text().notNull(),
    ...created,
  },
  (table) => [
    primaryKey({ columns: [table.organisation_id, table.from_year, table.from_month] }),
    ...policies('billing_calendars'),
  ],
);

export const projects = pgTable(
  'projects',
  {
    organisation_id: uuid()
      .notNull()
      .references(() => organisations.id),
    id: uuid().notNull(),
    name: text().notNull(),
    description: text(),
    external_key: text(),
    is_active: boolean().notNull().default(true),
    ...timestamps,
  },
  (table) => [
    primaryKey({ columns: [table.organisation_id, table.id] }),
    unique('projects_id').on(table.id),
    unique('projects_external_key').on(table.organisation_id, table.external_key),
    ...policies('projects'),
  ],
);

export const apiKeys = pgTable(
  'api_keys',
  {
    organisation_id: uuid().notNull(),
    id: uuid().notNull(),
    project_id: uuid().notNull(),
    key_hash: text().notNull(),
    /** The first characters of the key, for recognising it in a list. */
    prefix: text().notNull(),
    name: text().notNull(),
    is_active: boolean().notNull().default(true),
    expires_at: instant(),
    revoked_at: instant(),
    last_used_at: instant(),
    ...timestamps,
  },
  (table) => [
    primaryKey({ columns: [table.organisation_id, table.id] }),
    unique('api_keys_id').on(table.id),
    unique('api_keys_key_hash').on(table.key_hash),
    foreignKey({
      columns: [table.organisation_id, table.project_id],
      foreignColumns: [projects.organisation_id, projects.id],
    }),
    ...policies('api_keys'),
  ],
);

/** The end users of an organisation. Those that events name appear by themselves. */
export const users = pgTable(
  'users',
  {
    organisation_id: uuid()
      .notNull()
      .references(() => organisations.id),
    id: uuid().notNull(),
    /** The sender's own id, as events carry it. */
    user_id: text().notNull(),
    email: text(),
    first_name: text(),
    last_name: text(),
    full_name: text(),
    avatar_url: text(),
    department: text(),
    role: text(),
    is_active: boolean().notNull().default(true),
    ...timestamps,
  },
  (table) => [
    primaryKey({ columns: [table.organisation_id, table.id] }),
    unique('users_id').on(table.id),
    unique('users_user_id').on(table.organisation_id, table.user_id),
    ...policies('users'),
  ],
);

/** Under which names vendors know a user. */
export const userIdentities = pgTable(
  'user_identities',
  {
    organisation_id: uuid().notNull(),
    id: uuid().notNull(),
    /** The id of the row in `users`. */
    user_row_id: uuid().notNull(),
    provider: text().notNull(),
    external_id: text().notNull(),
    label: text(),
    ...created,
  },
  (table) => [
    primaryKey({ columns: [table.organisation_id, table.id] }),
    unique('user_identities_external_id').on(table.organisation_id, table.provider, table.external_id),
    index('user_identities_user').on(table.organisation_id, table.user_row_id),
    foreignKey({
      columns: [table.organisation_id, table.user_row_id],
      foreignColumns: [users.organisation_id, users.id],
    }),
    ...policies('user_identities'),
  ],
);

/**
 * Deletions of users. Open until the drain has passed what the hot store held of the user at that moment, and no archive
 * holds a line of him; then the id is forgotten.
 */
export const userErasures = pgTable(
  'user_erasures',
  {
    organisation_id: uuid().notNull(),
    id: uuid().notNull(),
    /** As events carried it; null once the erasure is done. */
    user_id: text(),
    pseudonym: text().notNull(),
    /** The shard's highest seq of either stream when the user was deleted. */
    events_seq: bigint({ mode: 'number' }).notNull(),
    conflicts_seq: bigint({ mode: 'number' }).notNull(),
    done_at: instant(),
    ...created,
  },
  (table) => [
    primaryKey({ columns: [table.organisation_id, table.id] }),
    uniqueIndex('user_erasures_open').on(table.organisation_id, table.user_id).where(sql`done_at IS NULL`),
    check('user_erasures_forgotten', sql`(done_at IS NULL) = (user_id IS NOT NULL)`),
    ...policies('user_erasures'),
  ],
);

/**
 * Range-partitioned by month of `ingested_at` (the migration says so; drizzle-kit cannot). No foreign key: its trigger
 * runs once a row, and the aggregates, which are few, carry it for every project that has an event.
 */
export const usageEvents = pgTable(
  'usage_events',
  {
    organisation_id: uuid().notNull(),
    id: uuid().notNull(),
    project_id: uuid().notNull(),
    metric_name: text().notNull(),
    metric_value: quantityText().notNull(),
    unit: text().notNull(),
    timestamp: instant().notNull(),
    user_id: text(),
    metadata: jsonb().notNull(),
    idempotency_key: text().notNull(),
    ingested_at: instant().notNull(),
    /** The local hour and day of the billing period's zone under which the books carry this event. */
    hour: instant().notNull(),
    day: date({ mode: 'string' }).notNull(),
    /** Set where the period was closed already: the event is in this adjustment and not in the aggregates. */
    adjustment_id: uuid(),
  },
  (table) => [
    primaryKey({ columns: [table.organisation_id, table.id, table.ingested_at] }),
    index('usage_events_organisation_project_timestamp').on(
      table.organisation_id,
      table.project_id,
      table.timestamp,
    ),
    ...policies('usage_events'),
  ],
);

/**
 * The AI calls, which `usage_events` does not hold; partitioned like that table. Tokens are of disjoint kinds. The view
 * `counted_events` has each as one of `ai.calls`, and `metered_events` a row for each quantity that it is metered by besides.
 */
export const aiGenerations = pgTable(
  'ai_generations',
  {
    organisation_id: uuid().notNull(),
    /** The event's. */
    id: uuid().notNull(),
    project_id: uuid().notNull(),
    /** The event's: of provider and response_id where there is one. */
    idempotency_key: text().notNull(),
    /** The caller's own key where the event has another. */
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
    /** Without what was read from or written to a cache. */
    input_tokens: bigint({ mode: 'number' }).notNull(),
    /** Without reasoning. */
    output_tokens: bigint({ mode: 'number' }).notNull(),
    cache_read_tokens: bigint({ mode: 'number' }).notNull(),
    cache_write_5m_tokens: bigint({ mode: 'number' }).notNull(),
    cache_write_1h_tokens: bigint({ mode: 'number' }).notNull(),
    reasoning_tokens: bigint({ mode: 'number' }).notNull(),
    /** Null: nobody knows. By the organisation's ceiling where `cost_source` says so: then nobody knows either. */
    cost_usd: quantityText(),
    /** Of a call that was repriced: what it had been metered with; `ai_cost_adjustments` holds the rest of cost_usd. */
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
    /** Where the period was closed already: the adjustment of each metric. */
    adjustment_ids: jsonb().$type<Readonly<Record<string, string>>>(),
    /** Where its payload went. No later arrival fills it in again. */
    archive_id: uuid(),
    /** When its user was deleted, and with him what told of him. */
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
    // What the retention looks for: empty once a payload has gone.
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
 * What repricing added to the cost of a call, or took from it: metered as `ai.cost_usd` on the call's own day, in the
 * aggregates or, where the period was closed, in an adjustment.
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
    /** 1 where the call had no cost before, so that it was not counted among the events of its metric. */
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
 * A file of payloads in the file store. `writing`: the file may not be there yet. `kept`: it was read back and is what the
 * row says, and the calls name it. `deleting`: nobody reads it any more. The sums are those of its calls when it was made.
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
    /** Of the call received last: by it the file falls due. */
    last_received_at: instant().notNull(),
    input_tokens: decimalText().notNull(),
    output_tokens: decimalText().notNull(),
    cache_read_tokens: decimalText().notNull(),
    cache_write_5m_tokens: decimalText().notNull(),
    cache_write_1h_tokens: decimalText().notNull(),
    reasoning_tokens: decimalText().notNull(),
    cost_usd: decimalText().notNull(),
    /** The archive that took its place when lines of a deleted user were left out. */
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

/** What a vendor asks for a million tokens of a kind, in USD. No two of the same rule at one instant. */
export const modelPrices = pgTable(
  'model_prices',
  {
    id: uuid().primaryKey(),
    /** Null: for every organisation that has no price of its own. */
    organisation_id: uuid().references(() => organisations.id),
    provider: text().notNull(),
    model: text().notNull(),
    token_kind: text().notNull(),
    price_per_million: decimalText().notNull(),
    service_tier: text().notNull().default('standard'),
    /** For calls whose prompt has at least so many tokens. */
    min_prompt_tokens: integer().notNull().default(0),
    effective_from: instant().notNull(),
    effective_to: instant(),
    source: text().notNull(),
    source_version: text(),
    /** 1, and one more for each time it was ended. */
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
    // A token then costs a whole number of the units in which the ledger keeps costs.
    check('model_prices_price', sql`price_per_million >= 0 AND scale(price_per_million) <= 6`),
    check('model_prices_prompt', sql`min_prompt_tokens >= 0`),
    ...policies('model_prices', sql`organisation_id IS NULL OR ${ofOrganisation}`, ofOrganisation),
  ],
);

/** A user's day by kind of call and model. `user_id` is '' for calls without one; `failed` is all but success. */
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
    /** How many of the calls have a cost. */
    cost_count: bigint({ mode: 'number' }).notNull().default(0),
    /** Over the calls whose duration is known, and how many those are. */
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
    // BRIN, for every batch changes rows of the day: with a B-tree each change would be a new entry in both indexes.
    index('ai_statistics_daily_updated').using('brin', table.updated_at),
    ...policies('ai_statistics_daily'),
  ],
);

/** The permanent ledger of keys (law 1), hash-partitioned by project: never purged, so a key counts once for ever. */
export const eventKeys = pgTable(
  'event_keys',
  {
    organisation_id: uuid().notNull(),
    project_id: uuid().notNull(),
    idempotency_key: text().notNull(),
    event_id: uuid().notNull(),
    fingerprint: text().notNull(),
    occurred_at: instant().notNull(),
    ingested_at: instant().notNull(),
  },
  (table) => [primaryKey({ columns: [table.project_id, table.idempotency_key] }), ...policies('event_keys')],
);

const usageKey = {
  organisation_id: uuid().notNull(),
  project_id: uuid().notNull(),
  metric_name: text().notNull(),
  unit: text().notNull(),
};
const usageTotals = {
  total_value: decimalText().notNull(),
  event_count: bigint({ mode: 'number' }).notNull(),
};

export const usageHourly = pgTable(
  'usage_hourly',
  { ...usageKey, hour: instant().notNull(), day: date({ mode: 'string' }).notNull(), ...usageTotals },
  (table) => [
    primaryKey({
      columns: [
        table.organisation_id,
        table.project_id,
        table.metric_name,
        table.unit,
        table.hour,
        table.day,
      ],
    }),
    ...policies('usage_hourly'),
  ],
);

export const usageDaily = pgTable(
  'usage_daily',
  {
    ...usageKey,
    day: date({ mode: 'string' }).notNull(),
    ...usageTotals,
    /** Grows with every drain that touches the row: finalization compares versions instead of sums under its lock. */
    version: bigint({ mode: 'number' }).notNull().default(1),
    updated_at: instant().notNull().default(sql`now()`),
  },
  (table) => [
    primaryKey({
      columns: [table.organisation_id, table.project_id, table.metric_name, table.unit, table.day],
    }),
    index('usage_daily_updated').on(table.updated_at),
    ...policies('usage_daily'),
  ],
);

export const usageAggregates = pgTable(
  'usage_aggregates',
  {
    organisation_id: usageKey.organisation_id,
    id: uuid().notNull(),
    project_id: usageKey.project_id,
    metric_name: usageKey.metric_name,
    unit: usageKey.unit,
    ...usageTotals,
    year: smallint().notNull(),
    month: smallint().notNull(),
    ...timestamps,
  },
  (table) => [
    primaryKey({ columns: [table.organisation_id, table.id] }),
    unique('usage_aggregates_key').on(
      table.organisation_id,
      table.project_id,
      table.metric_name,
      table.unit,
      table.year,
      table.month,
    ),
    index('usage_aggregates_organisation_month').on(table.organisation_id, table.year, table.month),
    foreignKey({
      columns: [table.organisation_id, table.project_id],
      foreignColumns: [projects.organisation_id, projects.id],
    }),
    ...policies('usage_aggregates'),
  ],
);

export const billingPeriods = pgTable(
  'billing_periods',
  {
    organisation_id: uuid()
      .notNull()
      .references(() => organisations.id),
    year: smallint().notNull(),
    month: smallint().notNull(),
    /** [starts_at, ends_at), made in `timezone`; the next period starts where this one ends, whatever its zone. */
    starts_at: instant().notNull(),
    ends_at: instant().notNull(),
    timezone: text().notNull(),
    currency: text().notNull(),
    status: text().notNull().default('open'),
    closed_at: instant(),
    /** The shard's highest seq at the first attempt to close after the cutoff: the drain must reach it. */
    cutoff_seq: bigint({ mode: 'number' }),
    cutoff_epoch: integer(),
    ...created,
  },
  (table) => [
    primaryKey({ columns: [table.organisation_id, table.year, table.month] }),
    check('billing_periods_status', sql`status IN ('open', 'closed')`),
    check('billing_periods_half_open', sql`starts_at < ends_at`),
    ...policies('billing_periods'),
  ],
);

/**
 * Usage that its own period can no longer carry. `late`: it came after (year, month) was closed. `carried`: the negative
 * rest of a segment of that period. Open while no invoice and no credit note claims it; the one that does shows it.
 */
export const usageAdjustments = pgTable(
  'usage_adjustments',
  {
    organisation_id: uuid().notNull(),
    id: uuid().notNull(),
    project_id: uuid(),
    metric_name: text().notNull(),
    unit: text().notNull(),
    kind: text().notNull(),
    year: smallint().notNull(),
    month: smallint().notNull(),
    hour: instant(),
    day: date({ mode: 'string' }).notNull(),
    quantity: decimalText().notNull(),
    event_count: bigint({ mode: 'number' }).notNull(),
    /** For `carried`: the invoice or the credit note that passed it on. */
    source_invoice_id: uuid(),
    source_credit_note_id: uuid(),
    invoice_id: uuid(),
    credit_note_id: uuid(),
    ...created,
  },
  (table) => [
    primaryKey({ columns: [table.organisation_id, table.id] }),
    index('usage_adjustments_unclaimed')
      .on(table.organisation_id)
      .where(sql`invoice_id IS NULL AND credit_note_id IS NULL`),
    index('usage_adjustments_credit_note').on(table.organisation_id, table.credit_note_id),
    check('usage_adjustments_one_claimant', sql`invoice_id IS NULL OR credit_note_id IS NULL`),
    index('usage_adjustments_invoice').on(table.organisation_id, table.invoice_id),
    check('usage_adjustments_kind', sql`kind IN ('late', 'carried')`),
    foreignKey({
      columns: [table.organisation_id, table.project_id],
      foreignColumns: [projects.organisation_id, projects.id],
    }),
    ...policies('usage_adjustments'),
  ],
);

/** How far a shard's stream (`events` or `conflicts`) has been drained, and the id of the row there: the fence of law 1. */
export const rollupCursors = pgTable(
  'rollup_cursors',
  {
    shard: smallint().notNull(),
    stream: text().notNull(),
    epoch: integer().notNull().default(1),
    last_seq: bigint({ mode: 'number' }).notNull().default(0),
    last_id: text().notNull().default(''),
    halted_at: instant(),
    halt_reason: text(),
    updated_at: instant().notNull().default(sql`now()`),
  },
  (table) => [
    primaryKey({ columns: [table.shard, table.stream] }),
    check('rollup_cursors_stream', sql`stream IN ('events', 'conflicts')`),
  ],
);

export const rollupBatches = pgTable(
  'rollup_batches',
  {
    shard: smallint().notNull(),
    stream: text().notNull(),
    epoch: integer().notNull(),
    from_seq: bigint({ mode: 'number' }).notNull(),
    to_seq: bigint({ mode: 'number' }).notNull(),
    n_in: integer().notNull(),
    n_counted: integer().notNull(),
    n_duplicate: integer().notNull(),
    n_conflict: integer().notNull(),
    n_quarantined: integer().notNull(),
    committed_at: instant().notNull(),
    purged_at: instant(),
  },
  (table) => [
    primaryKey({ columns: [table.shard, table.stream, table.epoch, table.to_seq] }),
    index('rollup_batches_unpurged').on(table.committed_at).where(sql`purged_at IS NULL`),
    check('rollup_batches_sum', sql`n_in = n_counted + n_duplicate + n_conflict + n_quarantined`),
    check('rollup_batches_range', sql`from_seq < to_seq`),
  ],
);

export const eventConflicts = pgTable(
  'event_conflicts',
  {
    organisation_id: uuid().notNull(),
    id: uuid().notNull(),
    project_id: uuid().notNull(),
    idempotency_key: text().notNull(),
    /**
     * `conflict`: other content under a taken key. `duplicate`: the same content, met only at the drain. `fill`: the same AI
     * call once more, with fields that the first did not have.
     */
    kind: text().notNull(),
    fingerprint: text().notNull(),
    event: jsonb().notNull(),
    first_event_id: uuid().notNull(),
    received_at: instant().notNull(),
    ...created,
  },
  (table) => [
    primaryKey({ columns: [table.organisation_id, table.id] }),
    index('event_conflicts_key').on(table.organisation_id, table.project_id, table.idempotency_key),
    // What the retention has to take from listed calls one day.
    index('event_conflicts_payload').on(table.organisation_id, table.received_at).where(hasListedPayload),
    index('event_conflicts_fill').on(table.project_id, table.idempotency_key).where(sql`kind = 'fill'`),
    check('event_conflicts_kind', sql`kind IN ('conflict', 'duplicate', 'fill')`),
    ...policies('event_conflicts'),
  ],
);

/** Rows that cannot be counted, whole and with the reason. The ids are null where the row's own are unreadable. */
export const eventQuarantine = pgTable(
  'event_quarantine',
  {
    id: text().primaryKey(),
    shard: smallint().notNull(),
    organisation_id: uuid(),
    project_id: uuid(),
    idempotency_key: text(),
    /** The row as JSON text: it may hold what jsonb refuses. */
    event: text().notNull(),
    /** Whether its key stands in the ledger; not where the ledger itself refused the row. */
    keyed: boolean().notNull(),
    reason: text().notNull(),
    detail: text().notNull(),
    received_at: instant().notNull(),
    resolved_at: instant(),
    ...created,
  },
  (table) => [
    index('event_quarantine_organisation').on(table.organisation_id).where(sql`resolved_at IS NULL`),
    ...policies('event_quarantine'),
  ],
);

export const pricingPlans = pgTable(
  'pricing_plans',
  {
    id: uuid().primaryKey(),
    /** Null: the plan holds for every organisation that has none of its own. */
    organisation_id: uuid().references(() => organisations.id),
    metric_name: text().notNull(),
    unit: text().notNull(),
    currency: text().notNull(),
    charge_model: text().notNull(),
    price_per_unit: decimalText(),
    tiers: jsonb().$type<{ up_to: string | null; price_per_unit: string; flat_fee?: string }[]>(),
    package_size: decimalText(),
    package_price: decimalText(),
    amount: decimalText(),
    /** Percent: 120 is the cost and a fifth more. */
    rate: decimalText(),
    /** For each event. */
    fixed_amount: decimalText(),
    included_units: decimalText(),
    minimum_amount: decimalText(),
    maximum_amount: decimalText(),
    /** What invoices call it, in place of the metric's name. */
    display_name: text(),
    tax_category: text().notNull().default('standard'),
    hsn_sac: text(),
    /** Where the prices were entered in another currency: which, at which rate and of which day they were converted. */
    original_currency: text(),
    exchange_rate: decimalText(),
    conversion_date: date({ mode: 'string' }),
    effective_from: date({ mode: 'string' }).notNull(),
    effective_to: date({ mode: 'string' }),
    is_active: boolean().notNull().default(true),
    ...timestamps,
  },
  (table) => [
    index('pricing_plans_organisation').on(table.organisation_id, table.metric_name, table.unit),
    check('pricing_plans_range', sql`effective_to IS NULL OR effective_from < effective_to`),
    check(
      'pricing_plans_charge_model',
      sql`charge_model IN ('per_unit', 'graduated', 'volume', 'package', 'flat', 'percentage')`,
    ),
    ...policies('pricing_plans', sql`organisation_id IS NULL OR ${ofOrganisation}`, ofOrganisation),
  ],
);

export const invoices = pgTable(
  'invoices',
  {
    organisation_id: uuid()
      .notNull()
      .references(() => organisations.id),
    id: uuid().notNull(),
    billing_entity_id: uuid()
      .notNull()
      .references(() => billingEntities.id),
    invoice_number: text(),
    status: text().notNull().default('draft'),
    year: smallint().notNull(),
    month: smallint().notNull(),
    period_start: instant().notNull(),
    period_end: instant().notNull(),
    timezone: text().notNull(),
    currency: text().notNull(),
    /** total = subtotal - discount_total + tax_total, each a sum of what is already rounded (law 5). */
    subtotal: decimalText().notNull(),
    discount_total: decimalText().notNull(),
    tax_total: decimalText().notNull(),
    total: decimalText().notNull(),
    discounts: jsonb().notNull().default([]),
    taxes: jsonb().notNull().default([]),
    reverse_charge: boolean().notNull().default(false),
    unpriced: jsonb().$type<{ metric_name: string; unit: string; quantity: string }[]>().notNull(),
    /** Each currency that was converted, at which rate; the three columns after it where there is exactly one. */
    conversions: jsonb().notNull().default([]),
    original_currency: text(),
    exchange_rate: decimalText(),
    conversion_date: date({ mode: 'string' }),
    template_id: uuid(),
    pdf_url: text(),
    pdf_sha256: text(),
    pdf_generated_at: instant(),
    issued_at: instant(),
    due_date: date({ mode: 'string' }),
    paid_at: instant(),
    cancelled_at: instant(),
    ...timestamps,
  },
  (table) => [
    primaryKey({ columns: [table.organisation_id, table.id] }),
    unique('invoices_id').on(table.id),
    uniqueIndex('invoices_one_live_per_period')
      .on(table.organisation_id, table.year, table.month)
      .where(sql`status <> 'cancelled'`),
    uniqueIndex('invoices_number').on(table.billing_entity_id, table.invoice_number),
    check('invoices_status', sql`status IN ('draft', 'finalized', 'paid', 'refunded', 'cancelled')`),
    check('invoices_total_not_negative', sql`total >= 0`),
    check('invoices_total_is_sum', sql`total = subtotal - discount_total + tax_total`),
    check(
      'invoices_number_from_finalization',
      sql`(status = 'draft' AND invoice_number IS NULL) OR status = 'cancelled' OR invoice_number IS NOT NULL`,
    ),
    ...policies('invoices'),
  ],
);

export const invoiceLineItems = pgTable(
  'invoice_line_items',
  {
    organisation_id: uuid().notNull(),
    id: uuid().notNull(),
    invoice_id: uuid().notNull(),
    line_number: integer().notNull(),
    kind: text().notNull(),
    description: text().notNull(),
    metric_name: text().notNull(),
    unit: text().notNull(),
    quantity: decimalText().notNull(),
    unit_price: decimalText(),
    total: decimalText().notNull(),
    currency: text().notNull(),
    /** Where the plan is in another currency: that, the exact amount in it, and the rate; the rate is null while none is in force. */
    original_currency: text(),
    original_amount: decimalText(),
    exchange_rate: decimalText(),
    display_name: text(),
    hsn_sac: text(),
    tax_category: text().notNull().default('standard'),
    discount_amount: decimalText().notNull(),
    tax_amount: decimalText().notNull(),
    /** The parts of `tax_amount` by component, which sum to it. */
    taxes: jsonb().notNull().default([]),
    pricing_plan_id: uuid()
      .notNull()
      .references(() => pricingPlans.id),
    /** The period and the days of usage that the line prices: an earlier period's for an adjustment. */
    year: smallint().notNull(),
    month: smallint().notNull(),
    first_day: date({ mode: 'string' }).notNull(),
    last_day: date({ mode: 'string' }).notNull(),
    /** The part of `quantity`, zero or negative, that this invoice passes on to the next period. */
    carried_quantity: decimalText().notNull(),
    tiers: jsonb(),
    by_project: jsonb().notNull(),
    event_count: bigint({ mode: 'number' }).notNull(),
    /** SHA-256 over the keys of the counted events, per day and project; null on a draft. */
    events_hash: text(),
  },
  (table) => [
    primaryKey({ columns: [table.organisation_id, table.id] }),
    unique('invoice_line_items_number').on(table.organisation_id, table.invoice_id, table.line_number),
    check('invoice_line_items_kind', sql`kind IN ('usage', 'flat', 'late', 'carried')`),
    foreignKey({
      columns: [table.organisation_id, table.invoice_id],
      foreignColumns: [invoices.organisation_id, invoices.id],
    }),
    ...policies('invoice_line_items'),
  ],
);

/** One row per seller, series and financial year; updated inside the finalizing transaction, so a rollback leaves no gap. */
export const invoiceCounters = pgTable(
  'invoice_counters',
  {
    billing_entity_id: uuid()
      .notNull()
      .references(() => billingEntities.id),
    series: text().notNull(),
    financial_year: text().notNull(),
    last_number: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.billing_entity_id, table.series, table.financial_year] })],
);

/** Percent by country and category, from a day on: taxes are data. */
export const taxRates = pgTable(
  'tax_rates',
  {
    id: uuid().primaryKey(),
    /** ISO 3166-1 alpha-2. */
    country: text().notNull(),
    category: text().notNull(),
    rate: decimalText().notNull(),
    effective_from: date({ mode: 'string' }).notNull(),
    effective_to: date({ mode: 'string' }),
    source: text().notNull(),
    ...timestamps,
  },
  () => [
    check('tax_rates_range', sql`effective_to IS NULL OR effective_from < effective_to`),
    check('tax_rates_rate', sql`rate >= 0 AND rate <= 100`),
  ],
);

/** What is taken off an organisation's invoices before tax: a percentage, or an amount a month. */
export const discounts = pgTable(
  'discounts',
  {
    organisation_id: uuid()
      .notNull()
      .references(() => organisations.id),
    id: uuid().notNull(),
    description: text().notNull(),
    percentage: decimalText(),
    amount: decimalText(),
    currency: text(),
    /** Null: of everything on the invoice. */
    metric_name: text(),
    effective_from: date({ mode: 'string' }).notNull(),
    effective_to: date({ mode: 'string' }),
    ...timestamps,
  },
  (table) => [
    primaryKey({ columns: [table.organisation_id, table.id] }),
    unique('discounts_id').on(table.id),
    check('discounts_one_kind', sql`(percentage IS NULL) <> (amount IS NULL)`),
    check('discounts_currency', sql`(amount IS NULL) = (currency IS NULL)`),
    check('discounts_range', sql`effective_to IS NULL OR effective_from < effective_to`),
    ...policies('discounts'),
  ],
);

/** 1 `base_currency` = `rate` `target_currency` while it is in force. */
export const exchangeRates = pgTable(
  'exchange_rates',
  {
    id: uuid().primaryKey(),
    base_currency: text().notNull(),
    target_currency: text().notNull(),
    rate: decimalText().notNull(),
    effective_from: instant().notNull(),
    effective_to: instant(),
    source: text().notNull(),
    metadata: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    ...timestamps,
  },
  (table) => [
    index('exchange_rates_pair').on(table.base_currency, table.target_currency, table.effective_from),
    check('exchange_rates_range', sql`effective_to IS NULL OR effective_from < effective_to`),
    check('exchange_rates_rate', sql`rate > 0`),
    check('exchange_rates_two', sql`base_currency <> target_currency`),
    check('exchange_rates_source', sql`source IN ('manual', 'api', 'razorpay')`),
  ],
);

/**
 * A correction of an issued invoice. `proposed`: made from late usage, and not yet a document. `dismissed`: a proposal that
 * somebody declined; its usage stays settled, and nothing goes back.
 */
export const creditNotes = pgTable(
  'credit_notes',
  {
    organisation_id: uuid().notNull(),
    id: uuid().notNull(),
    invoice_id: uuid().notNull(),
    billing_entity_id: uuid()
      .notNull()
      .references(() => billingEntities.id),
    credit_note_number: text(),
    status: text().notNull(),
    origin: text().notNull(),
    reason: text(),
    currency: text().notNull(),
    subtotal: decimalText().notNull(),
    discount_total: decimalText().notNull(),
    tax_total: decimalText().notNull(),
    total: decimalText().notNull(),
    taxes: jsonb().notNull().default([]),
    pdf_url: text(),
    pdf_sha256: text(),
    pdf_generated_at: instant(),
    issued_at: instant(),
    /** Of the request that made it: a retry finds it again. */
    idempotency_key: text(),
    ...timestamps,
  },
  (table) => [
    primaryKey({ columns: [table.organisation_id, table.id] }),
    unique('credit_notes_id').on(table.id),
    uniqueIndex('credit_notes_number').on(table.billing_entity_id, table.credit_note_number),
    uniqueIndex('credit_notes_idempotency_key').on(table.organisation_id, table.idempotency_key),
    uniqueIndex('credit_notes_one_proposal')
      .on(table.organisation_id, table.invoice_id)
      .where(sql`status = 'proposed' AND origin = 'late_usage'`),
    index('credit_notes_invoice').on(table.organisation_id, table.invoice_id),
    check('credit_notes_status', sql`status IN ('proposed', 'issued', 'dismissed')`),
    check('credit_notes_origin', sql`origin IN ('manual', 'late_usage')`),
    check('credit_notes_number_from_issue', sql`(status = 'issued') = (credit_note_number IS NOT NULL)`),
    check('credit_notes_total_is_sum', sql`total = subtotal - discount_total + tax_total`),
    foreignKey({
      columns: [table.organisation_id, table.invoice_id],
      foreignColumns: [invoices.organisation_id, invoices.id],
    }),
    ...policies('credit_notes'),
  ],
);

export const creditNoteLines = pgTable(
  'credit_note_lines',
  {
    organisation_id: uuid().notNull(),
    id: uuid().notNull(),
    credit_note_id: uuid().notNull(),
    line_number: integer().notNull(),
    /** The line of the invoice that is corrected. */
    invoice_line_number: integer().notNull(),
    description: text().notNull(),
    /** The late usage behind it, below zero but for volume prices; null where a person chose the amount. */
    quantity: decimalText(),
    /** The part of `quantity`, zero or negative, that goes on to the next period. */
    carried_quantity: decimalText().notNull().default('0'),
    /** Of the late usage behind it. */
    event_count: bigint({ mode: 'number' }).notNull().default(0),
    /** Of late usage, in the plan's currency. */
    original_amount: decimalText(),
    total: decimalText().notNull(),
    discount_amount: decimalText().notNull(),
    tax_amount: decimalText().notNull(),
    taxes: jsonb().notNull().default([]),
  },
  (table) => [
    primaryKey({ columns: [table.organisation_id, table.id] }),
    unique('credit_note_lines_number').on(table.organisation_id, table.credit_note_id, table.line_number),
    foreignKey({
      columns: [table.organisation_id, table.credit_note_id],
      foreignColumns: [creditNotes.organisation_id, creditNotes.id],
    }),
    ...policies('credit_note_lines'),
  ],
);

/** What each issued document says, frozen: its HTML and PDF are rendered from nothing else. */
export const documents = pgTable(
  'documents',
  {
    organisation_id: uuid().notNull(),
    id: uuid().notNull(),
    kind: text().notNull(),
    /** The invoice or the credit note. */
    subject_id: uuid().notNull(),
    model: jsonb().notNull(),
    /** Why the last attempt to render it failed. */
    render_error: text(),
    ...created,
  },
  (table) => [
    primaryKey({ columns: [table.organisation_id, table.id] }),
    unique('documents_subject').on(table.organisation_id, table.subject_id),
    check('documents_kind', sql`kind IN ('invoice', 'credit_note')`),
    ...policies('documents'),
  ],
);

export const invoiceTemplates = pgTable(
  'invoice_templates',
  {
    id: uuid().primaryKey(),
    /** Null: for every organisation that has none of its own. */
    organisation_id: uuid().references(() => organisations.id),
    name: text().notNull(),
    description: text(),
    template_type: text().notNull(),
    is_default: boolean().notNull().default(false),
    is_active: boolean().notNull().default(true),
    html_content: text(),
    css_content: text(),
    /** For `pdf`: colour, logo, blocks and texts. */
    settings: jsonb(),
    /** What each variable that the template uses stands for. */
    variables: jsonb().$type<Record<string, string>>().notNull().default({}),
    preview_data: jsonb().$type<Record<string, unknown>>(),
    created_by: text().notNull(),
    ...timestamps,
  },
  (table) => [
    uniqueIndex('invoice_templates_one_default')
      .on(sql`coalesce(organisation_id, '00000000-0000-0000-0000-000000000000'::uuid)`, table.template_type)
      .where(sql`is_default AND is_active`),
    check('invoice_templates_type', sql`template_type IN ('html', 'pdf')`),
    ...policies('invoice_templates', sql`organisation_id IS NULL OR ${ofOrganisation}`, ofOrganisation),
  ],
);

/** The links by which a customer opens an invoice. The token itself is not stored: it is signed. */
export const invoiceLinks = pgTable(
  'invoice_links',
  {
    organisation_id: uuid().notNull(),
    id: uuid().notNull(),
    invoice_id: uuid().notNull(),
    expires_at: instant().notNull(),
    revoked_at: instant(),
    ...created,
  },
  (table) => [
    primaryKey({ columns: [table.organisation_id, table.id] }),
    unique('invoice_links_id').on(table.id),
    index('invoice_links_invoice').on(table.organisation_id, table.invoice_id),
    foreignKey({
      columns: [table.organisation_id, table.invoice_id],
      foreignColumns: [invoices.organisation_id, invoices.id],
    }),
    ...policies('invoice_links'),
  ],
);

export const payments = pgTable(
  'payments',
  {
    organisation_id: uuid().notNull(),
    id: uuid().notNull(),
    invoice_id: uuid().notNull(),
    razorpay_order_id: text(),
    razorpay_payment_id: text().unique('payments_razorpay_payment_id'),
    amount: decimalText().notNull(),
    currency: text().notNull(),
    status: text().notNull(),
    payment_method: text().notNull(),
    /** What the payer or the bank calls it. */
    reference: text(),
    /** The part that settles the invoice; the rest of `amount` is the customer's unapplied money. */
    applied_amount: decimalText().notNull(),
    paid_at: instant(),
    reconciled_at: instant(),
    refund_amount: decimalText().notNull().default('0'),
    refunded_at: instant(),
    retry_count: integer().notNull().default(0),
    max_retries: integer().notNull().default(0),
    next_retry_at: instant(),
    last_retry_at: instant(),
    retry_history: jsonb().$type<Record<string, unknown>[]>().notNull().default([]),
    /** Of the request that recorded it: a retry finds it again. */
    idempotency_key: text(),
    ...timestamps,
  },
  (table) => [
    primaryKey({ columns: [table.organisation_id, table.id] }),
    unique('payments_id').on(table.id),
    uniqueIndex('payments_idempotency_key').on(table.organisation_id, table.idempotency_key),
    index('payments_invoice').on(table.organisation_id, table.invoice_id),
    check(
      'payments_status',
      sql`status IN ('pending', 'authorized', 'captured', 'failed', 'refunded', 'partially_refunded')`,
    ),
    check('payments_applied', sql`applied_amount >= 0 AND applied_amount <= amount`),
    check('payments_refunded', sql`refund_amount >= 0 AND refund_amount <= amount`),
    foreignKey({
      columns: [table.organisation_id, table.invoice_id],
      foreignColumns: [invoices.organisation_id, invoices.id],
    }),
    ...policies('payments'),
  ],
);

/** Stored answers of requests that create or move money (RFC draft idempotency-key-header), by the key that sent them. */
export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    /** Who sent it, as the audit log names an actor: two callers never meet. */
    actor: text().notNull(),
    key: text().notNull(),
    /** SHA-256 over method, path and canonical body. */
    fingerprint: text().notNull(),
    locked_until: instant(),
    status: smallint(),
    body: text(),
    ...created,
  },
  (table) => [
    primaryKey({ columns: [table.actor, table.key] }),
    index('idempotency_keys_created').on(table.created_at),
  ],
);

/** Secrets that sign what customers are given. A retired one still verifies; none is ever shown. */
export const signingKeys = pgTable('signing_keys', {
  id: uuid().primaryKey(),
  purpose: text().notNull(),
  secret: text().notNull(),
  retired_at: instant(),
  ...created,
});

/** One row per attempt to send an e-mail; attempts of one e-mail share its `message_id`. */
export const emailNotifications = pgTable(
  'email_notifications',
  {
    organisation_id: uuid().notNull(),
    id: uuid().notNull(),
    /** The outbox row that asked for it. */
    outbox_id: uuid().notNull(),
    kind: text().notNull(),
    invoice_id: uuid(),
    credit_note_id: uuid(),
    payment_id: uuid(),
    recipient_email: text().notNull(),
    subject: text().notNull(),
    message_id: text().notNull(),
    status: text().notNull(),
    error_message: text(),
    sent_at: instant(),
    ...created,
  },
  (table) => [
    primaryKey({ columns: [table.organisation_id, table.id] }),
    index('email_notifications_invoice').on(table.organisation_id, table.invoice_id),
    check('email_notifications_status', sql`status IN ('sent', 'failed', 'pending')`),
    ...policies('email_notifications'),
  ],
);

/** Effects that must leave exactly because their transaction committed (law 12). */
export const outbox = pgTable(
  'outbox',
  {
    organisation_id: uuid().notNull(),
    id: uuid().notNull(),
    topic: text().notNull(),
    payload: jsonb().notNull(),
    /** What must leave once only, however often it is asked for: a reminder of one invoice and day. */
    dedupe_key: text(),
    attempts: integer().notNull().default(0),
    /** Not before: later with each failure; while a run holds the row, the end of its lease. */
    next_attempt_at: instant().notNull().default(sql`now()`),
    last_error: text(),
    /** Given up after the last attempt; an operator may ask for another. */
    failed_at: instant(),
    delivered_at: instant(),
    ...created,
  },
  (table) => [
    primaryKey({ columns: [table.organisation_id, table.id] }),
    uniqueIndex('outbox_dedupe_key').on(table.organisation_id, table.dedupe_key),
    index('outbox_due')
      .on(table.topic, table.next_attempt_at)
      .where(sql`delivered_at IS NULL AND failed_at IS NULL`),
    ...policies('outbox'),
  ],
);

export const jobRuns = pgTable(
  'job_runs',
  {
    id: uuid().primaryKey(),
    job: text().notNull(),
    started_by: text().notNull(),
    as_of: instant().notNull(),
    status: text().notNull(),
    started_at: instant().notNull(),
    finished_at: instant(),
    counts: jsonb().$type<Record<string, unknown>>().notNull(),
    error: text(),
  },
  (table) => [
    index('job_runs_job_started').on(table.job, table.started_at),
    check('job_runs_status', sql`status IN ('running', 'succeeded', 'partial', 'failed')`),
  ],
);

export const adminUsers = pgTable('admin_users', {
  id: uuid().primaryKey(),
  email: text().notNull().unique(),
  role: text().notNull(),
  permissions: jsonb().notNull(),
  ...timestamps,
});

export const adminApiKeys = pgTable('admin_api_keys', {
  id: uuid().primaryKey(),
  user_id: uuid()
    .notNull()
    .references(() => adminUsers.id),
  key_hash: text().notNull().unique(),
  prefix: text().notNull(),
  name: text().notNull(),
  is_active: boolean().notNull().default(true),
  expires_at: instant(),
  revoked_at: instant(),
  last_used_at: instant(),
  ...timestamps,
});

/** Append-only; one chain per organisation, and one under the zero id for what belongs to none. */
export const auditLogs = pgTable(
  'audit_logs',
  {
    organisation_id: uuid().notNull(),
    seq: bigint({ mode: 'number' }).notNull(),
    id: uuid().notNull(),
    entity_type: text().notNull(),
    entity_id: text().notNull(),
    action: text().notNull(),
    user_id: uuid(),
    actor: text().notNull(),
    changes: jsonb().notNull(),
    ip_address: text(),
    user_agent: text(),
    request_id: text(),
    created_at: instant().notNull(),
    prev_hash: text().notNull(),
    row_hash: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.organisation_id, table.seq] }), ...policies('audit_logs')],
);

/** The head of each chain: its row lock is what gives the next `seq`. */
export const auditChains = pgTable(
  'audit_chains',
  {
    organisation_id: uuid().primaryKey(),
    last_seq: bigint({ mode: 'number' }).notNull(),
    last_hash: text().notNull(),
  },
  () => policies('audit_chains'),
);
