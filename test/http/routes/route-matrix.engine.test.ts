/** Who may call what, for every route of the router: a route missing from this suite makes it fail. */
import { beforeAll, describe, expect, test } from 'vitest';
import { hashKey } from '../../../src/access/key.ts';
import { ROUTES } from '../../../src/http/routes/index.ts';
import { INGEST_ROUTES } from '../../../src/http/routes/ingest.ts';
import { adminKey, api, connectOwner } from '../../setup/client.ts';
import { randomUUID } from '../../setup/seeded.ts';
import type { Tenant } from '../../setup/world.ts';
import {
  ask,
  DAY_MS,
  eventOf,
  generationOf,
  onceDrained,
  problemOf,
  rpcStatusOf,
  send,
  sendRaw,
  UNKNOWN_ID,
  withoutRequestId,
  world,
} from '../wire.ts';
import { callRoute, type Made, type RouteRow } from './route-row.ts';
import { NO_IDS, ROUTE_TABLE } from './route-table.ts';

const routes = [...INGEST_ROUTES, ...ROUTES].map((route) => ({
  ...route,
  id: `${route.method.toUpperCase()} ${route.path}`,
}));
const byId = new Map(routes.map((route) => [route.id, route]));
const rows = Object.entries(ROUTE_TABLE).flatMap(([id, row]) => {
  const route = byId.get(id);
  return route ? [{ id, row, route, method: route.method.toUpperCase() }] : [];
});

let made: Made;
let other: Tenant;
/** Keys that must be rejected, by the kind that the route requires. */
let refused: Record<'admin' | 'project', Record<string, string>>;

beforeAll(async () => {
  const [tenant, foreign] = [await world.tenant(), await world.tenant()];
  other = foreign;
  const at = new Date(Date.now() - 62 * DAY_MS);
  const eventKey = randomUUID();
  made = {
    tenant,
    eventKey,
    year: at.getUTCFullYear(),
    month: at.getUTCMonth() + 1,
    apiKeyId: '',
    planId: '',
    invoiceId: '',
  };
  await send(tenant.key, [eventOf({ idempotency_key: eventKey, timestamp: at.toISOString() })]);
  const cloud = { specversion: '1.0', type: 'call', source: 'matrix', id: '1' };
  await sendRaw(tenant.key, 'application/cloudevents+json', JSON.stringify(cloud));
  refused = await makeRefusedKeys(tenant);
  await world.post('/v1/ai/generations', generationOf({ status: 'failed', user_id: 'u' }), tenant.key);
  await world.job('rollup');
});

async function makeRefusedKeys(tenant: Tenant): Promise<typeof refused> {
  const create = (): Promise<{ body: { id: string; key: string } }> =>
    world.post('/v1/admin/api-keys', { project_id: tenant.project_id, name: 'Refused' });
  const [revoked, expired] = [await create(), await create()];
  await world.post(`/v1/admin/api-keys/${revoked.body.id}/revoke`);
  const adminKeys = { revoked: 'mb_admin_revoked_of_the_matrix', expired: 'mb_admin_expired_of_the_matrix' };
  const owner = await connectOwner();
  const passed = "now() - interval '1 hour'";
  await owner.query(`UPDATE api_keys SET expires_at = ${passed} WHERE id = $1`, [expired.body.id]);
  await owner.query('UPDATE organisations SET publication_version = publication_version + 1 WHERE id = $1', [
    tenant.organisation_id,
  ]);
  for (const [name, key] of Object.entries(adminKeys)) {
    const [active, expires] = name === 'revoked' ? ['false', 'NULL'] : ['true', passed];
    await owner.query(
      `INSERT INTO admin_api_keys (id, user_id, key_hash, prefix, name, is_active, expires_at)
       SELECT $1, id, $2, 'mb_admin_', 'Refused', ${active}, ${expires} FROM admin_users LIMIT 1`,
      [randomUUID(), hashKey(key)],
    );
  }
  await owner.end();
  await world.job('publish');
  return {
    admin: { ...adminKeys, unknown: `mb_admin_${'x'.repeat(36)}`, 'of the other kind': tenant.key },
    project: {
      revoked: revoked.body.key,
      expired: expired.body.key,
      unknown: `mb_live_${'x'.repeat(36)}`,
      'of the other kind': adminKey,
    },
  };
}

