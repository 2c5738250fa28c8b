/**
 * The data of organisations and prices for documents and tax: stored as sent, and rejected if it would be
 * taxed wrongly.
 */
import { describe, expect, test } from 'vitest';
import { ask, problemOf, world } from '../http/wire.ts';
import { connectOwner } from '../setup/client.ts';

const PATH = '/v1/admin/organisations';
const BASE = { name: 'Buyer', billing_email: 'b@example.com', currency: 'INR' };
const at = (country: string) => ({ line1: 'Street 1', country });
const create = (fields: Record<string, unknown>) => ask(PATH, { json: { ...BASE, ...fields } });

const FULL = {
  legal_name: 'Buyer Pvt Ltd ü😀',
  address: { line1: '1', line2: '2', city: 'Mumbai', region: 'MH', postal_code: '400001', country: 'IN' },
  tax_id: '27AAPFU0939F1ZV',
  place_of_supply: '29',
  language: 'hi',
  tax_regime: 'in',
  exchange_rate_max_age_days: 0,
  reminder_days_before: null,
  reminder_days_after: 365,
};
const DEFAULTS = {
  legal_name: null,
  address: null,
  tax_id: null,
  place_of_supply: null,
  language: 'en',
  tax_regime: 'none',
  exchange_rate_max_age_days: null,
  reminder_days_before: 3,
  reminder_days_after: 7,
};

describe('an organisation', () => {
  test('has all that it was given when it was made, and nothing more when nothing was', async () => {
    const created = await create(FULL);
    expect(created.status, JSON.stringify(created.body)).toBe(201);
    expect(created.body).toMatchObject(FULL);
    expect((await world.get(`${PATH}/${created.body.id}`)).body).toEqual(created.body);
    expect((await create({})).body).toMatchObject(DEFAULTS);
  });

  test('is changed field by field, and null takes a value away', async () => {
    const { id } = (await create({})).body;
    expect((await world.patch(`${PATH}/${id}`, FULL)).body).toMatchObject(FULL);
    const { language: _, tax_regime: __, ...nullable } = FULL;
    const nothing = Object.fromEntries(Object.keys(nullable).map((field) => [field, null]));
    const { body } = await world.patch(`${PATH}/${id}`, { ...nothing, tax_regime: 'none', language: 'de' });
    expect(body).toMatchObject({ ...nothing, tax_regime: 'none', language: 'de' });
    const owner = await connectOwner();
    const { rows } = await owner.query(
      'SELECT action, changes FROM audit_logs WHERE organisation_id = $1 ORDER BY seq',
      [id],
    );
    await owner.end();
    expect(rows.map((row) => row.action)).toEqual([
      'organisation.create',
      'organisation.update',
      'organisation.update',
    ]);
    expect(rows[1].changes).toEqual(FULL);
  });
});

