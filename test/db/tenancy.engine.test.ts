/** Law 10 in Postgres: the catalogue determines what is tested, so that a new table is covered or fails. */
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connect, createDatabase, type OwnDatabase } from '../setup/own-database.ts';
import { randomUUID } from '../setup/seeded.ts';
import { insertSample, sampleRow } from './sample-rows.ts';

const [OURS, THEIRS] = [randomUUID(), randomUUID()];
const PRICE_FOR_ALL = randomUUID();

/** Tables that belong to no tenant, and what a tenant's transaction may do with them. */
const SHARED: Readonly<Record<string, readonly string[]>> = {
  admin_api_keys: [],
  admin_users: [],
  billing_entities: ['SELECT'],
  exchange_rates: ['SELECT'],
  idempotency_keys: [],
  invoice_counters: ['INSERT', 'SELECT', 'UPDATE'],
  job_runs: [],
  rollup_batches: ['SELECT'],
  rollup_cursors: ['SELECT'],
  signing_keys: [],
  tax_rates: ['SELECT'],
};

const database: OwnDatabase = await createDatabase('tenancy');
const { owner } = database;
const { rows: catalogue } = await owner.query<{ table: string; secured: boolean; tenant: string | null }>(
  `SELECT c.relname AS table, c.relrowsecurity AS secured, CASE WHEN c.relname = 'organisations' THEN 'id' ELSE
     (SELECT attname FROM pg_attribute WHERE attrelid = c.oid AND attname = 'organisation_id') END AS tenant
   FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
   ORDER BY 1`,
);
const tables = catalogue.filter(({ secured }) => secured);
let app: pg.Client;

beforeAll(async () => {
  app = await connect(database.appUrl);
  // Foreign keys are disabled: each table gets one row of this tenant and one of another, whatever other rows
  // exist.
  await owner.query('SET session_replication_role = replica');
  await owner.query(`SELECT ensure_usage_event_partitions('2026-01-01', '2026-01-31')`);
  for (const { table, tenant } of tables) {
    for (const id of [OURS, THEIRS])
      await insertSample(owner, table, await sampleRow(owner, table, tenant ?? '', id));
  }
  const everyone = await sampleRow(owner, 'pricing_plans', 'id', PRICE_FOR_ALL);
  await insertSample(owner, 'pricing_plans', everyone);
  await owner.query('SET session_replication_role = origin');
});

afterAll(async () => {
  await app.end();
  await database.close();
});

/** Runs in a transaction of one role and organisation and rolls back; returns the result or the SQLSTATE. */
async function as(
  role: string | null,
  organisationId: string | null,
  sql: string,
  values: readonly string[] = [],
): Promise<{ rows: Record<string, unknown>[]; count: number; code?: string; message?: string }> {
  await app.query('BEGIN');
  try {
    if (role) await app.query(`SET LOCAL ROLE ${role}`);
    if (organisationId !== null)
      await app.query(`SELECT set_config('app.organisation_id', $1, true)`, [organisationId]);
    const { rows, rowCount } = await app.query(sql, [...values]);
    return { rows, count: rowCount ?? 0 };
  } catch (error) {
    const { code = '', message } = error as pg.DatabaseError;
    return { rows: [], count: 0, code, message };
  } finally {
    await app.query('ROLLBACK');
  }
}

const DENIED = '42501';

