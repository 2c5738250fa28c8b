/** The SQL of the drain on the ledger: ports.ts on Postgres. */
import { listBookPrices, listCeilings } from '../ai/prices/book-store.ts';
import { formatQuantity } from '../core/decimal.ts';
import { formatInstant } from '../core/time.ts';
import { bareArray, instantArray, textArray } from '../db/array-literal.ts';
import type { RowOf } from '../db/columns.ts';
import { type Ledger, type LedgerTransaction, PLATFORM } from '../db/ledger.ts';
import { insertPeriods, loadCalendars, lockPeriods } from '../tenants/period-store.ts';
import {
  ADJUSTMENT,
  BATCH,
  DAY,
  EVENT,
  HOUR,
  KEY,
  KNOWN,
  MONTH,
  OWNED,
  QUARANTINED,
} from './booked-columns.ts';
import {
  applyFills,
  insertGenerations,
  listErased,
  listWithoutPayloads,
  lockUncounted,
  readFills,
  setCounted,
} from './calls/generation-store.ts';
import { addStatistics } from './calls/statistics-store.ts';
import { haltShard, holdEventsCursor, readCursor } from './cursor-store.ts';
import { keyOf, type RollupLedger, type RollupTransaction, type UsageSum } from './ports.ts';
import { instantOf, shareRows } from './share-rows.ts';
import { insertUsers } from './user-store.ts';

export function rollupLedger(ledger: Ledger): RollupLedger {
  const ensuredMonths = new Set<string>();
  return {
    readCursor: (shard, stream) => ledger.transaction(PLATFORM, (tx) => readCursor(tx, shard, stream)),
    halt: (cursor, reason, now) => ledger.transaction(PLATFORM, (tx) => haltShard(tx, cursor, reason, now)),
    async ensurePartitions(receivedAt) {
      // The events of a request share their time of receipt.
      const months = new Set([...new Set(receivedAt)].map((instant) => formatInstant(instant).slice(0, 7)));
      for (const month of months) {
        if (ensuredMonths.has(month)) continue;
        await ledger.transaction(PLATFORM, (tx) =>
          tx.query('SELECT ensure_usage_event_partitions($1, $1)', [`${month}-01T00:00:00Z`]),
        );
        ensuredMonths.add(month);
      }
    },
    transaction: (work) => ledger.transaction(PLATFORM, (tx) => work(rollupTransaction(tx))),
  };
}

