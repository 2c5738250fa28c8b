/** What the bodies of organisations, projects, keys and prices accept and reject. */
import { getTableColumns, type Table } from 'drizzle-orm';
import { beforeAll, describe, expect, test } from 'vitest';
import { pricingPlans } from '../../src/db/tables/pricing.ts';
import { apiKeys, organisations, projects } from '../../src/db/tables/tenants.ts';
import { ask, problemOf, world } from '../http/wire.ts';
import { randomUUID } from '../setup/seeded.ts';
import type { Json, Tenant } from '../setup/world.ts';

interface Body {
  readonly method: 'POST' | 'PATCH';
  readonly path: (tenant: Tenant) => string;
  readonly table: Table;
  /** A valid body with every possible field. */
  readonly full: (tenant: Tenant) => Record<string, unknown>;
  /** Required fields. */
  readonly required: readonly string[];
  /** The values that each field rejects; without a pointer, the fault points at the field. */
  readonly wrong: readonly (readonly [field: string, value: unknown, pointer?: string])[];
}

const NO_TEXT = [1, null, {}, [], true, 'a\0b', '\ud800', 'x\udc00'];
const noText = (field: string, max: number, min = 1): [string, unknown][] => [
  ...NO_TEXT.map((value): [string, unknown] => [field, value]),
  [field, 'x'.repeat(max + 1)],
  ...(min > 0 ? [[field, ''] as [string, unknown]] : []),
];
const each = (field: string, ...values: unknown[]): [string, unknown][] =>
  values.map((value) => [field, value]);

const admin = (path: string) => (): string => `/v1/admin/${path}`;
const ORGANISATION_FAULTS = [
  ...noText('name', 255),
  ...each(
    'billing_email',
    '',
    'x',
    'a@',
    '@b.c',
    'a b@c.de',
    'a@b.de\n',
    'a\0@b.de',
    `${'x'.repeat(320)}@b.de`,
    1,
    null,
  ),
  ...each('currency', '', 'usd', 'US', 'XXXX', 'ZZZ', 'USD ', 840, null),
  ...each('timezone', '', 'Mars/Olympus', '+05:30', 'UTC\0', "Europe/Berlin'", 1, null),
  ...each('grace_hours', -1, 1.5, '5', 8785, null),
  ...each('payment_terms_days', -1, 0.5, '14', 3651, null),
  ...each('block_unpriced', 'true', 1, null),
  ...each('store_ai_payloads', 'true', 0, null),
  ...each('ai_ceiling_price_per_million', '-1', '0', '0.0000001', '1e3', 5, ''),
];

const TIERS = [
  { up_to: '10', price_per_unit: '1', flat_fee: '5' },
  { up_to: null, price_per_unit: '0.5' },
];

