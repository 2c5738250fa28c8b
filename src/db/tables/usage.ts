/** Events, the key ledger, the aggregates and adjustments, and the state of the drain. */
import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  check,
  date,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  unique,
  uuid,
} from 'drizzle-orm/pg-core';
import { created, decimalText, instant, policies, quantityText, timestamps } from './columns.ts';
import { projects } from './tenants.ts';

/** Whether a listed event is a call that still carries its inputs and outputs. */
export const hasListedPayload = sql`event -> 'generation' ?| ARRAY['input_summary', 'output_summary', 'request_data', 'response_data']`;

/**
 * Range-partitioned by month of `ingested_at` (in the migration; drizzle-kit cannot express it). No foreign
 * key: its trigger runs once per row, and the far fewer aggregates have one for every project that has an
 * event.
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
    /** The local hour and day, in the billing period's zone, under which the aggregates count this event. */
    hour: instant().notNull(),
    day: date({ mode: 'string' }).notNull(),
    /** Set if the period was already closed: the event is in this adjustment and not in the aggregates. */
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
 * The permanent ledger of keys (law 1), hash-partitioned by project: never purged, so a key counts only once,
 * forever.
 */
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
    /**
     * Grows with every drain that changes the row: finalization compares versions instead of sums while it
     * holds its lock.
     */
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

/**
 * Usage that its own period can no longer include. `late`: it arrived after (year, month) was closed.
 * `carried`: the negative rest of a segment of that period. Open until an invoice or a credit note claims it
 * and shows it.
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
    /** For `carried`: the invoice or credit note that carried it over. */
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

/**
 * How far a shard's stream (`events` or `conflicts`) has been drained, and the id of its row at that point:
 * the fence of law 1.
 */
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
     * `conflict`: other content under a key in use. `duplicate`: the same content, detected only at the
     * drain. `fill`: the same AI call again, with fields that the first event lacked.
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
    // Listed calls whose payload the retention job must remove one day.
    index('event_conflicts_payload').on(table.organisation_id, table.received_at).where(hasListedPayload),
    index('event_conflicts_fill').on(table.project_id, table.idempotency_key).where(sql`kind = 'fill'`),
    check('event_conflicts_kind', sql`kind IN ('conflict', 'duplicate', 'fill')`),
    ...policies('event_conflicts'),
  ],
);

/** Rows that cannot be counted, whole and with the reason. The ids are null if the row's own ids are unreadable. */
export const eventQuarantine = pgTable(
  'event_quarantine',
  {
    id: text().primaryKey(),
    shard: smallint().notNull(),
    organisation_id: uuid(),
    project_id: uuid(),
    idempotency_key: text(),
    /** The row as JSON text: it may contain values that jsonb rejects. */
    event: text().notNull(),
    /** Whether its key is in the ledger; false if the ledger itself rejected the row. */
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
