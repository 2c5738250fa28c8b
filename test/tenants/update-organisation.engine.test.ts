/** A new zone or currency applies from the next period; periods that have begun do not change. */
import { beforeAll, describe, expect, test } from 'vitest';
import { eventOf, send, world } from '../http/wire.ts';
import { connectOwner } from '../setup/client.ts';
import type { Json, Tenant } from '../setup/world.ts';

const now = new Date();
const [YEAR, MONTH] = [now.getUTCFullYear(), now.getUTCMonth() + 1];
const next = new Date(Date.UTC(YEAR, MONTH, 1));
/** Neither zone has daylight saving, so the hours below apply all year. */
const [OLD, NEW] = [
  { timezone: 'Asia/Kolkata', offset_ms: 5.5 * 3_600_000, currency: 'INR' },
  { timezone: 'America/Bogota', offset_ms: -5 * 3_600_000, currency: 'JPY' },
];

const periods = async (organisationId: string): Promise<Record<string, Json>[]> => {
  const owner = await connectOwner();
  const { rows } = await owner.query(
    `SELECT year, month, timezone, currency, starts_at, ends_at FROM billing_periods
     WHERE organisation_id = $1 ORDER BY year, month`,
    [organisationId],
  );
  await owner.end();
  return rows;
};

describe('an organisation that moves in the middle of a month', () => {
  let tenant: Tenant;
  beforeAll(async () => {
    tenant = await world.tenant({ timezone: OLD.timezone, currency: OLD.currency });
    const changes = { timezone: NEW.timezone, currency: NEW.currency };
    const { status, body } = await world.patch(`/v1/admin/organisations/${tenant.organisation_id}`, changes);
    expect(status).toBe(200);
    expect(body).toMatchObject(changes);
  });

  test('has its running month in the old zone and currency', async () => {
    await send(tenant.key, eventOf());
    await world.job('rollup');
    const local = new Date(now.getTime() + OLD.offset_ms);
    const starts_at = new Date(Date.UTC(local.getUTCFullYear(), local.getUTCMonth(), 1) - OLD.offset_ms);
    expect(await periods(tenant.organisation_id)).toMatchObject([
      {
        year: local.getUTCFullYear(),
        month: local.getUTCMonth() + 1,
        timezone: OLD.timezone,
        currency: OLD.currency,
        starts_at,
      },
    ]);
    const { body } = await world.post('/v1/admin/invoices/preview', {
      organisation_id: tenant.organisation_id,
      year: local.getUTCFullYear(),
      month: local.getUTCMonth() + 1,
    });
    expect(body).toMatchObject({ currency: OLD.currency, period_start: starts_at.toISOString() });
  });

  test('has the next in the new ones, from the instant at which the old one ends', async () => {
    const owner = await connectOwner();
    const { rows } = await owner.query(
      `SELECT from_year, from_month, timezone, currency FROM billing_calendars WHERE organisation_id = $1
       ORDER BY from_year, from_month`,
      [tenant.organisation_id],
    );
    await owner.end();
    expect(rows).toHaveLength(2);
    expect(rows[0]).toMatchObject({ from_year: 2000, timezone: OLD.timezone, currency: OLD.currency });
    expect(rows[1]).toMatchObject({ timezone: NEW.timezone, currency: NEW.currency });
    const { body } = await world.post('/v1/admin/invoices/preview', {
      organisation_id: tenant.organisation_id,
      year: rows[1].from_year,
      month: rows[1].from_month,
    });
    const [current] = await periods(tenant.organisation_id);
    expect(body.currency).toBe(NEW.currency);
    expect(body.period_start).toBe(current?.['ends_at'].toISOString());
    const end = new Date(Date.UTC(rows[1].from_year, rows[1].from_month, 1) - NEW.offset_ms);
    expect(body.period_end).toBe(end.toISOString());
  });

  test('may change its mind: the last word before the month begins holds', async () => {
    const path = `/v1/admin/organisations/${tenant.organisation_id}`;
    await world.patch(path, { currency: 'EUR' });
    await world.patch(path, { timezone: 'UTC' });
    const owner = await connectOwner();
    const { rows } = await owner.query(
      'SELECT timezone, currency FROM billing_calendars WHERE organisation_id = $1 AND from_year > 2000',
      [tenant.organisation_id],
    );
    await owner.end();
    expect(rows).toEqual([{ timezone: 'UTC', currency: 'EUR' }]);
    expect(await periods(tenant.organisation_id)).toHaveLength(1);
  });
});

test('a change of anything else leaves the calendar alone', async () => {
  const tenant = await world.tenant();
  const path = `/v1/admin/organisations/${tenant.organisation_id}`;
  const { body } = await world.patch(path, { name: 'Other', grace_hours: 0, payment_terms_days: 30 });
  expect(body).toMatchObject({
    name: 'Other',
    grace_hours: 0,
    payment_terms_days: 30,
    currency: 'USD',
    timezone: 'UTC',
  });
  expect(await periods(tenant.organisation_id)).toEqual([]);
  const same = await world.patch(path, {});
  expect(same.body).toMatchObject({ name: 'Other' });
});

test('an organisation set inactive is still billed for what it has used', async () => {
  const tenant = await world.tenant();
  const { organisation_id } = tenant;
  const at = new Date(Date.UTC(next.getUTCFullYear(), next.getUTCMonth() - 2, 15, 12));
  await world.post('/v1/admin/pricing-plans', {
    organisation_id,
    metric_name: 'tokens.input',
    unit: 'token',
    currency: 'USD',
    charge_model: 'per_unit',
    price_per_unit: '2',
    effective_from: '2020-01-01',
  });
  await send(tenant.key, eventOf({ timestamp: at.toISOString() }));
  await world.patch(`/v1/admin/organisations/${organisation_id}`, { is_active: false });
  await world.job('rollup');
  const draft = await world.post('/v1/admin/invoices', {
    organisation_id,
    year: at.getUTCFullYear(),
    month: at.getUTCMonth() + 1,
  });
  expect(draft).toMatchObject({ status: 201, body: { total: '25.00' } });
});