const keyOf = (audience: string): string | null =>
  audience === 'open' ? null : audience === 'project' ? made.tenant.key : adminKey;

test('the table and the router hold the same routes', () => {
  expect(Object.keys(ROUTE_TABLE).sort()).toEqual(routes.map((route) => route.id).sort());
  expect(new Set(routes.map((route) => route.id)).size).toBe(routes.length);
});

test('every route but health, readiness, the description and what a link opens wants a key, and every admin route one of an admin', () => {
  const open = routes.filter((route) => route.audience === 'open').map((route) => route.id);
  expect(open.sort()).toEqual([
    'GET /docs',
    'GET /health',
    'GET /i/:token',
    'GET /i/:token/pdf',
    'GET /openapi.json',
    'GET /ready',
  ]);
  for (const { path, audience } of routes) {
    expect(path.startsWith('/v1/admin/'), path).toBe(audience === 'admin');
  }
});

describe('a good call answers as the description says, with nothing undeclared', () => {
  test.each(rows)('$id', async ({ row, route, method }) => {
    const answer = await onceDrained(() => callRoute(method, row.call(made), keyOf(route.audience)));
    expect(answer.status, JSON.stringify(answer.body)).toBe(row.status ?? 200);
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    row.remember?.(made, answer.body);
    const schema = route.responses[answer.status]?.schema;
    if (answer.status === 409) problemOf(answer, 409);
    // Objects drop undeclared fields: the result must equal the whole answer.
    else if (schema) expect(schema.parse(answer.body)).toEqual(answer.body);
    else expect(answer.headers.get('content-type')).not.toBe('application/json');
  });
});

const MALFORMED: Readonly<Record<string, string>> = {
  'no scheme': 'mb_admin_x',
  'another scheme': 'Basic bWI6bWI=',
  'no token': 'Bearer',
  'two tokens': 'Bearer a b',
  'a token beyond all length': `Bearer ${'x'.repeat(5000)}`,
};

const passwordsOf = (keys: readonly string[]): string[] =>
  ['no colon', ...keys.map((key) => `name:${key}`)].map((pair) => `Basic ${btoa(pair)}`);

describe('without a valid key the answer is the same 401 for every reason', () => {
  const guarded = rows.filter(({ route }) => route.audience !== 'open');
  test.each(guarded)('$id', async ({ row, route, method }) => {
    const { path, body } = row.call(made);
    // An unreadable body: the key is checked first.
    const init = { method, ...(body !== undefined && { body: '{' }) };
    const none = await ask(path, { ...init, key: null });
    const isOtlp = 'protocol' in route && route.protocol === 'otlp';
    const challenge = isOtlp ? 'Bearer, Basic realm="meterbook"' : 'Bearer';
    if (isOtlp) rpcStatusOf(none, 401);
    else problemOf(none, 401);
    expect(none.headers.get('www-authenticate')).toBe(challenge);
    const authorizations = [
      ...Object.values(MALFORMED),
      ...Object.values(refused[route.audience === 'project' ? 'project' : 'admin']).map(
        (key) => `Bearer ${key}`,
      ),
      ...(isOtlp ? passwordsOf(Object.values(refused.project)) : []),
    ];
    const answers = await Promise.all(
      authorizations.map((authorization) => ask(path, { ...init, headers: { authorization } })),
    );
    answers.forEach((answer, index) => {
      expect(withoutRequestId(answer), authorizations[index]).toEqual(withoutRequestId(none));
      expect(answer.status).toBe(401);
      expect(answer.headers.get('content-type')).toBe(none.headers.get('content-type'));
      expect(answer.headers.get('www-authenticate')).toBe(challenge);
    });
  });
});