describe('the catalogue', () => {
  test('every table with an organisation is secured, and every other one is known here as shared', () => {
    expect(catalogue.filter(({ tenant, secured }) => (tenant !== null) !== secured)).toEqual([]);
    const shared = catalogue.filter(({ secured }) => !secured).map(({ table }) => table);
    expect(shared).toEqual(Object.keys(SHARED));
    expect(tables.length).toBeGreaterThan(15);
  });

  test('every secured table has one policy for the tenant, which checks reads and writes, and one for the platform', async () => {
    const { rows } = await owner.query(
      `SELECT tablename, array_to_string(roles, ',') AS role, cmd, permissive, with_check IS NOT NULL AS checked, qual = 'true' AS open
       FROM pg_policies WHERE schemaname = 'public' ORDER BY 1, 2`,
    );
    const both = { cmd: 'ALL', permissive: 'PERMISSIVE', checked: true };
    expect(rows).toEqual(
      tables.flatMap(({ table }) => [
        { tablename: table, role: 'meterbook_platform', ...both, open: true },
        { tablename: table, role: 'meterbook_tenant', ...both, open: false },
      ]),
    );
  });

  test('the roles can neither log in nor get past the policies, and the login owns nothing', async () => {
    const { rows } = await owner.query(
      `SELECT rolname, rolcanlogin, rolsuper, rolbypassrls, rolinherit, rolcreaterole, rolcreatedb, rolreplication,
         (SELECT count(*)::int FROM pg_class WHERE relowner = r.oid) + (SELECT count(*)::int FROM pg_proc WHERE proowner = r.oid) AS owned
       FROM pg_roles r WHERE rolname LIKE 'meterbook\\_%' ORDER BY 1`,
    );
    const powerless = {
      rolsuper: false,
      rolbypassrls: false,
      rolcreaterole: false,
      rolcreatedb: false,
      rolreplication: false,
      owned: 0,
    };
    expect(rows.map(({ rolinherit: _, ...row }) => row)).toEqual([
      { rolname: 'meterbook_app', rolcanlogin: true, ...powerless },
      { rolname: 'meterbook_platform', rolcanlogin: false, ...powerless },
      { rolname: 'meterbook_tenant', rolcanlogin: false, ...powerless },
    ]);
    expect(rows[0].rolinherit).toBe(false);
  });

  test.each(Object.entries(SHARED))('in %s a tenant has no other rights than %j', async (table, rights) => {
    const { rows } = await owner.query<{ right: string }>(
      `SELECT privilege_type AS right FROM information_schema.role_table_grants
       WHERE table_name = $1 AND grantee IN ('meterbook_tenant', 'PUBLIC') ORDER BY 1`,
      [table],
    );
    expect(rows.map(({ right }) => right)).toEqual(rights);
  });

  test('nobody may delete but the lines of a draft, a proposal, stored answers, users with what is theirs and files of payloads, and nobody may truncate', async () => {
    const { rows } = await owner.query(
      `SELECT DISTINCT table_name, privilege_type FROM information_schema.role_table_grants
       WHERE grantee IN ('meterbook_tenant', 'meterbook_platform', 'meterbook_app', 'PUBLIC') AND table_schema = 'public'
         AND privilege_type NOT IN ('SELECT', 'INSERT', 'UPDATE') ORDER BY 1`,
    );
    const tables = [
      'ai_payload_archives',
      'ai_statistics_daily',
      'credit_note_lines',
      'credit_notes',
      'idempotency_keys',
      'invoice_line_items',
      'user_identities',
      'users',
    ];
    expect(rows).toEqual(tables.map((table_name) => ({ table_name, privilege_type: 'DELETE' })));
  });
});

describe.each(tables)("in another tenant's transaction, $table", ({ table, tenant }) => {
  const where = `WHERE ${tenant} = $1`;

  test('shows its own row and none of ours', async () => {
    const select = `SELECT ${tenant} AS id FROM ${table} ${where}`;
    expect((await as('meterbook_tenant', OURS, select, [OURS])).count).toBe(1);
    expect((await as('meterbook_tenant', THEIRS, select, [OURS])).count).toBe(0);
    const all = await as(
      'meterbook_tenant',
      THEIRS,
      `SELECT ${tenant} AS id FROM ${table} WHERE ${tenant} IS NOT NULL`,
    );
    expect(all.rows).toEqual([{ id: THEIRS }]);
    expect((await as('meterbook_platform', null, select, [OURS])).count).toBe(1);
  });

  test('takes no row of ours, changes none, deletes none, and hands none over', async () => {
    const { columns, values } = await sampleRow(owner, table, tenant ?? '', OURS);
    const insert = `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${values.map((_, i) => `$${i + 1}`).join(', ')})`;
    expect(await as('meterbook_tenant', THEIRS, insert, values)).toMatchObject({ code: DENIED });

    const update = await as(
      'meterbook_tenant',
      THEIRS,
      `UPDATE ${table} SET ${tenant} = ${tenant} ${where}`,
      [OURS],
    );
    expect([undefined, DENIED]).toContain(update.code);
    expect(update.count).toBe(0);

    const remove = await as('meterbook_tenant', THEIRS, `DELETE FROM ${table} ${where}`, [OURS]);
    expect([undefined, DENIED]).toContain(remove.code);
    expect(remove.count).toBe(0);

    const hand = await as(
      'meterbook_tenant',
      THEIRS,
      `UPDATE ${table} SET ${tenant} = $1 WHERE ${tenant} = $2`,
      [OURS, THEIRS],
    );
    expect(hand.code).toBeDefined();
  });

  test('is empty without an organisation, and cannot be read by the login alone', async () => {
    const select = `SELECT 1 FROM ${table} WHERE ${tenant} IS NOT NULL`;
    for (const id of [null, ''])
      expect(await as('meterbook_tenant', id, select)).toEqual({ rows: [], count: 0 });
    expect((await as('meterbook_tenant', 'x', select)).code).toBe('22P02');
    expect((await as(null, OURS, select)).code).toBe(DENIED);
  });
});

