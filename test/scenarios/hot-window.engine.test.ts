/** The edge of the hot window: rows are purged, keys are repeated, rows are damaged. */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { randomUUID } from '../setup/seeded.ts';
import { type OwnRuntime, startOwnRuntime, type Tenant } from '../setup/world.ts';

let world: OwnRuntime;
let tenant: Tenant;
let owner: pg.Client;

beforeAll(async () => {
  world = await startOwnRuntime();
  tenant = await world.tenant();
  owner = new pg.Client({ connectionString: world.runtime.ownerDatabaseUrl });
  await owner.connect();
});
afterAll(async () => {
  await owner.end();
  await world.stop();
});

async function hotKeys(): Promise<string[]> {
  const database = await world.runtime.d1('HOT_0');
  const { results } = await database
    .prepare('SELECT idempotency_key FROM usage_events ORDER BY seq')
    .all<{ idempotency_key: string }>();
  return results.map((row) => row.idempotency_key);
}

const total = async (metric: string): Promise<string> => {
  const { body } = await world.get(
    `/v1/admin/usage-aggregates?organisation_id=${tenant.organisation_id}&metric_name=${metric}`,
  );
  return body.data[0]?.total_value ?? '0';
};

describe('the hot window', () => {
  test('purge leaves what committed within the retention, whatever as_of says', async () => {
    await tenant.send(['a', 'm', '1', '2026-09-01T00:00:00Z'], ['b', 'm', '2', '2026-09-01T00:00:00Z']);
    await world.job('rollup');
    await tenant.send(['c', 'm', '4', '2026-09-01T00:00:00Z']);
    await world.job('rollup');
    const future = new Date(Date.now() + 400 * 86_400_000).toISOString();
    expect(await world.job('purge', future)).toMatchObject({ purged_rows: 0 });
    expect(await hotKeys()).toEqual(['a', 'b', 'c']);
  });

  test('purge takes older batches, but never the row by which a restore is recognised', async () => {
    await owner.query("UPDATE rollup_batches SET committed_at = committed_at - interval '169 hours'");
    expect(await world.job('purge')).toMatchObject({ purged_batches: 1, purged_rows: 2 });
    expect(await hotKeys()).toEqual(['c']);
    expect(await world.job('purge')).toMatchObject({ purged_batches: 0 });
  });

  test('purge takes the marks of spans that are older than the retention', async () => {
    const database = await world.runtime.d1('HOT_0');
    const insert =
      "INSERT INTO span_marks (project_id, mark, received_at) VALUES ('p', ?1, CAST(?2 AS INTEGER))";
    const ages = { old: 169, young: 167 };
    for (const [mark, hours] of Object.entries(ages)) {
      await database
        .prepare(insert)
        .bind(mark, Date.now() - hours * 3_600_000)
        .run();
    }
    await world.job('purge');
    const left = await database.prepare('SELECT mark FROM span_marks').all();
    expect(left.results).toEqual([{ mark: 'young' }]);
  });

  test('purge leaves a range alone whose rows are not as many as were drained', async () => {
    await tenant.send(['d', 'm', '8', '2026-09-02T00:00:00Z'], ['e', 'm', '16', '2026-09-02T00:00:00Z']);
    await world.job('rollup');
    await tenant.send(['f', 'm', '32', '2026-09-02T00:00:00Z']);
    await world.job('rollup');
    await owner.query(
      "UPDATE rollup_batches SET committed_at = committed_at - interval '169 hours' WHERE purged_at IS NULL",
    );
    const database = await world.runtime.d1('HOT_0');
    await database.prepare("DELETE FROM usage_events WHERE idempotency_key = 'd'").run();
    const { body } = await world.post('/v1/admin/jobs/purge');
    expect(body).toMatchObject({ status: 'failed', mismatched_batches: [{ n_in: 2, found: 1 }] });
    expect(await hotKeys()).toEqual(['e', 'f']);
  });

  test('the same key with the same content, years later, counts nothing and is listed', async () => {
    expect((await tenant.send(['a', 'm', '1', '2026-09-01T00:00:00Z'])).body.accepted).toBe(1);
    expect(await world.job('rollup')).toMatchObject({ n_duplicate: 1, n_counted: 0 });
    expect(await total('m')).toBe('63');
    const { body } = await world.get(
      `/v1/admin/event-conflicts?organisation_id=${tenant.organisation_id}&kind=duplicate`,
    );
    expect(body.data).toMatchObject([{ idempotency_key: 'a', kind: 'duplicate' }]);
  });

  test('the same key with other content, years later, counts nothing and is listed as a conflict', async () => {
    expect((await tenant.send(['b', 'm', '2000', '2026-09-01T00:00:00Z'])).body.accepted).toBe(1);
    expect(await world.job('rollup')).toMatchObject({ n_conflict: 1, n_counted: 0 });
    expect(await total('m')).toBe('63');
    const { body } = await world.get(
      `/v1/admin/event-conflicts?organisation_id=${tenant.organisation_id}&kind=conflict`,
    );
    expect(body.data).toMatchObject([{ idempotency_key: 'b', event: { metric_value: '2000' } }]);
  });

  test('a damaged row is quarantined with its reason and blocks no other', async () => {
    const database = await world.runtime.d1('HOT_0');
    const damage = async (key: string, changes: Record<string, string | number>): Promise<void> => {
      await tenant.send([key, 'poison', '1', '2026-09-03T00:00:00Z']);
      for (const [column, value] of Object.entries(changes)) {
        await database
          .prepare(`UPDATE usage_events SET ${column} = ?1 WHERE idempotency_key = ?2`)
          .bind(value, key)
          .run();
      }
    };
    await damage('good-1', {});
    await damage('quantity', { metric_value: '1e5' });
    await damage('metadata', { metadata: '{broken' });
    await damage('time', { timestamp: '9999999999999999' });
    await damage('project', { project_id: randomUUID() });
    await damage('nul', { metric_name: 'a\u0000b' });
    await damage('id', { id: 'not-a-uuid' });
    await damage('organisation', { organisation_id: randomUUID() });
    await damage('good-2', {});
    const run = await world.job('rollup');
    expect(run).toMatchObject({ n_in: 9, n_counted: 2, n_quarantined: 7 });
    expect(await total('poison')).toBe('2');
    const { rows } = await owner.query(
      'SELECT idempotency_key, reason FROM event_quarantine ORDER BY idempotency_key',
    );
    expect(Object.fromEntries(rows.map((row) => [row.idempotency_key, row.reason]))).toEqual({
      quantity: 'unreadable_quantity',
      metadata: 'unreadable_metadata',
      time: 'unreadable_timestamp',
      project: 'refused_by_ledger',
      nul: 'refused_by_ledger',
      id: 'unreadable_id',
      organisation: 'unknown_organisation',
    });
    const located = await world.get('/v1/events/quantity', tenant.key);
    expect(located.body).toMatchObject({ status: 'quarantined', reason: 'unreadable_quantity' });
    const listed = await world.get(`/v1/admin/event-quarantine?organisation_id=${tenant.organisation_id}`);
    expect(listed.body.data.length).toBeGreaterThanOrEqual(3);
    await world.job('verify');
  });

  test('an organisation with quarantined events is not invoiced without an audited word', async () => {
    await world.post('/v1/admin/pricing-plans', {
      organisation_id: tenant.organisation_id,
      metric_name: 'm',
      unit: 'unit',
      currency: 'USD',
      charge_model: 'per_unit',
      price_per_unit: '0.01',
      effective_from: '2026-01-01',
    });
    const draft = await world.post('/v1/admin/invoices', {
      organisation_id: tenant.organisation_id,
      year: 2026,
      month: 9,
    });
    const path = `/v1/admin/invoices/${draft.body.id}/finalize`;
    expect(await world.post(path)).toMatchObject({ status: 409, body: { code: 'quarantine_not_empty' } });
    expect(await world.post(path, { allow_quarantined: true })).toMatchObject({
      status: 200,
      body: { status: 'finalized', total: '0.63' },
    });
    const { rows } = await owner.query("SELECT changes FROM audit_logs WHERE action = 'invoice.finalize'");
    expect(JSON.stringify(rows[0].changes)).toContain('quarantined');
  });

  test('books that were altered by hand are found, listed and keep the job from succeeding', async () => {
    await owner.query(
      "UPDATE usage_daily SET total_value = total_value + 1, updated_at = now() WHERE metric_name = 'poison'",
    );
    await owner.query(
      "UPDATE rollup_batches SET from_seq = from_seq + 1 WHERE stream = 'events' AND from_seq = 3",
    );
    const { body } = await world.post('/v1/admin/jobs/verify');
    expect(body.status).toBe('failed');
    expect(body.differences.map((each: { check: string }) => each.check).sort()).toEqual([
      'batches',
      'day',
      'month',
    ]);
    const runs = await world.get('/v1/admin/jobs?job=verify&status=failed');
    expect(runs.body.data[0].counts.differences).toHaveLength(3);
    expect((await world.get('/v1/admin/status')).body.failed_jobs).toContain('verify');
  });
});