describe('an id that names nothing answers 404, the same whatever is wrong with it', () => {
  // A route that answers 404 with its own page declares it, and is tested with the page.
  const withId = rows.filter(({ route }) => route.path.includes('/:') && !route.responses[404]);
  test('every route with an id in its path is in this table', () => {
    expect(withId.filter(({ row }) => row.pathOf === undefined).map(({ id }) => id)).toEqual([]);
  });

  test.each(rows.filter(({ row }) => row.pathOf))('$id', async ({ row, route, method }) => {
    const pathOf = row.pathOf as NonNullable<RouteRow['pathOf']>;
    // Ids of other kinds of things, and of another tenant if the key is bound to one.
    const ids = [...NO_IDS, other.organisation_id, other.project_id].filter((id) => !isRowOf(route.path, id));
    const key = keyOf(route.audience);
    const body = row.call(made).body;
    const answers = await Promise.all(ids.map((id) => callRoute(method, { path: pathOf(id), body }, key)));
    const [first] = answers;
    answers.forEach((answer, index) => {
      problemOf(answer, 404);
      expect(withoutRequestId(answer), ids[index]).toEqual(first && withoutRequestId(first));
    });
  });

  const isRowOf = (path: string, id: string): boolean =>
    (path.includes('/organisations/') && id === other.organisation_id) ||
    (path.includes('/projects/') && id === other.project_id);
});

describe("another project's event answers like one that nobody sent", () => {
  const own = rows.filter(({ id }) => id.startsWith('GET /v1/events'));
  test.each(own)('$id', async ({ row }) => {
    const { path } = row.call(made);
    const sibling = await world.post('/v1/admin/projects', {
      organisation_id: made.tenant.organisation_id,
      name: 'Sibling',
    });
    const { body } = await world.post('/v1/admin/api-keys', { project_id: sibling.body.id, name: 'Key' });
    const unknown = await ask(row.pathOf?.('nobody-sent-this') ?? '', { key: made.tenant.key });
    for (const key of [other.key, body.key as string]) {
      const foreign = await ask(path, { key });
      problemOf(foreign, 404);
      expect(withoutRequestId(foreign)).toEqual(withoutRequestId(unknown));
    }
  });
});

describe('a parent that does not exist is refused, whatever its form', () => {
  test('every body with an id of a parent is in this table', async () => {
    const named = rows.filter(({ row, method }) => {
      const fields = Object.keys((row.call(made).body as object | undefined) ?? {});
      return method === 'POST' && fields.some((field) => field.endsWith('_id'));
    });
    expect(named.filter(({ row }) => !row.parent).map(({ id }) => id)).toEqual([]);
  });

  test.each(rows.filter(({ row }) => row.parent))('$id', async ({ row, method }) => {
    const { field, status } = row.parent as NonNullable<RouteRow['parent']>;
    const { path, body } = row.call(made);
    // The id of another kind of thing is treated like an unknown one.
    const wrongKind = field === 'organisation_id' ? other.project_id : other.organisation_id;
    const answers = await Promise.all(
      [UNKNOWN_ID, wrongKind].map((id) =>
        callRoute(method, { path, body: { ...(body as object), [field]: id } }, adminKey),
      ),
    );
    for (const answer of answers) {
      const { pointers } = problemOf(answer, status);
      if (status === 422) expect(pointers).toEqual([`/${field}`]);
      expect(withoutRequestId(answer)).toEqual(answers[0] && withoutRequestId(answers[0]));
    }
    const malformed = await callRoute(
      method,
      { path, body: { ...(body as object), [field]: 'x' } },
      adminKey,
    );
    expect(problemOf(malformed, 422).pointers).toEqual([`/${field}`]);
  });
});

test('a list of an unknown organisation is empty and says no more', async () => {
  const lists = rows.filter(({ row, route }) => {
    const isList = route.responses[200]?.schema !== undefined;
    return isList && row.call(made).path.includes('?organisation_id=');
  });
  for (const { row } of lists) {
    const path = row.call(made).path.replace(made.tenant.organisation_id, UNKNOWN_ID);
    const response = await api(path);
    expect([path, await response.json()]).toEqual([path, { data: [], next_cursor: null }]);
  }
});