test('a price for everyone is read by every tenant and changed by none', async () => {
  const read = await as(
    'meterbook_tenant',
    OURS,
    'SELECT id FROM pricing_plans WHERE organisation_id IS NULL',
  );
  expect(read.rows).toEqual([{ id: PRICE_FOR_ALL }]);
  const end = `UPDATE pricing_plans SET effective_to = '2027-01-01' WHERE organisation_id IS NULL`;
  expect((await as('meterbook_tenant', OURS, end)).code).toBe(DENIED);
  const { columns, values } = await sampleRow(owner, 'pricing_plans', 'id', randomUUID());
  const insert = `INSERT INTO pricing_plans (${columns.join(', ')}) VALUES (${values.map((_, i) => `$${i + 1}`).join(', ')})`;
  expect((await as('meterbook_tenant', OURS, insert, values)).code).toBe(DENIED);
});

test('the login alone can read no table and call no function', async () => {
  for (const { table } of catalogue)
    expect([table, (await as(null, OURS, `TABLE ${table}`)).code]).toEqual([table, DENIED]);
  const call = `SELECT ensure_usage_event_partitions('2026-01-01', '2026-01-31')`;
  expect((await as(null, null, call)).code).toBe(DENIED);
  expect((await as('meterbook_tenant', OURS, call)).code).toBe(DENIED);
  expect((await as('meterbook_platform', null, call)).code).toBeUndefined();
});

test('a partition cannot be read past the policies of its parent, by nobody', async () => {
  const { rows } = await owner.query<{ table: string }>(
    `SELECT relname AS table FROM pg_class WHERE relispartition AND relkind = 'r' AND relnamespace = 'public'::regnamespace`,
  );
  expect(rows.length).toBeGreaterThanOrEqual(17);
  for (const { table } of rows) {
    for (const role of ['meterbook_tenant', 'meterbook_platform', null]) {
      expect([table, (await as(role, OURS, `TABLE ${table}`)).code]).toEqual([table, DENIED]);
    }
  }
});

test('the roles create nothing', async () => {
  for (const role of ['meterbook_tenant', 'meterbook_platform', null]) {
    expect((await as(role, OURS, 'CREATE TABLE mine (id int)')).code).toBe(DENIED);
    expect((await as(role, OURS, 'CREATE SCHEMA mine')).code).toBe(DENIED);
  }
});

test.each(['meterbook_tenant', 'meterbook_platform'])(
  'of an event %s may change nothing but whose it was',
  async (role) => {
    const { rows } = await owner.query<{ name: string }>(
      `SELECT attname AS name FROM pg_attribute WHERE attrelid = 'usage_events'::regclass AND attnum > 0`,
    );
    for (const { name } of rows) {
      const { code } = await as(role, OURS, `UPDATE usage_events SET ${name} = ${name}`);
      expect([name, code]).toEqual([name, name === 'user_id' ? undefined : DENIED]);
    }
  },
);

test.each(['meterbook_tenant', 'meterbook_platform'])(
  'an audit row can be neither changed nor deleted by %s',
  async (role) => {
    for (const sql of [
      `UPDATE audit_logs SET action = 'x'`,
      'DELETE FROM audit_logs',
      'TRUNCATE audit_logs',
    ]) {
      expect((await as(role, OURS, sql)).code).toBe(DENIED);
    }
  },
);

test('a price, once written, changes for nobody: only its end does', async () => {
  const { rows } = await owner.query<{ name: string }>(
    `SELECT attname AS name FROM pg_attribute WHERE attrelid = 'pricing_plans'::regclass AND attnum > 0`,
  );
  const changeable = ['effective_to', 'is_active', 'updated_at'];
  const values: Readonly<Record<string, string>> = {
    id: randomUUID(),
    organisation_id: OURS,
    charge_model: 'flat',
    tiers: '[]',
    created_at: '2000-01-01',
    effective_from: '2000-01-01',
    conversion_date: '2000-01-01',
  };
  for (const { name } of rows.filter((row) => !changeable.includes(row.name))) {
    const change = owner.query(`UPDATE pricing_plans SET ${name} = $1 WHERE id = $2`, [
      values[name] ?? '42',
      PRICE_FOR_ALL,
    ]);
    await expect(change, name).rejects.toThrow('a price never changes');
  }
});
