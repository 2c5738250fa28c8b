/**
 * Discounts over HTTP: scoped to one organisation, immutable except for their end; and those an invoice of a period
 * reads.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { firstDay, monthOf } from '../../../src/core/time.ts';
import { type Ledger, openLedger, tenant as reachOf } from '../../../src/db/ledger.ts';
import { listDiscountsFor } from '../../../src/pricing/discounts/store.ts';
import { ask, problemOf, UNKNOWN_ID, world } from '../../http/wire.ts';
import { connectOwner, databaseUrl } from '../../setup/client.ts';
import type { Tenant } from '../../setup/world.ts';

const PATH = '/v1/admin/discounts';

let own: Tenant;
let other: Tenant;
let ledger: Ledger;
beforeAll(async () => {
  [own, other] = [await world.tenant(), await world.tenant()];
  ledger = openLedger(databaseUrl);
});
afterAll(() => ledger.close());

const create = (fields: Record<string, unknown> = {}, tenant = own) =>
  ask(PATH, {
    json: {
      organisation_id: tenant.organisation_id,
      description: 'Early adopter',
      percentage: '10',
      effective_from: '2026-01-01',
      ...fields,
    },
  });
const change = (id: string, json: unknown) => ask(`${PATH}/${id}`, { method: 'PATCH', json });
const listOf = async ({ organisation_id }: Tenant) =>
  (await world.get(`${PATH}?organisation_id=${organisation_id}&limit=1000`)).body.data;

async function auditOf(id: string): Promise<unknown[]> {
  const owner = await connectOwner();
  const { rows } = await owner.query(
    `SELECT organisation_id, action, changes->>'effective_to' AS effective_to FROM audit_logs
     WHERE entity_id = $1 ORDER BY seq`,
    [id],
  );
  await owner.end();
  return rows;
}

describe('a discount', () => {
  test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['of a percentage', {}, { percentage: '10', amount: null, currency: null, metric_name: null }],
    ['in canonical form', { percentage: '12.50' }, { percentage: '12.5' }],
    [
      'of an amount, with the decimals of its currency',
      { percentage: null, amount: '5', currency: 'USD', metric_name: 'tokens.input' },
      { percentage: null, amount: '5.00', currency: 'USD', metric_name: 'tokens.input' },
    ],
  ])('%s', async (_, fields, expected) => {
    const { status, body } = await create(fields);
    expect(status, JSON.stringify(body)).toBe(201);
    expect(body).toMatchObject({ ...expected, organisation_id: own.organisation_id, effective_to: null });
    expect(await world.get(`${PATH}/${body.id}`)).toEqual({ status: 200, body });
    expect(await listOf(own)).toContainEqual(body);
    expect(await listOf(other)).toEqual([]);
    expect(await auditOf(body.id)).toEqual([
      { organisation_id: own.organisation_id, action: 'discount.create', effective_to: null },
    ]);
  });

  test('of whole units keeps the decimals of its currency', async () => {
    const tenant = await world.tenant({ currency: 'JPY' });
    const { body } = await create({ percentage: undefined, amount: '500', currency: 'JPY' }, tenant);
    expect(body).toMatchObject({ percentage: null, amount: '500', currency: 'JPY' });
  });

  test('of a percentage alone has a name, and holds from the first of the month in the zone', async () => {
    const zones = ['Pacific/Kiritimati', 'Etc/GMT+12'];
    for (const timezone of zones) {
      const tenant = await world.tenant({ timezone });
      const first = () => firstDay(monthOf(Date.now(), timezone));
      const before = first();
      const { body } = await create({ description: undefined, effective_from: undefined }, tenant);
      expect(body).toMatchObject({ description: 'Discount', percentage: '10', effective_to: null });
      expect([before, first()]).toContain(body.effective_from);
    }
  });

  test.each<[Record<string, unknown>, string]>([
    [{ percentage: undefined }, '/percentage'],
    [{ percentage: '0' }, '/percentage'],
    [{ percentage: '100.1' }, '/percentage'],
    [{ percentage: 10 }, '/percentage'],
    [{ amount: '5', currency: 'USD' }, '/amount'],
    [{ percentage: null, amount: '5' }, '/currency'],
    [{ percentage: null, amount: '5', currency: 'ZZZ' }, '/currency'],
    [{ percentage: null, amount: '500', currency: 'JPY' }, '/currency'],
    [{ percentage: null, amount: '0.005', currency: 'USD' }, '/amount'],
    [{ percentage: null, amount: '0', currency: 'USD' }, '/amount'],
    [{ currency: 'USD' }, '/currency'],
    [{ description: '' }, '/description'],
    [{ metric_name: '' }, '/metric_name'],
    [{ effective_from: '2026-02-30' }, '/effective_from'],
    [{ effective_to: '2026-01-01' }, '/effective_to'],
    [{ id: UNKNOWN_ID }, '/id'],
  ])('is refused with %o, at %s', async (fields, pointer) => {
    const tenant = await world.tenant();
    expect(problemOf(await create(fields, tenant), 422).pointers).toEqual([pointer]);
    expect(await listOf(tenant)).toEqual([]);
  });

  test('may be ended, and its end be moved or taken away; nothing else changes', async () => {
    const { body } = await create();
    for (const effective_to of ['2026-06-01', '2026-09-01', null]) {
      expect((await change(body.id, { effective_to })).body).toMatchObject({
        ...body,
        effective_to,
        updated_at: expect.any(String),
      });
    }
    expect(problemOf(await change(body.id, { effective_to: '2026-01-01' }), 422).pointers).toEqual([
      '/effective_to',
    ]);
    expect(problemOf(await change(body.id, { effective_to: null, percentage: '20' }), 422).pointers).toEqual([
      '/percentage',
    ]);
    expect(problemOf(await change(body.id, {}), 422).pointers).toEqual(['/effective_to']);
    expect(await auditOf(body.id)).toHaveLength(4);
  });

  test('of an unknown organisation is not made', async () => {
    const answer = await create({ organisation_id: UNKNOWN_ID });
    expect(problemOf(answer, 404).pointers).toEqual(['/organisation_id']);
  });

  test('of an id that is none answers 404, as does one of something else', async () => {
    for (const id of [UNKNOWN_ID, 'x', own.organisation_id]) {
      problemOf(await ask(`${PATH}/${id}`), 404);
      problemOf(await change(id, { effective_to: null }), 404);
    }
  });
});

describe('an invoice of September reads those that hold on one of its days', () => {
  test.each<[string, Record<string, unknown>, boolean]>([
    ['all the time', {}, true],
    ['from its last day', { effective_from: '2026-09-30' }, true],
    ['from the day after', { effective_from: '2026-10-01' }, false],
    ['up to its first day', { effective_to: '2026-09-01' }, false],
    ['on its first day', { effective_to: '2026-09-02' }, true],
  ])('%s', async (_, fields, expected) => {
    const tenant = await world.tenant();
    const { id } = (await create(fields, tenant)).body;
    const read = (organisationId: string, as = organisationId) =>
      ledger.transaction(reachOf(as), (tx) =>
        listDiscountsFor(tx, organisationId, '2026-09-01', '2026-09-30'),
      );
    const found = await read(tenant.organisation_id);
    expect(found.map((discount) => discount.id)).toEqual(expected ? [id] : []);
    // Row-level security hides them from another organisation, whatever it queries.
    expect(await read(tenant.organisation_id, other.organisation_id)).toEqual([]);
  });

  test('in the order of their making', async () => {
    const tenant = await world.tenant();
    const ids: string[] = [];
    for (const percentage of ['3', '1', '2']) ids.push((await create({ percentage }, tenant)).body.id);
    const found = await ledger.transaction(reachOf(tenant.organisation_id), (tx) =>
      listDiscountsFor(tx, tenant.organisation_id, '2026-09-01', '2026-09-30'),
    );
    expect(found.map((discount) => discount.id)).toEqual(ids);
  });
});