describe('tax data that would be taxed wrongly are refused at once', () => {
  test.each<[string, Record<string, unknown>, string[]]>([
    ['in, a GSTIN', { tax_regime: 'in', address: at('IN'), tax_id: '27AAPFU0939F1ZV' }, []],
    [
      'in, a GSTIN that is none',
      { tax_regime: 'in', address: at('IN'), tax_id: '27AAPFU0939F1ZW' },
      ['/tax_id'],
    ],
    ['in, a tax id from abroad', { tax_regime: 'in', address: at('DE'), tax_id: 'DE123456789' }, []],
    ['in, a state', { tax_regime: 'in', place_of_supply: '97' }, []],
    ['in, a state that is none', { tax_regime: 'in', place_of_supply: '96' }, ['/place_of_supply']],
    ['in, a country for a state', { tax_regime: 'in', place_of_supply: 'IN' }, ['/place_of_supply']],
    ['eu, a VAT ID', { tax_regime: 'eu', address: at('GR'), tax_id: 'EL123456789' }, []],
    [
      'eu, a VAT ID that is none',
      { tax_regime: 'eu', address: at('GR'), tax_id: 'GR123456789' },
      ['/tax_id'],
    ],
    ['eu, a tax id from outside', { tax_regime: 'eu', address: at('US'), tax_id: '12-3456789' }, []],
    ['eu, a country', { tax_regime: 'eu', place_of_supply: 'FR' }, []],
    ['eu, a country that is none', { tax_regime: 'eu', place_of_supply: 'EL' }, ['/place_of_supply']],
    ['eu, a state for a country', { tax_regime: 'eu', place_of_supply: '29' }, ['/place_of_supply']],
    ['none, anything', { address: at('IN'), tax_id: 'X-1', place_of_supply: '29' }, []],
    ['no regime of that name', { tax_regime: 'us' }, ['/tax_regime']],
    ['no language of that name', { language: 'fr' }, ['/language']],
    ['an address without its first line', { address: { country: 'DE' } }, ['/address/line1']],
    ['a country that is none', { address: at('XX') }, ['/address/country']],
    ['a place that is no code', { place_of_supply: 'x' }, ['/place_of_supply']],
    ['a tax id with a line break', { tax_id: 'A\nB' }, ['/tax_id']],
    ['an age below zero', { exchange_rate_max_age_days: -1 }, ['/exchange_rate_max_age_days']],
    ['a reminder of half a day', { reminder_days_before: 0.5 }, ['/reminder_days_before']],
    ['a reminder after more than a year', { reminder_days_after: 366 }, ['/reminder_days_after']],
    ['an empty name', { legal_name: '' }, ['/legal_name']],
  ])('%s', async (_, fields, pointers) => {
    const created = await create(fields);
    const { id } = (await create({})).body;
    const changed = await ask(`${PATH}/${id}`, { method: 'PATCH', json: fields });
    if (pointers.length === 0) {
      expect(created.body).toMatchObject(fields);
      expect(changed.body).toMatchObject(fields);
      return;
    }
    expect(problemOf(created, 422).pointers).toEqual(pointers);
    expect(problemOf(changed, 422).pointers).toEqual(pointers);
    expect((await world.get(`${PATH}/${id}`)).body).toMatchObject(DEFAULTS);
  });

  test('a change of the regime is judged with what is there already', async () => {
    const { id } = (await create({ tax_id: 'X-1', address: at('IN') })).body;
    const change = (fields: Record<string, unknown>) =>
      ask(`${PATH}/${id}`, { method: 'PATCH', json: fields });
    expect(problemOf(await change({ tax_regime: 'in' }), 422).pointers).toEqual(['/tax_id']);
    expect((await change({ tax_regime: 'in', tax_id: null })).status).toBe(200);
  });
});

describe('a price', () => {
  const plan = async (fields: Record<string, unknown>) =>
    ask('/v1/admin/pricing-plans', {
      json: {
        organisation_id: (await world.tenant()).organisation_id,
        metric_name: 'tokens',
        unit: 'token',
        currency: 'USD',
        charge_model: 'per_unit',
        price_per_unit: '1',
        effective_from: '2026-01-01',
        ...fields,
      },
    });

  test('says how invoices call it, its category and its code', async () => {
    const fields = { display_name: 'Input tokens', tax_category: 'reduced', hsn_sac: '998315' };
    const { status, body } = await plan(fields);
    expect(status, JSON.stringify(body)).toBe(201);
    expect(body).toMatchObject(fields);
    expect((await world.get(`/v1/admin/pricing-plans/${body.id}`)).body).toEqual(body);
    expect((await plan({})).body).toMatchObject({
      display_name: null,
      tax_category: 'standard',
      hsn_sac: null,
    });
  });

  test.each([
    ['display_name', ''],
    ['display_name', 'x'.repeat(256)],
    ['tax_category', ''],
    ['tax_category', null],
    ['tax_category', 'x'.repeat(65)],
    ['hsn_sac', '12345'],
    ['hsn_sac', 998315],
  ])('is refused with %s %s', async (field, value) => {
    expect(problemOf(await plan({ [field]: value }), 422).pointers).toEqual([`/${field}`]);
  });
});
