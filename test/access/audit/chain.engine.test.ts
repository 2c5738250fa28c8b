/** Law 11: each change has one audit row, in its own transaction, and the rows of an organisation form one chain. */
import { createHash } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROUTES } from '../../../src/http/routes/index.ts';
import { callRoute, type Made } from '../../http/routes/route-row.ts';
import { ROUTE_TABLE } from '../../http/routes/route-table.ts';
import { ask, DAY_MS, eventOf, onceDrained, send, UNKNOWN_ID, world } from '../../http/wire.ts';
import { adminKey, connectOwner } from '../../setup/client.ts';
import type { Json } from '../../setup/world.ts';

const PLATFORM_CHAIN = '00000000-0000-0000-0000-000000000000';

let owner: pg.Client;
let made: Made;
beforeAll(async () => {
  owner = await connectOwner();
  const tenant = await world.tenant();
  const at = new Date(Date.now() - 62 * DAY_MS);
  await send(tenant.key, eventOf({ timestamp: at.toISOString() }));
  await world.job('rollup');
  const [year, month] = [at.getUTCFullYear(), at.getUTCMonth() + 1];
  made = { tenant, eventKey: '', year, month, apiKeyId: '', planId: '', invoiceId: '' };
});
afterAll(() => owner.end());

interface Row {
  readonly organisation_id: string;
  readonly seq: number;
  readonly action: string;
  readonly actor: string;
  readonly user_id: string | null;
  readonly entity_type: string;
  readonly entity_id: string;
  readonly changes: Record<string, Json>;
  readonly prev_hash: string;
  readonly row_hash: string;
}

const select = async (where: string, value: string): Promise<Row[]> => {
  const { rows } = await owner.query(
    `SELECT organisation_id, seq::int AS seq, id, entity_type, entity_id, action, user_id, actor, changes, ip_address,
       user_agent, request_id, to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS created_at,
       prev_hash, row_hash
     FROM audit_logs WHERE ${where} = $1 ORDER BY organisation_id, seq`,
    [value],
  );
  return rows;
};
const rowsOf = (answer: { headers: Headers }): Promise<Row[]> =>
  select('request_id', answer.headers.get('x-request-id') ?? '');

/** RFC 8785 for the values in an audit row, implemented independently of the product. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`;
}

/** Fails unless the rows form an unbroken chain from the first one to the head. */
async function expectChain(organisationId: string): Promise<number> {
  await owner.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
  const rows = await select('organisation_id', organisationId);
  const { rows: heads } = await owner.query(
    'SELECT last_seq::int AS seq, last_hash AS row_hash FROM audit_chains WHERE organisation_id = $1',
    [organisationId],
  );
  await owner.query('COMMIT');
  let previous = '';
  rows.forEach(({ prev_hash, row_hash, ...row }, index) => {
    expect(row.seq).toBe(index + 1);
    expect(prev_hash).toBe(previous);
    previous = createHash('sha256')
      .update(prev_hash + canonical(row))
      .digest('hex');
    expect(row_hash, `${row.action} ${row.seq}`).toBe(previous);
  });
  expect(heads).toEqual([{ seq: rows.length, row_hash: previous }]);
  return rows.length;
}

const writes = Object.entries(ROUTE_TABLE).flatMap(([id, row]) => {
  const route = ROUTES.find((each) => `${each.method.toUpperCase()} ${each.path}` === id);
  return route && route.method !== 'get' && !route.action.endsWith('.read')
    ? [{ id, row, method: route.method.toUpperCase(), action: route.action }]
    : [];
});

describe('a change leaves exactly one row, in the name of who made it', () => {
  test('every route that is not a read is in this table', () => {
    expect(writes.length).toBeGreaterThanOrEqual(13);
    const reads = ROUTES.filter((route) => route.method !== 'get' && route.action.endsWith('.read'));
    expect(reads.map(({ path }) => path).sort()).toEqual([
      '/v1/admin/invoice-templates/:id/preview',
      '/v1/admin/invoices/preview',
    ]);
  });

  test.each(writes)('$id', async ({ row, method, action }) => {
    const call = row.call(made);
    const answer = await onceDrained(() => callRoute(method, call, adminKey));
    expect(answer.status, JSON.stringify(answer.body)).toBe(
      row.status ?? (method === 'POST' ? answer.status : 200),
    );
    row.remember?.(made, answer.body);
    const issued = action === 'credit_note.create' ? 'credit_note.issue' : action;
    const rows = (await rowsOf(answer)).filter((each) => each.action === issued);
    if (answer.status >= 400 || row.changesNothing) {
      expect(await rowsOf(answer)).toEqual([]);
      return;
    }
    expect(rows).toHaveLength(1);
    const [written] = rows;
    expect(written?.actor).toMatch(/^admin_key:[0-9a-f-]{36}$/);
    expect(written?.user_id).toMatch(/^[0-9a-f-]{36}$/);
    expect(written?.entity_id).toBe(answer.body.id ?? answer.body.invoice_id ?? answer.body.name);
    const isPlatform = /\/(jobs|billing-entities|tax-rates|exchange-rates|fonts)\b/.test(call.path);
    const organisation = answer.body.organisation_id ?? answer.body.id;
    expect(written?.organisation_id).toBe(isPlatform ? PLATFORM_CHAIN : organisation);
    // The audit row shows no more of a key than a list does.
    const text = JSON.stringify(written?.changes);
    expect(text).not.toMatch(/key_hash|mb_live_[0-9A-Za-z]{10}/);
  });
});

