/**
 * End users over HTTP: created by request, created by events, changed, deleted; and the payload settings of
 * an organisation.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { ask, eventOf, generationOf, problemOf, send, world } from '../http/wire.ts';
import { connectOwner, fireCron } from '../setup/client.ts';
import { randomUUID } from '../setup/seeded.ts';
import type { Json, Tenant } from '../setup/world.ts';

const USERS = '/v1/admin/users';
let tenant: Tenant;
beforeAll(async () => {
  tenant = await world.tenant();
});

const create = (fields: Record<string, unknown> = {}) =>
  ask(USERS, { json: { organisation_id: tenant.organisation_id, user_id: randomUUID(), ...fields } });

async function made(fields: Record<string, unknown> = {}): Promise<Json> {
  const { status, body } = await create(fields);
  if (status !== 201) throw new Error(JSON.stringify(body));
  return body;
}

const listed = async (query: Record<string, string>): Promise<Json[]> => {
  const { body } = await ask(
    `${USERS}?${new URLSearchParams({ organisation_id: tenant.organisation_id, ...query })}`,
  );
  return body.data;
};

const FULL = {
  email: 'Ann.Lee@Example.com',
  first_name: 'Ann',
  last_name: 'Lee',
  full_name: 'Ann Lee',
  avatar_url: 'https://example.com/a.png',
  department: 'Research',
  role: 'editor',
  is_active: false,
  identities: [
    { provider: 'anthropic', external_id: 'user_1', label: 'work' },
    { provider: 'cursor', external_id: 'ann@example.com', label: null },
  ],
};

test('a user has what was said of him, is active unless it is said, and is read as he was made', async () => {
  const user = await made(FULL);
  expect(user).toMatchObject({ ...FULL, organisation_id: tenant.organisation_id });
  const read = await ask(`${USERS}/${user.id}`);
  expect(read.body).toEqual(user);
  expect(read.headers.get('etag')).toMatch(/^"[0-9a-f]{64}"$/);
  const longest = await made({ user_id: '\u{1f600}'.repeat(255) });
  expect(await listed({ user_id: longest.user_id })).toEqual([longest]);
  const bare = await made();
  expect(bare).toMatchObject({ is_active: true, email: null, role: null, identities: [] });
});

test.each<[name: string, fields: Record<string, unknown>, pointer: string]>([
  ['an e-mail that is none', { email: 'ann' }, '/email'],
  ['an avatar that is no address of the web', { avatar_url: 'javascript:alert(1)' }, '/avatar_url'],
  ['an empty user_id', { user_id: '' }, '/user_id'],
  ['a user_id of 256 characters', { user_id: 'x'.repeat(256) }, '/user_id'],
  ['U+0000', { full_name: 'a\0b' }, '/full_name'],
  ['an unknown field', { salary: 1 }, '/salary'],
  ['an identity without a provider', { identities: [{ external_id: 'x' }] }, '/identities/0/provider'],
  [
    'an identity given twice',
    { identities: [0, 1].map((n) => ({ provider: 'p', external_id: 'x', label: `${n}` })) },
    '/identities/1',
  ],
])('%s is refused, and nothing is stored', async (_, fields, pointer) => {
  const before = await listed({});
  expect(problemOf(await create(fields), 422).pointers).toEqual([pointer]);
  expect(await listed({})).toEqual(before);
});

test('a user_id or an identity that is taken is 409 in the organisation, and free in another', async () => {
  const identities = [{ provider: 'openai', external_id: randomUUID() }];
  const user = await made({ identities });
  expect(problemOf(await create({ user_id: user.user_id }), 409).code).toBe('already_exists');
  expect(problemOf(await create({ identities }), 409).code).toBe('already_exists');
  const other = await made();
  const stolen = await ask(`${USERS}/${other.id}`, { method: 'PATCH', json: { identities } });
  expect(problemOf(stolen, 409).code).toBe('already_exists');
  expect((await ask(`${USERS}/${other.id}`)).body).toEqual(other);
  const elsewhere = await world.tenant();
  const same = { organisation_id: elsewhere.organisation_id, user_id: user.user_id, identities };
  expect((await create(same)).status).toBe(201);
});

test('of many who make the same user at once one does', async () => {
  const user_id = randomUUID();
  const answers = await Promise.all(Array.from({ length: 5 }, () => create({ user_id })));
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409]);
});

test('a change touches what it names, replaces the identities as a whole, and wants the state that was read', async () => {
  const user = await made({ ...FULL, identities: [{ provider: 'a', external_id: randomUUID() }] });
  const path = `${USERS}/${user.id}`;
  const etag = (await ask(path)).headers.get('etag') ?? '';
  const identities = [{ provider: 'b', external_id: randomUUID(), label: null }];
  const changed = await ask(path, {
    method: 'PATCH',
    headers: { 'if-match': etag },
    json: { department: null, is_active: true, identities },
  });
  expect(changed.body).toEqual({
    ...user,
    department: null,
    is_active: true,
    identities,
    updated_at: changed.body.updated_at,
  });
  expect(changed.body.updated_at > user.updated_at).toBe(true);
  for (const method of ['PATCH', 'DELETE']) {
    const late = await ask(path, {
      method,
      headers: { 'if-match': etag },
      ...(method === 'PATCH' && { json: {} }),
    });
    expect(problemOf(late, 412).code).toBe('precondition_failed');
  }
  expect((await ask(path)).body).toEqual(changed.body);
  expect((await ask(path, { method: 'PATCH', json: { identities: [] } })).body.identities).toEqual([]);
  problemOf(await ask(path, { method: 'PATCH', json: { user_id: 'other' } }), 422);
});

test('a list is filtered by each of its fields, the e-mail without regard to case, and paged', async () => {
  const mark = randomUUID();
  const email = `Filter-${mark}@Example.com`;
  const users = [
    await made({ email, department: mark, role: 'a' }),
    await made({ department: mark, role: 'b', is_active: false }),
  ];
  const ids = async (query: Record<string, string>) => (await listed(query)).map(({ id }) => id);
  const [first, second] = users.map(({ id }) => id);
  expect(await ids({ email: email.toUpperCase() })).toEqual([first]);
  expect((await listed({ email }))[0].email).toBe(email);
  expect(await ids({ department: mark })).toEqual([first, second]);
  expect(await ids({ department: mark, role: 'b' })).toEqual([second]);
  expect(await ids({ department: mark, is_active: 'true' })).toEqual([first]);
  expect(await ids({ department: mark, is_active: 'false' })).toEqual([second]);
  expect(await ids({ user_id: users[1].user_id })).toEqual([second]);
  const page = await ask(`${USERS}?department=${mark}&limit=1`);
  const next = await ask(`${USERS}?department=${mark}&limit=1&cursor=${page.body.next_cursor}`);
  expect([...page.body.data, ...next.body.data].map(({ id }) => id)).toEqual([first, second]);
  expect(next.body.next_cursor).toBeNull();
  problemOf(await ask(`${USERS}?is_active=maybe`), 422);
});

test('the audit log names the fields of a change and nothing of a person', async () => {
  const user = await made({ ...FULL, identities: [] });
  await ask(`${USERS}/${user.id}`, { method: 'PATCH', json: { email: 'new@example.com', full_name: null } });
  await ask(`${USERS}/${user.id}`, { method: 'DELETE' });
  const owner = await connectOwner();
  const { rows } = await owner.query(
    'SELECT action, changes, entity_type FROM audit_logs WHERE entity_id = $1 ORDER BY seq',
    [user.id],
  );
  await owner.end();
  const entity_type = 'user';
  const fields = [
    'user_id',
    'is_active',
    'identities',
    'email',
    'first_name',
    'last_name',
    'full_name',
    'avatar_url',
    'department',
    'role',
  ];
  expect(rows).toEqual([
    { action: 'user.create', entity_type, changes: { fields } },
    { action: 'user.update', entity_type, changes: { fields: ['email', 'full_name'] } },
    { action: 'user.delete', entity_type, changes: {} },
  ]);
});

describe('users whom events name', () => {
  test('appear by themselves, once, of plain events and of calls, and stay as they are known', async () => {
    const [ann, bob, known] = [randomUUID(), `bob "\\ {},ü ${randomUUID()}`, randomUUID()];
    const before = await made({ user_id: known, email: 'known@example.com' });
    const events = [ann, ann, known, undefined].map((user_id) => eventOf({ user_id }));
    expect((await send(tenant.key, events)).status).toBe(202);
    const calls = [generationOf({ user_id: bob }), generationOf({ user_id: ann })];
    expect((await ask('/v1/ai/generations', { key: tenant.key, json: calls })).status).toBe(202);
    await world.job('rollup');
    await send(tenant.key, [eventOf({ user_id: ann })]);
    await world.job('rollup');
    for (const user_id of [ann, bob]) {
      const [found, ...none] = await listed({ user_id });
      expect(found).toMatchObject({ user_id, is_active: true, email: null, identities: [] });
      expect(none).toEqual([]);
    }
    expect(await listed({ user_id: known })).toEqual([before]);
  });

  test('are of their own organisation, though the id is the same', async () => {
    const other = await world.tenant();
    const user_id = randomUUID();
    for (const { key } of [tenant, other]) await send(key, [eventOf({ user_id })]);
    await world.job('rollup');
    const { body } = await ask(`${USERS}?user_id=${user_id}`);
    expect(body.data.map((user: Json) => user.organisation_id).sort()).toEqual(
      [tenant.organisation_id, other.organisation_id].sort(),
    );
    // Deleting one leaves the other.
    const [own] = await listed({ user_id });
    expect((await ask(`${USERS}/${own.id}`, { method: 'DELETE' })).body).toMatchObject({ events: 1 });
    const left = await ask(`${USERS}?user_id=${user_id}`);
    expect(left.body.data).toMatchObject([{ organisation_id: other.organisation_id }]);
    const usage = await ask(`/v1/admin/usage-events?organisation_id=${other.organisation_id}`);
    expect(usage.body.data).toMatchObject([{ user_id }]);
  });
});

test('a deleted user answers 404, his figures stay under the pseudonym, and the job ends the deletion', async () => {
  const own = await world.tenant();
  const user_id = randomUUID();
  const secret = randomUUID();
  await ask('/v1/ai/generations', {
    key: own.key,
    json: [generationOf({ user_id, input_summary: secret, cost_usd: '0.5' })],
  });
  await world.job('rollup');
  const [user] = (await ask(`${USERS}?user_id=${user_id}`)).body.data;
  const usage = () => ask(`/v1/admin/usage-aggregates?organisation_id=${own.organisation_id}`);
  const before = (await usage()).body;
  const deleted = await ask(`${USERS}/${user.id}`, { method: 'DELETE' });
  expect(deleted).toMatchObject({
    status: 200,
    body: { id: user.id, events: 1, generations: 1, statistics: 1 },
  });
  for (const method of ['GET', 'DELETE']) problemOf(await ask(`${USERS}/${user.id}`, { method }), 404);
  problemOf(await ask(`${USERS}/${user.id}`, { method: 'PATCH', json: {} }), 404);
  expect((await usage()).body).toEqual(before);
  const events = await ask(`/v1/admin/usage-events?organisation_id=${own.organisation_id}`);
  expect(events.body.data).toMatchObject([{ user_id: deleted.body.pseudonym }]);
  await world.job('rollup');
  await fireCron('53 * * * *');
  const owner = await connectOwner();
  const { rows } = await owner.query(
    'SELECT user_id, pseudonym, done_at IS NOT NULL AS done FROM user_erasures WHERE organisation_id = $1',
    [own.organisation_id],
  );
  await owner.end();
  expect(rows).toEqual([{ user_id: null, pseudonym: deleted.body.pseudonym, done: true }]);
  const [run] = (await ask('/v1/admin/jobs?job=retention&limit=1')).body.data;
  expect(run).toMatchObject({ started_by: 'cron', status: 'succeeded' });
});

describe('an organisation says how long payloads are kept', () => {
  const organisationOf = (fields: Record<string, unknown>) =>
    ask('/v1/admin/organisations', {
      json: { name: 'Keeper', billing_email: 'k@example.com', currency: 'EUR', ...fields },
    });

  test('90 and 365 days where it says nothing, and null is never', async () => {
    const { body } = await organisationOf({});
    expect(body).toMatchObject({ ai_payload_archive_days: 90, ai_payload_delete_days: 365 });
    const path = `/v1/admin/organisations/${body.id}`;
    const never = { ai_payload_archive_days: null, ai_payload_delete_days: null };
    expect((await ask(path, { method: 'PATCH', json: never })).body).toMatchObject(never);
    const days = { ai_payload_archive_days: 1, ai_payload_delete_days: 1 };
    expect((await ask(path, { method: 'PATCH', json: days })).body).toMatchObject(days);
  });

  test.each<[fields: Record<string, unknown>, pointer: string]>([
    [{ ai_payload_archive_days: 0 }, '/ai_payload_archive_days'],
    [{ ai_payload_delete_days: -1 }, '/ai_payload_delete_days'],
    [{ ai_payload_archive_days: 1.5 }, '/ai_payload_archive_days'],
    [{ ai_payload_archive_days: 366 }, '/ai_payload_delete_days'],
    [{ ai_payload_delete_days: 89 }, '/ai_payload_delete_days'],
  ])('%j is refused, at the start and later', async (fields, pointer) => {
    expect(problemOf(await organisationOf(fields), 422).pointers).toEqual([pointer]);
    const path = `/v1/admin/organisations/${(await organisationOf({})).body.id}`;
    expect(problemOf(await ask(path, { method: 'PATCH', json: fields }), 422).pointers).toEqual([pointer]);
  });
});

test('in workerd too a payload moves to R2, and is gone when it is due', async () => {
  const own = await world.tenant();
  const secret = randomUUID();
  const sent = await ask('/v1/ai/generations', {
    key: own.key,
    json: [generationOf({ input_summary: secret, request_data: { secret } })],
  });
  expect(sent.status).toBe(202);
  await world.job('rollup');
  const archives = async (): Promise<Json[]> =>
    (await ask(`/v1/admin/ai/archives?organisation_id=${own.organisation_id}`)).body.data;
  await world.job('retention');
  expect(await archives()).toEqual([]);
  // The job checks the payloads of all organisations at the real moment, so these payloads get an earlier
  // receipt time instead.
  const owner = await connectOwner();
  await owner.query(`SELECT ensure_usage_event_partitions(now() - interval '92 days', now())`);
  await owner.query(
    `UPDATE ai_generations SET ingested_at = ingested_at - interval '92 days' WHERE organisation_id = $1`,
    [own.organisation_id],
  );
  await world.job('retention');
  const [archive] = await archives();
  expect(archive).toMatchObject({ status: 'kept', rows: 1, input_tokens: '740', deleted_at: null });
  await owner.query(
    `UPDATE ai_payload_archives SET last_received_at = last_received_at - interval '274 days' WHERE organisation_id = $1`,
    [own.organisation_id],
  );
  await owner.end();
  await world.job('retention');
  expect(await archives()).toMatchObject([{ id: archive.id, status: 'deleted', rows: 1 }]);
});