/** The statements of a roll-up transaction, also for other code that writes to its books. */
export function rollupTransaction(tx: LedgerTransaction): RollupTransaction {
  return {
    async lockCursor({ shard, stream, epoch, last_seq }) {
      const rows = await tx.query(
        `SELECT 1 FROM rollup_cursors
         WHERE shard = $1 AND stream = $2 AND epoch = $3 AND last_seq = $4 AND halted_at IS NULL FOR UPDATE`,
        [shard, stream, epoch, last_seq],
      );
      return rows.length === 1;
    },

    // Returns a single row, which is empty if every key is new, as almost always. Returning 5,000 ids costs 8 ms.
    async insertKeys(events) {
      if (events.length === 0) return 'all';
      const { heads, slots } = shareRows(events, (event) => event.organisation_id + event.project_id);
      const [row] = await tx.query<{ fresh: string[] | null }>(
        `WITH inserted AS (
           INSERT INTO event_keys (${KEY})
           SELECT organisation_id, project_id, idempotency_key, id, fingerprint, ${instantOf('timestamp')}, ${instantOf('ingested_at')}
           FROM unnest($1::text[], $2::uuid[], $3::text[], $4::bigint[], $5::bigint[], $6::int[])
             AS r(idempotency_key, id, fingerprint, timestamp, ingested_at, slot)
           JOIN unnest($7::uuid[], $8::uuid[]) WITH ORDINALITY AS head(organisation_id, project_id, slot) USING (slot)
           ON CONFLICT (project_id, idempotency_key) DO NOTHING RETURNING event_id)
         SELECT CASE WHEN count(*) < $9 THEN coalesce(array_agg(event_id::text), '{}') END AS fresh FROM inserted`,
        [
          textArray(events.map((event) => event.idempotency_key)),
          bareArray(events.map((event) => event.id)),
          textArray(events.map((event) => event.fingerprint)),
          bareArray(events.map((event) => event.timestamp)),
          bareArray(events.map((event) => event.ingested_at)),
          bareArray(slots),
          bareArray(heads.map((event) => event.organisation_id)),
          bareArray(heads.map((event) => event.project_id)),
          events.length,
        ],
      );
      return row?.fresh ? new Set(row.fresh) : 'all';
    },

    async readKeys(events) {
      const rows = await tx.query<RowOf<typeof OWNED>>(
        `SELECT ${OWNED}
         FROM unnest($1::uuid[], $2::text[]) AS r(project_id, idempotency_key)
         JOIN event_keys k USING (project_id, idempotency_key)`,
        [
          bareArray(events.map((event) => event.project_id)),
          textArray(events.map((event) => event.idempotency_key)),
        ],
      );
      return new Map(rows.map((row) => [keyOf(row), row]));
    },

    lockPeriods: (organisationIds, from, to) => lockPeriods(tx, organisationIds, from, to),
    loadCalendars: (organisationIds) => loadCalendars(tx, organisationIds),
    insertPeriods: (periods) => insertPeriods(tx, periods),

    async insertEvents(booked) {
      const events = booked.map(({ event }) => event);
      const { heads, slots } = shareRows(booked, ({ event, hour, day, adjustment_id }) =>
        [
          event.organisation_id,
          event.project_id,
          event.metric_name,
          event.unit,
          hour,
          day,
          adjustment_id,
        ].join('\0'),
      );
      await tx.execute(
        `INSERT INTO usage_events (${EVENT})
         SELECT organisation_id, id, project_id, metric_name, metric_value, unit, ${instantOf('timestamp')}, user_id,
           metadata::jsonb, idempotency_key, ${instantOf('ingested_at')}, hour, day, adjustment_id
         FROM unnest($1::uuid[], $2::numeric[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::int[])
           AS r(id, metric_value, timestamp, user_id, metadata, idempotency_key, ingested_at, slot)
         JOIN unnest($9::uuid[], $10::uuid[], $11::text[], $12::text[], $13::timestamptz[], $14::date[], $15::uuid[])
           WITH ORDINALITY AS head(organisation_id, project_id, metric_name, unit, hour, day, adjustment_id, slot) USING (slot)`,
        [
          bareArray(events.map((event) => event.id)),
          bareArray(events.map((event) => event.metric_value)),
          bareArray(events.map((event) => event.timestamp)),
          textArray(events.map((event) => event.user_id)),
          textArray(events.map((event) => event.metadata)),
          textArray(events.map((event) => event.idempotency_key)),
          bareArray(events.map((event) => event.ingested_at)),
          bareArray(slots),
          bareArray(heads.map(({ event }) => event.organisation_id)),
          bareArray(heads.map(({ event }) => event.project_id)),
          textArray(heads.map(({ event }) => event.metric_name)),
          textArray(heads.map(({ event }) => event.unit)),
          instantArray(heads.map(({ hour }) => hour)),
          bareArray(heads.map(({ day }) => day)),
          bareArray(heads.map(({ adjustment_id }) => adjustment_id)),
        ],
      );
    },

    insertUsers: (seen, now) => insertUsers(tx, seen, now),

    // The input is summed by hour. Days and months are summed here, so that one statement writes all three
    // levels.
    async addUsage(sums, now) {
      await tx.execute(
        `WITH sums AS (
           SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::timestamptz[], $7::date[],
             $8::int[], $9::int[], $10::numeric[], $11::bigint[])
             AS r(id, organisation_id, project_id, metric_name, unit, hour, day, year, month, total_value, event_count)
         ), hourly AS (
           INSERT INTO usage_hourly (${HOUR}) SELECT ${HOUR} FROM sums
           ON CONFLICT (organisation_id, project_id, metric_name, unit, hour, day) DO UPDATE SET
             total_value = usage_hourly.total_value + excluded.total_value,
             event_count = usage_hourly.event_count + excluded.event_count
         ), daily AS (
           INSERT INTO usage_daily (${DAY})
           SELECT organisation_id, project_id, metric_name, unit, day, sum(total_value), sum(event_count), $12::timestamptz
           FROM sums GROUP BY organisation_id, project_id, metric_name, unit, day
           ON CONFLICT (organisation_id, project_id, metric_name, unit, day) DO UPDATE SET
             total_value = usage_daily.total_value + excluded.total_value,
             event_count = usage_daily.event_count + excluded.event_count,
             version = usage_daily.version + 1, updated_at = excluded.updated_at
         )
         INSERT INTO usage_aggregates (${MONTH})
         SELECT organisation_id, (array_agg(id))[1], project_id, metric_name, unit, year, month, sum(total_value), sum(event_count)
         FROM sums GROUP BY organisation_id, project_id, metric_name, unit, year, month
         ON CONFLICT (organisation_id, project_id, metric_name, unit, year, month) DO UPDATE SET
           total_value = usage_aggregates.total_value + excluded.total_value,
           event_count = usage_aggregates.event_count + excluded.event_count, updated_at = now()`,
        [...usageColumns(sums), formatInstant(now)],
      );
    },

    async insertAdjustments(sums, now) {
      await tx.execute(
        `INSERT INTO usage_adjustments (${ADJUSTMENT})
         SELECT r.*, 'late', $12::timestamptz FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[],
           $6::timestamptz[], $7::date[], $8::int[], $9::int[], $10::numeric[], $11::bigint[]) AS r`,
        [...usageColumns(sums), formatInstant(now)],
      );
    },

    listWithoutPayloads: (organisationIds) => listWithoutPayloads(tx, organisationIds),
    listErased: (rows) => listErased(tx, rows),
    listCeilings: (organisationIds) => listCeilings(tx, organisationIds),
    listModelPrices: (organisationIds, models) => listBookPrices(tx, organisationIds, models),
    insertGenerations: (booked) => insertGenerations(tx, booked),
    addStatistics: (sums, now) => addStatistics(tx, sums, now),
    holdEventsCursor: (shard) => holdEventsCursor(tx, shard),
    readFills: (events) => readFills(tx, events),
    applyFills: (fills) => applyFills(tx, fills),
    lockUncounted: (fills) => lockUncounted(tx, fills),
    setCounted: (calls) => setCounted(tx, calls),

    async insertKnown(known) {
      await tx.execute(
        `INSERT INTO event_conflicts (${KNOWN})
         SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::jsonb[], $8::uuid[],
           $9::timestamptz[])
         ON CONFLICT (organisation_id, id) DO NOTHING`,
        [
          bareArray(known.map((row) => row.organisation_id)),
          bareArray(known.map((row) => row.id)),
          bareArray(known.map((row) => row.project_id)),
          textArray(known.map((row) => row.idempotency_key)),
          bareArray(known.map((row) => row.kind)),
          textArray(known.map((row) => row.fingerprint)),
          textArray(known.map((row) => row.event)),
          bareArray(known.map((row) => row.first_event_id)),
          instantArray(known.map((row) => row.received_at)),
        ],
      );
    },

    async insertQuarantined(shard, rows) {
      await tx.execute(
        `INSERT INTO event_quarantine (${QUARANTINED})
         SELECT r.*, $10 FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::boolean[], $7::text[],
           $8::text[], $9::timestamptz[]) AS r
         ON CONFLICT (id) DO NOTHING`,
        [
          textArray(rows.map((row) => clean(row.id))),
          bareArray(rows.map((row) => row.organisation_id)),
          bareArray(rows.map((row) => row.project_id)),
          textArray(rows.map((row) => (row.idempotency_key === null ? null : clean(row.idempotency_key)))),
          textArray(rows.map((row) => row.event)),
          bareArray(rows.map((row) => String(row.keyed))),
          textArray(rows.map((row) => row.reason)),
          textArray(rows.map((row) => clean(row.detail))),
          instantArray(rows.map((row) => row.received_at)),
          shard,
        ],
      );
    },

    async closeBatch(batch, lastId) {
      const { shard, stream, epoch, from_seq, to_seq } = batch;
      const { n_in, n_counted, n_duplicate, n_conflict, n_quarantined } = batch;
      await tx.execute(
        `WITH batch AS (
           INSERT INTO rollup_batches (${BATCH})
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, clock_timestamp()))
         UPDATE rollup_cursors SET last_seq = $5, last_id = $11, updated_at = clock_timestamp() WHERE shard = $1 AND stream = $2`,
        [
          shard,
          stream,
          epoch,
          from_seq,
          to_seq,
          n_in,
          n_counted,
          n_duplicate,
          n_conflict,
          n_quarantined,
          lastId,
        ],
      );
    },
  };
}

/** Postgres text cannot hold U+0000, but a poison row may contain it. */
const clean = (text: string): string => text.replaceAll('\u0000', '\ufffd');

function usageColumns(sums: readonly UsageSum[]): string[] {
  return [
    bareArray(sums.map((sum) => sum.id)),
    bareArray(sums.map((sum) => sum.organisation_id)),
    bareArray(sums.map((sum) => sum.project_id)),
    textArray(sums.map((sum) => sum.metric_name)),
    textArray(sums.map((sum) => sum.unit)),
    instantArray(sums.map((sum) => sum.hour)),
    bareArray(sums.map((sum) => sum.day)),
    bareArray(sums.map((sum) => sum.year)),
    bareArray(sums.map((sum) => sum.month)),
    bareArray(sums.map((sum) => formatQuantity(sum.total))),
    bareArray(sums.map((sum) => sum.count)),
  ];
}

export async function countOpenQuarantine(tx: LedgerTransaction): Promise<number> {
  const [row] = await tx.query<{ n: number }>(
    'SELECT count(*) AS n FROM event_quarantine WHERE resolved_at IS NULL',
  );
  return row?.n ?? 0;
}
