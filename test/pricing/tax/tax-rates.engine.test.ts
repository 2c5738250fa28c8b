/** Tax rates over HTTP: never two for one day, immutable except for their end; and the rates that invoices read. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Ledger, openLedger, tenant } from '../../../src/db/ledger.ts';
import { listTaxRates } from '../../../src/pricing/tax/store.ts';
import { ask, problemOf, UNKNOWN_ID, world } from '../../http/wire.ts';
import { connectOwner, databaseUrl } from '../../setup/client.ts';
import { randomUUID } from '../../setup/seeded.ts';

const PATH = '/v1/admin/tax-rates';

const rateOf = (fields: Record<string, unknown> = {}): Record<string, unknown> => ({
  country: 'DE',
  category: `category ${randomUUID()}`,
  rate: '7',
  effective_from: '2026-01-01',
  ...fields,
});
const create = (fields?: Record<string, unknown>) => ask(PATH, { json: rateOf(fields) });
const end = (id: string, effective_to: unknown) =>
  ask(`${PATH}/${id}`, { method: 'PATCH', json: { effective_to } });

async function auditOf(id: string): Promise<unknown[]> {
  const owner = await connectOwner();
  const { rows } = await owner.query(
    `SELECT action, changes->>'effective_to' AS effective_to FROM audit_logs
     WHERE organisation_id = '00000000-0000-0000-0000-000000000000' AND entity_id = $1 ORDER BY seq`,
    [id],
  );
  await owner.end();
  return rows;
}

describe('two rates of one country and category', () => {
  test.each<[string, Record<string, unknown>, number]>([
    ['on the same days', {}, 409],
    ['within', { effective_from: '2026-02-01', effective_to: '2026-02-02' }, 409],
    ['around', { effective_from: '2025-01-01', effective_to: '2027-01-01' }, 409],
    ['over its first day', { effective_from: '2025-01-01', effective_to: '2026-01-02' }, 409],
    ['from its last day', { effective_from: '2026-03-30' }, 409],
    ['of another percentage', { rate: '8' }, 409],
    ['up to its first day', { effective_from: '2025-01-01', effective_to: '2026-01-01' }, 201],
    ['from the day of its end', { effective_from: '2026-03-31', effective_to: null }, 201],
    ['of another country', { country: 'FR' }, 201],
  ])('%s: %i', async (_, second, status) => {
    const category = randomUUID();
    const first = { category, effective_to: '2026-03-31' };
    expect((await create(first)).status).toBe(201);
    const answer = await create({ ...first, ...second });
    expect(answer.status, JSON.stringify(answer.body)).toBe(status);
    if (status === 409) expect(problemOf(answer, 409).code).toBe('rate_overlap');
    const { body } = await world.get(`${PATH}?category=${category}`);
    expect(body.data).toHaveLength(status === 409 ? 1 : 2);
  });

  test('by many at once: one is taken', async () => {
    const category = randomUUID();
    const answers = await Promise.all([1, 2, 3, 4].map(() => create({ category })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
    expect((await world.get(`${PATH}?category=${category}`)).body.data).toHaveLength(1);
  });
});

describe('a rate', () => {
  test('says its country, category and source, and its percentage in canonical form', async () => {
    const { body } = await create({
      category: undefined,
      country: 'AQ',
      rate: '07.50',
      source: 'Official Gazette',
    });
    expect(body).toMatchObject({
      country: 'AQ',
      category: 'standard',
      rate: '7.5',
      source: 'Official Gazette',
      effective_to: null,
    });
    expect(await world.get(`${PATH}/${body.id}`)).toEqual({ status: 200, body });
    expect((await world.get(`${PATH}?country=AQ&category=standard`)).body.data).toEqual([body]);
    expect((await world.get(`${PATH}?country=AQ&category=other`)).body.data).toEqual([]);
    expect(await auditOf(body.id)).toEqual([{ action: 'tax_rate.create', effective_to: null }]);
  });

  test('is ended, and cannot be made to end later', async () => {
    const { id } = (await create()).body;
    for (const wrong of ['2026-01-01', '2025-01-01', '2026-02-30', null, 5]) {
      expect(problemOf(await end(id, wrong), 422).pointers).toEqual(['/effective_to']);
    }
    expect((await end(id, '2026-06-01')).body.effective_to).toBe('2026-06-01');
    expect(problemOf(await end(id, '2026-06-02'), 422).pointers).toEqual(['/effective_to']);
    expect((await end(id, '2026-03-01')).body.effective_to).toBe('2026-03-01');
    expect(await auditOf(id)).toEqual([
      { action: 'tax_rate.create', effective_to: null },
      { action: 'tax_rate.end', effective_to: '2026-06-01' },
      { action: 'tax_rate.end', effective_to: '2026-03-01' },
    ]);
  });

  test('has no percentage that could be changed', async () => {
    const { body } = await create();
    const answer = await ask(`${PATH}/${body.id}`, {
      method: 'PATCH',
      json: { effective_to: '2027-01-01', rate: '8' },
    });
    expect(problemOf(answer, 422).pointers).toEqual(['/rate']);
    expect((await world.get(`${PATH}/${body.id}`)).body).toEqual(body);
  });

  test.each<[string, unknown]>([
    ['country', 'EL'],
    ['country', 'de'],
    ['country', undefined],
    ['category', ''],
    ['category', 'x'.repeat(65)],
    ['rate', 7],
    ['rate', '-1'],
    ['rate', '100.01'],
    ['rate', '1.00001'],
    ['rate', '1e1'],
    ['effective_from', '2026-02-30'],
    ['effective_from', '0000-01-01'],
    ['effective_to', '2026-01-01'],
    ['source', ''],
  ])('is refused with %s %s', async (field, value) => {
    const category = randomUUID();
    const answer = await create({ category, [field]: value });
    expect(problemOf(answer, 422).pointers).toEqual([`/${field}`]);
    expect((await world.get(`${PATH}?category=${category}`)).body.data).toEqual([]);
  });

  test.each([UNKNOWN_ID, 'x'])('of the id %s is not found', async (id) => {
    problemOf(await ask(`${PATH}/${id}`), 404);
    problemOf(await end(id, '2027-01-01'), 404);
  });
});

describe('what invoices read', () => {
  let ledger: Ledger;
  beforeAll(() => {
    ledger = openLedger(databaseUrl);
  });
  afterAll(() => ledger.close());
  const read = async (countries: string[], day: string) => {
    const { organisation_id } = await world.tenant();
    const rates = await ledger.transaction(tenant(organisation_id), (tx) => listTaxRates(tx, countries, day));
    return rates
      .filter(({ category }) => category === 'standard')
      .map(({ country, rate }) => `${country} ${rate}`);
  };

  test.each<[string, string[], string, string[]]>([
    ['no countries', [], '2026-11-21', []],
    ['India', ['IN'], '2017-07-01', ['IN 18']],
    ['India, the day before', ['IN'], '2017-06-30', []],
    ['two countries', ['FR', 'DE'], '2026-11-21', ['DE 19', 'FR 20']],
    ['the last day of a rate', ['EE'], '2025-06-30', ['EE 22']],
    ['the first day of the next', ['EE'], '2025-07-01', ['EE 24']],
  ])('of %s, as a tenant: the rates of that day', async (_, countries, day, expected) => {
    expect(await read(countries, day)).toEqual(expected);
  });

  test('every member state of the EU has a standard rate to begin with', async () => {
    const members = 'AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK'.split(
      ' ',
    );
    expect(await read(members, '2026-11-21')).toHaveLength(27);
  });

  test('a tenant cannot write them', async () => {
    const { organisation_id } = await world.tenant();
    const write = ledger.transaction(tenant(organisation_id), (tx) =>
      tx.execute("UPDATE tax_rates SET rate = 0 WHERE country = 'DE'"),
    );
    await expect(write).rejects.toThrow(/permission denied/);
    expect(await read(['DE'], '2026-11-21')).toEqual(['DE 19']);
  });
});