const BODIES: Readonly<Record<string, Body>> = {
  'an organisation': {
    method: 'POST',
    path: admin('organisations'),
    table: organisations,
    full: () => ({
      name: 'Ünïcode 😀 <b>"\'\\',
      billing_email: 'o@example.com',
      currency: 'INR',
      timezone: 'Asia/Kolkata',
      grace_hours: 0,
      payment_terms_days: 0,
      billing_entity_id: '00000000-0000-7000-8000-000000000001',
      block_unpriced: true,
      store_ai_payloads: false,
      ai_ceiling_price_per_million: '75.5',
    }),
    required: ['name', 'billing_email', 'currency'],
    wrong: [
      ...ORGANISATION_FAULTS,
      ...each('billing_entity_id', 'x', null, '0198f000-0000-7000-8000-00000000dead'),
    ],
  },
  'a change of an organisation': {
    method: 'PATCH',
    path: ({ organisation_id }) => `/v1/admin/organisations/${organisation_id}`,
    table: organisations,
    full: () => ({
      name: 'Changed',
      billing_email: 'c@example.com',
      currency: 'KWD',
      timezone: 'America/New_York',
      grace_hours: 8784,
      payment_terms_days: 3650,
      block_unpriced: true,
      store_ai_payloads: false,
      ai_ceiling_price_per_million: '75.5',
      is_active: true,
    }),
    required: [],
    wrong: [...ORGANISATION_FAULTS, ...each('is_active', 'true', 0, null)],
  },
  'a project': {
    method: 'POST',
    path: admin('projects'),
    table: projects,
    full: ({ organisation_id }) => ({
      organisation_id,
      name: 'P',
      description: '',
      external_key: `k ${organisation_id}`,
    }),
    required: ['organisation_id', 'name'],
    wrong: [
      ...each('organisation_id', 'x', 1, null, ''),
      ...noText('name', 255),
      ...noText('description', 2000, 0),
      ...noText('external_key', 255),
    ],
  },
  'a change of a project': {
    method: 'PATCH',
    path: ({ project_id }) => `/v1/admin/projects/${project_id}`,
    table: projects,
    full: () => ({ name: 'Changed', description: null, is_active: true }),
    required: [],
    wrong: [...noText('name', 255), ...each('description', 1, 'a\0'), ...each('is_active', 'yes', null)],
  },
  'a key': {
    method: 'POST',
    path: admin('api-keys'),
    table: apiKeys,
    full: ({ project_id }) => ({ project_id, name: 'K', expires_at: '2999-01-01T00:00:00Z' }),
    required: ['project_id', 'name'],
    wrong: [
      ...each('project_id', 'x', 1, null),
      ...noText('name', 255),
      ...each(
        'expires_at',
        '2020-01-01T00:00:00Z',
        'tomorrow',
        '2999-01-01',
        4102444800,
        8.64e15,
        9e15,
        1.5,
        -1,
        true,
        null,
      ),
      ...each('expires_at', '9999-12-31T23:59:59-10:00', '2999-02-30T00:00:00Z'),
    ],
  },
  'a price': {
    method: 'POST',
    path: admin('pricing-plans'),
    table: pricingPlans,
    full: ({ organisation_id }) => ({
      organisation_id,
      metric_name: 'm'.repeat(128),
      unit: '',
      currency: 'USD',
      charge_model: 'graduated',
      tiers: TIERS,
      included_units: 10.5,
      minimum_amount: '1',
      maximum_amount: '100',
      effective_from: '2026-01-01',
      effective_to: '2026-02-01',
    }),
    required: ['metric_name', 'unit', 'currency', 'charge_model', 'effective_from'],
    wrong: [
      ...noText('metric_name', 128),
      ...noText('unit', 64, 0),
      ...each('currency', 'usd', 'ZZZ', null),
      ...each('charge_model', '', 'per_cent', null),
      ...each(
        'effective_from',
        '2026-02-30',
        '2026-1-1',
        '0000-01-01',
        '2026-01-01T00:00:00Z',
        20260101,
        null,
      ),
      ...each('effective_to', '2026-01-01', '2025-12-31', 'never'),
      ...each('organisation_id', 'x', 7),
      ...each('included_units', '-1', '1e3', '0.0000000000001', 1e30, 1234567890123456, 'x', ' 1', '+1'),
      ...each('minimum_amount', '-1', 5, 'x'),
      ...each('maximum_amount', '0.5', 5, 'x'),
      ...each('tiers', [], {}, 'x'),
      ...each('tiers', null, undefined),
      ...each('price_per_unit', '1'),
      ...each('package_size', '1'),
      ...each('amount', '1'),
      ...each('rate', '1', 120),
      ...each('fixed_amount', '1', 0.01),
      ['tiers', [{ up_to: '10', price_per_unit: '1' }], '/tiers/0/up_to'],
      ['tiers', [{ up_to: null, price_per_unit: '-1' }], '/tiers/0/price_per_unit'],
      ['tiers', [{ up_to: null, price_per_unit: 1 }], '/tiers/0/price_per_unit'],
      ['tiers', [{ up_to: null, price_per_unit: '1', x: 1 }], '/tiers/0/x'],
      [
        'tiers',
        [{ up_to: '5', price_per_unit: '1' }, { up_to: '5', price_per_unit: '1' }, TIERS[1]],
        '/tiers/1/up_to',
      ],
    ],
  },
};

let tenant: Tenant;
beforeAll(async () => {
  tenant = await world.tenant();
});

