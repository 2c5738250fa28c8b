/**
 * The migrations produce exactly what the Drizzle tables declare, in both stores, compared through the
 * engines' own catalogues.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  generateDrizzleJson,
  generateMigration,
  generateSQLiteDrizzleJson,
  generateSQLiteMigration,
} from 'drizzle-kit/api';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as hotSchema from '../../src/db/hot-schema.ts';
import * as ai from '../../src/db/tables/ai.ts';
import * as columns from '../../src/db/tables/columns.ts';
import * as invoicing from '../../src/db/tables/invoicing.ts';
import * as operations from '../../src/db/tables/operations.ts';
import * as payments from '../../src/db/tables/payments.ts';
import * as pricing from '../../src/db/tables/pricing.ts';
import * as tenants from '../../src/db/tables/tenants.ts';
import * as usage from '../../src/db/tables/usage.ts';
import { migrateLedger } from '../../src/platform/local/stores/migrate-ledger.ts';
import { queryD1 } from '../setup/client.ts';
import { createDatabase, type OwnDatabase } from '../setup/own-database.ts';

/** All tables of the ledger, as drizzle-kit reads them. */
const ledgerSchema = {
  ...ai,
  ...columns,
  ...invoicing,
  ...operations,
  ...payments,
  ...pricing,
  ...tenants,
  ...usage,
};

const STATEMENT_MS = 30_000;

