/** Sellers, customers with their projects, keys and calendars, and end users. */
import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  check,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  unique,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import type { Address, TaxId } from '../../core/address.ts';
import { created, decimalText, instant, policies, timestamps } from './columns.ts';

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
  /** The Indian HSN or SAC code, for plans without one of their own. */
  hsn_sac: text(),
  payment_instructions: text(),
  /** The hash under which the file store holds the logo. */
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
    /** Whether the texts and payloads of AI generations are kept; if not, the drain drops them. */
    store_ai_payloads: boolean().notNull().default(true),
    /**
     * USD per million tokens of a model without a known price; null: its calls cost nothing and are listed.
     */
    ai_ceiling_price_per_million: decimalText(),
    /**
     * Days after its receipt on which a call's payload moves to the file store, and is deleted; null: never.
     */
    ai_payload_archive_days: integer().default(90),
    ai_payload_delete_days: integer().default(365),
    legal_name: text(),
    address: jsonb().$type<Address>(),
    tax_id: text(),
    /**
     * India: the state code; elsewhere the country whose tax applies, if it differs from the country of the
     * address.
     */
    place_of_supply: text(),
    language: text().notNull().default('en'),
    tax_regime: text().notNull().default('none'),
    /**
     * Finalization rejects a rate that took effect longer ago than this; null: any rate in force is accepted.
     */
    exchange_rate_max_age_days: integer(),
    /** Days before and after the due date on which a reminder of an unpaid invoice is sent; null: never. */
    reminder_days_before: integer().default(3),
    reminder_days_after: integer().default(7),
    shard: smallint().notNull(),
    is_active: boolean().notNull().default(true),
    /** Grows with every change that must be published to the edge. */
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

/** The time zone and currency of new billing periods, from a month on. Existing periods keep their own. */
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
    /** The first characters of the key, to recognise it in a list. */
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

/** The end users of an organisation. A user named by an event is created automatically. */
export const users = pgTable(
  'users',
  {
    organisation_id: uuid()
      .notNull()
      .references(() => organisations.id),
    id: uuid().notNull(),
    /** The sender's own id, as in events. */
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

/** The names by which vendors identify a user. */
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
 * Deletions of users. An erasure is open until the drain has passed everything that the hot store held of the
 * user at that moment, and no archive holds a line of theirs; then the id is deleted as well.
 */
export const userErasures = pgTable(
  'user_erasures',
  {
    organisation_id: uuid().notNull(),
    id: uuid().notNull(),
    /** As in events; null once the erasure is done. */
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

export const billingPeriods = pgTable(
  'billing_periods',
  {
    organisation_id: uuid()
      .notNull()
      .references(() => organisations.id),
    year: smallint().notNull(),
    month: smallint().notNull(),
    /**
     * [starts_at, ends_at), computed in `timezone`; the next period starts where this one ends, whatever its
     * zone.
     */
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