describe.each(Object.entries(BODIES))(
  'the body of %s',
  (_, { method, path, table, full, required, wrong }) => {
    const call = (body: unknown) => ask(path(tenant), { method, json: body });

    test('may have all its fields, and the answer has them as they were sent', async () => {
      const body = full(tenant);
      const answer = await call(body);
      expect(answer.status, JSON.stringify(answer.body)).toBe(method === 'POST' ? 201 : 200);
      const sent = { ...body, ...('included_units' in body && { included_units: '10.5' }) };
      const instants = 'expires_at' in sent ? { expires_at: '2999-01-01T00:00:00.000Z' } : {};
      expect(answer.body).toMatchObject({ ...sent, ...instants });
    });

    test('points at each fault, and nothing changes', async () => {
      const before = await world.get(`/v1/admin/organisations/${tenant.organisation_id}`);
      const answers = await Promise.all(
        wrong.map(([field, value]) =>
          call({ ...full(tenant), external_key: undefined, ...fresh(), [field]: value }),
        ),
      );
      answers.forEach((answer, index) => {
        const [field, value, pointer = `/${field}`] = wrong[index] as Body['wrong'][number];
        const { pointers } = problemOf(answer, 422);
        // A fault below the field, for instance in a tier, counts as a fault of the field.
        const said = pointers.filter((each) => each === pointer || each.startsWith(`${pointer}/`));
        expect(said.length, `${field} ${JSON.stringify(value)}: ${pointers.join(' ')}`).toBeGreaterThan(0);
      });
      expect(await world.get(`/v1/admin/organisations/${tenant.organisation_id}`)).toEqual(before);
    });

    /** So that a body that must be rejected does not collide with an earlier one instead. */
    const fresh = (): Record<string, unknown> =>
      table === pricingPlans ? { metric_name: randomUUID() } : {};

    test('says all that is missing at once', async () => {
      const answer = await call({});
      if (required.length === 0) expect(answer.status).toBe(200);
      else
        expect(problemOf(answer, 422).pointers.sort()).toEqual(required.map((field) => `/${field}`).sort());
    });

    test('takes no other column of the table, and no name that JavaScript knows', async () => {
      const known = Object.keys(full(tenant));
      const optional = ['price_per_unit', 'package_size', 'package_price', 'amount', 'rate', 'fixed_amount'];
      const columns = Object.keys(getTableColumns(table));
      const foreign = [...columns, 'role', 'paid_at', 'constructor', 'toString', 'a/b~c'].filter(
        (name) =>
          !known.includes(name) && !(method === 'POST' && table === pricingPlans && optional.includes(name)),
      );
      expect(foreign).toContain('id');
      const mass = Object.fromEntries(foreign.map((name) => [name, true]));
      const { pointers } = problemOf(await call({ ...full(tenant), ...mass }), 422);
      const escaped = foreign.map((name) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`);
      expect(pointers).toEqual(expect.arrayContaining(escaped));
      const polluted = `{"__proto__":{"id":1},${JSON.stringify(full(tenant)).slice(1)}`;
      const answer = await ask(path(tenant), {
        method,
        body: polluted,
        headers: { 'content-type': 'application/json' },
      });
      expect(problemOf(answer, 422).pointers).toContain('/__proto__');
    });
  },
);

test('answers show no secret and no column of the works', async () => {
  const created = await world.post('/v1/admin/api-keys', { project_id: tenant.project_id, name: 'Seen' });
  expect(created.body.key).toMatch(/^mb_live_[0-9A-Za-z]{36}$/);
  const { id } = created.body;
  const texts = await Promise.all(
    [
      `api-keys/${id}`,
      `api-keys?organisation_id=${tenant.organisation_id}`,
      `organisations/${tenant.organisation_id}`,
    ].map(async (path) => JSON.stringify((await world.get(`/v1/admin/${path}`)).body)),
  );
  for (const text of texts) {
    expect(text).not.toMatch(/key_hash|publication_version/);
    expect(text).not.toContain(created.body.key);
  }
});

test('an external key is taken once per organisation, also by two at once, and free in another', async () => {
  const body = { organisation_id: tenant.organisation_id, name: 'P', external_key: 'crm-1' };
  const answers = await Promise.all([1, 2, 3, 4].map(() => ask('/v1/admin/projects', { json: body })));
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
  for (const answer of answers.filter(({ status }) => status === 409)) {
    expect(problemOf(answer, 409).code).toBe('already_exists');
  }
  const other = await world.tenant();
  const again = await world.post('/v1/admin/projects', { ...body, organisation_id: other.organisation_id });
  expect(again.status).toBe(201);
  const found = await world.get(
    `/v1/admin/projects?organisation_id=${other.organisation_id}&external_key=crm-1`,
  );
  expect(found.body.data.map((project: Json) => project.id)).toEqual([again.body.id]);
});