describe('Postgres', () => {
  let migrated: OwnDatabase;
  /** The same tables, created by drizzle-kit from scratch: the reference for the migrations. */
  let declared: OwnDatabase;

  beforeAll(async () => {
    [migrated, declared] = await Promise.all([createDatabase('migrated'), createDatabase('declared', false)]);
    const statements = await generateMigration(generateDrizzleJson({}), generateDrizzleJson(ledgerSchema));
    // Roles belong to the cluster and already exist.
    for (const sql of statements.filter((each) => !each.startsWith('CREATE ROLE')))
      await declared.owner.query(sql);
  }, STATEMENT_MS);
  afterAll(async () => {
    await Promise.all([migrated?.close(), declared?.close()]);
  });

  const read = async (client: pg.Client, sql: string): Promise<string[]> => {
    const { rows } = await client.query<{ line: string }>({ text: sql });
    return rows.map(({ line }) => line).sort();
  };

  const PARENTS = `c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition`;
  const QUERIES: Readonly<Record<string, string>> = {
    'columns, their types, nullability and defaults': `SELECT concat_ws(' ', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
        CASE WHEN a.attnotnull THEN 'NOT NULL' END, pg_get_expr(d.adbin, d.adrelid)) AS line
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum WHERE ${PARENTS}`,
    'keys, uniques, checks and foreign keys': `SELECT concat_ws(' ', c.relname, n.conname, pg_get_constraintdef(n.oid)) AS line
      FROM pg_class c JOIN pg_constraint n ON n.conrelid = c.oid AND n.contype <> 'x' WHERE ${PARENTS}`,
    // The parent's index of a partitioned table is written ON ONLY.
    indexes: `SELECT replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON ') AS line
      FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid
      WHERE ${PARENTS} AND NOT i.indisexclusion`,
    policies: `SELECT concat_ws(' ', tablename, policyname, permissive, roles::text, cmd, qual, with_check) AS line
      FROM pg_policies WHERE schemaname = 'public'`,
    'row-level security': `SELECT concat_ws(' ', relname, relrowsecurity, relforcerowsecurity) AS line FROM pg_class c WHERE ${PARENTS}`,
  };

  test.each(Object.entries(QUERIES))('%s are those of the tables in src/db', async (_, sql) => {
    const [made, said] = [await read(migrated.owner, sql), await read(declared.owner, sql)];
    expect(said.length).toBeGreaterThan(15);
    expect(made).toEqual(said);
  });

  test('beyond them the migrations make these guards and no other', async () => {
    const triggers = await read(
      migrated.owner,
      `SELECT concat_ws(' ', tgrelid::regclass::text, tgname) AS line FROM pg_trigger WHERE NOT tgisinternal AND tgparentid = 0`,
    );
    expect(triggers).toEqual([
      'credit_note_lines credit_note_lines_issued_never_change',
      'credit_notes credit_notes_issued_never_change',
      'documents documents_never_change',
      'invoice_line_items invoice_line_items_issued_never_change',
      'invoices invoices_issued_never_change',
      'model_prices model_prices_never_change',
      'pricing_plans pricing_plans_never_change',
    ]);
    const exclusions = `SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) AS line
      FROM pg_constraint WHERE contype = 'x'`;
    const overlaps = await read(migrated.owner, exclusions);
    expect(overlaps).toHaveLength(4);
    expect(overlaps[0]).toMatch(
      /^exchange_rates EXCLUDE USING gist .*tstzrange\(effective_from, effective_to\) WITH &&, base_currency WITH =, target_currency WITH =/,
    );
    expect(overlaps[3]).toMatch(
      /^tax_rates EXCLUDE USING gist .*country WITH =, category WITH =, daterange\(effective_from, effective_to\) WITH &&/,
    );
    expect(overlaps[1]).toMatch(
      /^model_prices EXCLUDE USING gist \(model WITH =, provider WITH =, token_kind WITH =, service_tier WITH =, min_prompt_tokens WITH =, COALESCE\(organisation_id.* WITH =, tstzrange\(effective_from, effective_to\) WITH &&/,
    );
    expect(overlaps[2]).toMatch(
      /^pricing_plans EXCLUDE USING gist .*COALESCE\(organisation_id.*metric_name WITH =, unit WITH =, currency WITH =.*daterange\(effective_from, effective_to\) WITH &&/,
    );
    const definers = await read(
      migrated.owner,
      `SELECT concat_ws(' ', proname, proconfig::text) AS line FROM pg_proc
       WHERE pronamespace = 'public'::regnamespace AND prosecdef`,
    );
    // A function that runs as its owner must set its search_path, or its caller could set it.
    expect(definers).toHaveLength(1);
    expect(definers[0]).toMatch(/^ensure_usage_event_partitions .*search_path=public, pg_temp/);
  });

  test('nothing has changed in src/db since the last migration was generated', async () => {
    const journal = JSON.parse(readFileSync(join('migrations/postgres/meta/_journal.json'), 'utf8'));
    const last = journal.entries.at(-1).tag.slice(0, 4);
    const snapshot = JSON.parse(readFileSync(`migrations/postgres/meta/${last}_snapshot.json`, 'utf8'));
    expect(await generateMigration(snapshot, generateDrizzleJson(ledgerSchema, snapshot.id))).toEqual([]);
  });

  test('events and generations are partitioned by month of their receipt, keys in 16 by hash of their project', async () => {
    const keys = `SELECT concat_ws(' ', c.relname, pg_get_partkeydef(c.oid)) AS line FROM pg_class c WHERE c.relkind = 'p'`;
    expect(await read(migrated.owner, keys)).toEqual([
      'ai_generations RANGE (ingested_at)',
      'event_keys HASH (project_id)',
      'usage_events RANGE (ingested_at)',
    ]);
    const bounds = (parent: string) =>
      read(
        migrated.owner,
        `SELECT pg_get_expr(c.relpartbound, c.oid) AS line FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
         WHERE i.inhparent = '${parent}'::regclass`,
      );
    expect(await bounds('event_keys')).toEqual(
      Array.from({ length: 16 }, (_, i) => `FOR VALUES WITH (modulus 16, remainder ${i})`).sort(),
    );
    await migrated.owner.query(`SET TIME ZONE 'UTC'`);
    const make = `SELECT ensure_usage_event_partitions('2026-11-30T23:59:59Z', '2027-02-01T00:00:00Z') AS line`;
    expect(await read(migrated.owner, make)).toEqual([8]);
    expect(await read(migrated.owner, make)).toEqual([0]);
    const range = (from: string, to: string) =>
      `FOR VALUES FROM ('${from} 00:00:00+00') TO ('${to} 00:00:00+00')`;
    for (const parent of ['usage_events', 'ai_generations']) {
      expect(await bounds(parent)).toEqual([
        range('2026-11-01', '2026-12-01'),
        range('2026-12-01', '2027-01-01'),
        range('2027-01-01', '2027-02-01'),
        range('2027-02-01', '2027-03-01'),
      ]);
    }
    // A month whose events are older than generations.
    await migrated.owner.query('DROP TABLE ai_generations_2026_12');
    expect(await read(migrated.owner, make)).toEqual([1]);
    const tooMany = `SELECT ensure_usage_event_partitions('2000-01-01', '2100-01-01')`;
    await expect(migrated.owner.query(tooMany)).rejects.toThrow('more than 120 months');
  });

  test('the event that stood beside each call before is counted as before, and stands there no more', async () => {
    const { owner, close } = await createDatabase('before_calls_stood_once', false);
    const folder = mkdtempSync(join(tmpdir(), 'landed-'));
    try {
      cpSync('migrations/postgres', folder, { recursive: true });
      const path = join(folder, 'meta/_journal.json');
      const journal = JSON.parse(readFileSync(path, 'utf8'));
      writeFileSync(path, JSON.stringify({ ...journal, entries: journal.entries.slice(0, 8) }));
      await migrateLedger(owner, folder);
      await owner.query(BEFORE_CALLS_STOOD_ONCE);
      const counted = (from: string) =>
        read(
          owner,
          `SELECT jsonb_build_array(organisation_id, id, project_id, metric_name, trim_scale(metric_value), unit, timestamp,
            user_id, metadata, idempotency_key, ingested_at, hour, day, adjustment_id)::text AS line FROM ${from}`,
        );
      const before = await counted('usage_events');
      const metered = await counted('metered_events');
      expect([before.length, metered.length]).toEqual([3, 5]);
      expect(await migrateLedger(owner)).toBe(journal.entries.length - 8);
      expect(await counted('counted_events')).toEqual(before);
      expect(await counted('metered_events')).toEqual(metered);
      expect(await read(owner, 'SELECT id::text AS line FROM usage_events')).toEqual([
        '00000000-0000-7000-8000-000000000001',
      ]);
    } finally {
      rmSync(folder, { recursive: true });
      await close();
    }
  });
});

/** A plain event, a call of an open period and one that arrived late, as the ledger stored them before. */
const BEFORE_CALLS_STOOD_ONCE = `
  SELECT ensure_usage_event_partitions('2026-09-10', '2026-10-10');
  INSERT INTO usage_events (organisation_id, id, project_id, metric_name, metric_value, unit, timestamp, user_id, metadata,
    idempotency_key, ingested_at, hour, day, adjustment_id)
  SELECT '00000000-0000-7000-8000-000000000901', ('00000000-0000-7000-8000-00000000000' || n)::uuid,
    '00000000-0000-7000-8000-000000000902', 'ai.calls', 1, 'call', '2026-09-10T10:00:00Z', CASE n WHEN 2 THEN 'ann' END, '{}',
    'key ' || n, ('2026-10-0' || n)::timestamptz, '2026-09-10T10:00:00Z', '2026-09-10',
    CASE n WHEN 3 THEN '00000000-0000-7000-8000-000000000903'::uuid END
  FROM generate_series(1, 3) n;
  INSERT INTO ai_generations (organisation_id, id, project_id, idempotency_key, provider, model, generation_type, user_id, status,
    input_tokens, output_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, reasoning_tokens, cost_usd,
    cost_source, occurred_at, ingested_at, hour, day, adjustment_ids)
  SELECT organisation_id, id, project_id, idempotency_key, 'p', 'm', 'chat', user_id, 'success', 13, 0, 0, 0, 0, 0, 0,
    'reported', timestamp, ingested_at, hour, day,
    CASE WHEN adjustment_id IS NOT NULL THEN '{"ai.input_tokens": "00000000-0000-7000-8000-000000000904"}'::jsonb END
  FROM usage_events WHERE idempotency_key <> 'key 1';`;

describe('D1', () => {
  const CATALOGUE = `SELECT type, name, tbl_name, sql FROM sqlite_master
    WHERE name NOT LIKE 'sqlite_%' AND name NOT LIKE '_cf_%' AND name NOT LIKE 'd1_%' ORDER BY name`;
  interface Entry {
    readonly type: string;
    readonly name: string;
    readonly sql: string;
  }

  const isTable = ({ type }: Entry): boolean => type === 'table';
  const declared = new DatabaseSync(':memory:');
  const applied = (binding: string): Promise<Entry[]> => queryD1<Entry>(binding, CATALOGUE);

  beforeAll(async () => {
    const [from, to] = [await generateSQLiteDrizzleJson({}), await generateSQLiteDrizzleJson(hotSchema)];
    for (const sql of await generateSQLiteMigration(from, to)) declared.exec(sql);
  });

  test.each(['DIRECTORY', 'HOT_0'])(
    '%s holds the tables, columns, indexes and views of src/db',
    async (binding) => {
      const made = await applied(binding);
      const said = declared.prepare(CATALOGUE).all() as unknown as Entry[];
      // The migrations add only STRICT, which drizzle-kit does not support. A column added later has its own
      // blanks.
      const plain = ({ type, name, sql }: Entry) => ({
        type,
        name,
        sql: sql
          .replace(/\) STRICT$/, ')')
          .replace(/\s+/g, ' ')
          .replace(/ ([,)])/g, '$1'),
      });
      expect(made.map(plain)).toEqual(said.map(plain));
      expect(made.length).toBeGreaterThanOrEqual(8);
    },
  );

  test('every table is STRICT, and rows that are drained by number never get an old one again', async () => {
    const tables = (await applied('HOT_0')).filter(isTable);
    for (const { name, sql } of tables) expect([name, /\) STRICT$/.test(sql)]).toEqual([name, true]);
    const counted = tables.filter(({ sql }) => sql.includes('`seq` integer PRIMARY KEY AUTOINCREMENT'));
    expect(counted.map(({ name }) => name)).toEqual(['event_conflicts', 'usage_events']);
  });

  test('an event costs two rows: one unique key, no other index, no trigger', async () => {
    const made = await applied('HOT_0');
    expect(made.filter(({ type }) => type === 'trigger')).toEqual([]);
    const indexes = made.filter(({ type }) => type === 'index').map(({ name, sql }) => [name, sql]);
    expect(indexes).toEqual([
      ['event_conflicts_key', expect.stringContaining('(`project_id`,`idempotency_key`,`fingerprint`)')],
      // Of calls known only from a trace.
      ['span_marks_key', expect.stringContaining('(`project_id`,`mark`)')],
      [
        'usage_events_key',
        expect.stringMatching(/^CREATE UNIQUE INDEX .*\(`project_id`,`idempotency_key`\)$/),
      ],
    ]);
  });

  test('nothing has changed in src/db since the last migration was generated', async () => {
    const journal = JSON.parse(readFileSync('migrations/d1/meta/_journal.json', 'utf8'));
    const last = journal.entries.at(-1).tag.slice(0, 4);
    const snapshot = JSON.parse(readFileSync(`migrations/d1/meta/${last}_snapshot.json`, 'utf8'));
    const current = await generateSQLiteDrizzleJson(hotSchema, snapshot.id);
    expect(await generateSQLiteMigration(snapshot, current)).toEqual([]);
  });
});