describe('what fails or changes nothing leaves none', () => {
  const organisation = () => ({ organisation_id: made.tenant.organisation_id });
  test.each<[string, string, string, () => unknown, number]>([
    ['a body that is refused', 'POST', '/organisations', () => ({ name: '' }), 422],
    ['an unknown organisation', 'PATCH', `/organisations/${UNKNOWN_ID}`, () => ({ name: 'x' }), 404],
    ['an unknown parent', 'POST', '/projects', () => ({ organisation_id: UNKNOWN_ID, name: 'x' }), 404],
    ['an unknown project', 'POST', '/api-keys', () => ({ project_id: UNKNOWN_ID, name: 'x' }), 404],
    ['an unknown key', 'POST', `/api-keys/${UNKNOWN_ID}/revoke`, () => undefined, 404],
    ['an unknown job', 'POST', '/jobs/nothing', () => ({}), 404],
    ['a month without usage', 'POST', '/invoices', () => ({ ...organisation(), year: 2001, month: 1 }), 422],
    ['a preview', 'POST', '/invoices/preview', () => ({ ...organisation(), year: 2001, month: 1 }), 200],
  ])('%s', async (_, method, path, body, status) => {
    const answer = await ask(`/v1/admin${path}`, { method, json: body() });
    expect(answer.status).toBe(status);
    expect(await rowsOf(answer)).toEqual([]);
  });

  test('a clash that only the database sees takes its row back with it', async () => {
    const own = await world.tenant();
    const body = { organisation_id: own.organisation_id, name: 'P', external_key: 'taken' };
    const count = async () => (await select('organisation_id', own.organisation_id)).length;
    expect((await ask('/v1/admin/projects', { json: body })).status).toBe(201);
    const before = await count();
    for (let i = 0; i < 3; i++) expect((await ask('/v1/admin/projects', { json: body })).status).toBe(409);
    expect(await count()).toBe(before);
    expect(await expectChain(own.organisation_id)).toBe(before);
  });
});

describe('the rows of an organisation', () => {
  test('are one chain from the first to its head, whatever they hold', async () => {
    const own = await world.tenant();
    const path = `/v1/admin/organisations/${own.organisation_id}`;
    const names = ['ü😀', '"quoted" \\ back', '\u0001\u001f\u2028', '__proto__', ' '];
    for (const name of names) expect((await world.patch(path, { name })).status).toBe(200);
    expect(await expectChain(own.organisation_id)).toBe(3 + names.length);
    const rows = await select('organisation_id', own.organisation_id);
    expect(rows.slice(3).map(({ changes }) => changes['name'])).toEqual(names);
  });

  test('stay one chain when many write at once', async () => {
    const own = await world.tenant();
    const { organisation_id } = own;
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        world.post('/v1/admin/projects', { organisation_id, name: `P ${i}` }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(new Array(20).fill(201));
    expect(await expectChain(organisation_id)).toBe(23);
  });

  test('of the platform are a chain of their own', async () => {
    expect(await expectChain(PLATFORM_CHAIN)).toBeGreaterThan(0);
    expect(await expectChain(made.tenant.organisation_id)).toBeGreaterThan(5);
  });

  test('tell where the change came from', async () => {
    const answer = await ask(`/v1/admin/organisations/${made.tenant.organisation_id}`, {
      method: 'PATCH',
      json: { name: 'Seen' },
      headers: { 'user-agent': 'the audit test', 'cf-connecting-ip': '192.0.2.7' },
    });
    const [row] = await rowsOf(answer);
    expect(row).toMatchObject({ user_agent: 'the audit test', changes: { name: 'Seen' } });
  });
});
