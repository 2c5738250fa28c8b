/** Access, audit, stored answers, the outbox and the jobs. */
import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import { created, instant, policies, timestamps } from './columns.ts';

/**
 * Stored answers of requests that create or move money (RFC draft idempotency-key-header), by the key in the
 * request.
 */
export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    /** The caller, named as in the audit log: keys of different callers never collide. */
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

/** Secrets that sign the links given to customers. A retired secret still verifies; none is ever shown. */
export const signingKeys = pgTable('signing_keys', {
  id: uuid().primaryKey(),
  purpose: text().notNull(),
  secret: text().notNull(),
  retired_at: instant(),
  ...created,
});

/** One row per attempt to send an e-mail; attempts for one e-mail share its `message_id`. */
export const emailNotifications = pgTable(
  'email_notifications',
  {
    organisation_id: uuid().notNull(),
    id: uuid().notNull(),
    /** The outbox row that requested it. */
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

/** Effects that must happen exactly if their transaction commits (law 12). */
export const outbox = pgTable(
  'outbox',
  {
    organisation_id: uuid().notNull(),
    id: uuid().notNull(),
    topic: text().notNull(),
    payload: jsonb().notNull(),
    /**
     * Identifies an effect that must happen only once, however often it is requested: a reminder of one
     * invoice and day.
     */
    dedupe_key: text(),
    attempts: integer().notNull().default(0),
    /**
     * Earliest time of the next attempt: later after each failure; while a run holds the row, the end of its
     * lease.
     */
    next_attempt_at: instant().notNull().default(sql`now()`),
    last_error: text(),
    /** Set after the last attempt has failed; an operator may request another. */
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

/** Append-only; one chain per organisation, and one under the zero id for changes that belong to none. */
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

/** The head of each chain: its row lock serialises the assignment of `seq`. */
export const auditChains = pgTable(
  'audit_chains',
  {
    organisation_id: uuid().primaryKey(),
    last_seq: bigint({ mode: 'number' }).notNull(),
    last_hash: text().notNull(),
  },
  () => policies('audit_chains'),
);
