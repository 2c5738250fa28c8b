import pg from 'pg';
import { expect, test } from 'vitest';
import { baseUrl, connectOwner, databaseUrl, fireCron, queryD1, readPids } from '../setup/client.ts';

test('one address answers, and every store behind it', async () => {
  const answer = await fetch(new URL('/health', baseUrl));
  expect(answer.status).toBeLessThan(500);
  const owner = await connectOwner();
  const { rows } = await owner.query('SELECT 1 AS one');
  await owner.end();
  expect(rows).toEqual([{ one: 1 }]);
  expect(await queryD1('HOT_0', 'SELECT ? AS one', 'x')).toEqual([{ one: 'x' }]);
});

test('D1 migrations stand in the table of wrangler, in both databases', async () => {
  for (const binding of ['DIRECTORY', 'HOT_0']) {
    const rows = await queryD1<{ name: string }>(binding, 'SELECT name FROM d1_migrations ORDER BY id');
    expect(rows[0]?.name).toBe('0000_initial.sql');
  }
});

test('the login of the Workers owns nothing, bypasses nothing and inherits nothing', async () => {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const { rows } = await client.query(
    `SELECT rolsuper, rolbypassrls, rolinherit, rolcreaterole, rolcreatedb,
       (SELECT count(*)::int FROM pg_class WHERE relowner = pg_roles.oid) AS owned
     FROM pg_roles WHERE rolname = current_user`,
  );
  await expect(client.query('SELECT * FROM organisations')).rejects.toThrow(/permission denied/);
  await client.query('SET ROLE meterbook_platform');
  await client.query('SELECT * FROM organisations');
  await client.end();
  expect(rows).toEqual([
    {
      rolsuper: false,
      rolbypassrls: false,
      rolinherit: false,
      rolcreaterole: false,
      rolcreatedb: false,
      owned: 0,
    },
  ]);
});

test('a schedule runs when it is fired, and both engines have a pid', async () => {
  await fireCron('17 * * * *', Date.UTC(2026, 0, 1));
  const pids = await readPids();
  expect(pids.postgres).toBeGreaterThan(1);
  expect(pids.workerd).toBeGreaterThan(1);
});
