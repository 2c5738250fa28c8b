/** Sellers over HTTP: what is accepted, what is rejected, and that concurrent updates do not undo each other. */
import { describe, expect, test } from 'vitest';
import { SAMPLE_JPEG, samplePng } from '../documents/sample-logo.ts';
import { ask, problemOf, UNKNOWN_ID, world } from '../http/wire.ts';
import { connectOwner } from '../setup/client.ts';
import { randomUUID } from '../setup/seeded.ts';

const PATH = '/v1/admin/billing-entities';
const ADDRESS = { line1: 'Hauptstr. 1', city: 'Berlin', postal_code: '10115', country: 'DE' };
const GSTIN = { type: 'gstin', value: '29AAGCB7383J1Z4' };
const SHORT = '{series}/{fy2}/{seq:5}';

const create = (fields: Record<string, unknown> = {}) =>
  ask(PATH, { json: { legal_name: 'Seller', address: ADDRESS, ...fields } });
const change = (id: string, json: unknown, headers: Record<string, string> = {}) =>
  ask(`${PATH}/${id}`, { method: 'PATCH', json, headers });

async function auditOf(id: string): Promise<{ action: string; changes: Record<string, unknown> }[]> {
  const owner = await connectOwner();
  const { rows } = await owner.query(
    `SELECT action, changes FROM audit_logs
     WHERE organisation_id = '00000000-0000-0000-0000-000000000000' AND entity_id = $1 ORDER BY seq`,
    [id],
  );
  await owner.end();
  return rows;
}

const countNamed = async (name: string): Promise<number> => {
  const owner = await connectOwner();
  const { rows } = await owner.query(
    'SELECT count(*)::int AS n FROM billing_entities WHERE legal_name = $1',
    [name],
  );
  await owner.end();
  return rows[0].n;
};

const PNG_BYTES = new Uint8Array(samplePng(4, 3, [1, 2, 3]));
const dataUrl = (type: string, bytes: Uint8Array): string =>
  `data:image/${type};base64,${Buffer.from(bytes).toString('base64')}`;

describe('a seller', () => {
  test('has all that it was given, and one row of audit for each change', async () => {
    const full = {
      legal_name: 'Ünïcode Pvt Ltd 😀',
      address: { ...ADDRESS, line2: '2nd floor', region: 'Karnataka', country: 'IN' },
      tax_ids: [GSTIN, { type: 'other', value: 'PAN AAGCB7383J' }],
      email: 'billing@example.com',
      series: 'A/',
      credit_note_series: 'C',
      number_format: SHORT,
      financial_year_start_month: 4,
      timezone: 'Asia/Kolkata',
      hsn_sac: '998315',
      payment_instructions: 'IBAN\nDE00',
      is_default: false,
    };
    const created = await create(full);
    expect(created.status, JSON.stringify(created.body)).toBe(201);
    expect(created.body).toMatchObject({ ...full, logo_sha256: null, logo_media_type: null });
    const { id } = created.body;
    expect(await world.get(`${PATH}/${id}`)).toEqual({ status: 200, body: created.body });
    const changed = await change(id, { email: null, hsn_sac: null });
    expect(changed.body).toMatchObject({ ...full, email: null, hsn_sac: null });
    const audit = await auditOf(id);
    expect(audit.map(({ action }) => action)).toEqual(['billing_entity.create', 'billing_entity.update']);
    expect(audit[0]?.changes).toMatchObject(full);
    expect(audit[1]?.changes).toEqual({ email: null, hsn_sac: null });
  });

  test('of a name and an address has the numbers of the house', async () => {
    const { body } = await create();
    expect(body).toMatchObject({
      series: 'INV',
      credit_note_series: 'CN',
      number_format: '{series}-{fy}-{seq}',
      financial_year_start_month: 1,
      timezone: 'UTC',
      tax_ids: [],
      is_default: false,
    });
  });

  test('of a name alone has no address yet', async () => {
    const { status, body } = await ask(PATH, { json: { legal_name: 'Seller' } });
    expect(status, JSON.stringify(body)).toBe(201);
    expect(body).toMatchObject({ legal_name: 'Seller', address: null, tax_ids: [] });
    expect(await world.get(`${PATH}/${body.id}`)).toEqual({ status: 200, body });
    expect((await change(body.id, { address: ADDRESS })).body.address).toEqual(ADDRESS);
  });

  test('takes its tax ids by their types, and has them as a list', async () => {
    const vat = { type: 'eu_vat', value: 'DE123456789' };
    const { body } = await create({
      tax_ids: { eu_vat: vat.value, gstin: GSTIN.value },
      number_format: SHORT,
    });
    expect(body.tax_ids).toEqual([GSTIN, vat]);
    expect((await change(body.id, { tax_ids: { eu_vat: vat.value } })).body.tax_ids).toEqual([vat]);
    expect((await change(body.id, { tax_ids: {} })).body.tax_ids).toEqual([]);
  });

  test('is in the list, and an organisation may be moved to it', async () => {
    const { body } = await create();
    const { body: page } = await world.get(`${PATH}?limit=1000`);
    expect(page.data).toContainEqual(body);
    const tenant = await world.tenant({ billing_entity_id: body.id });
    const path = `/v1/admin/organisations/${tenant.organisation_id}`;
    expect((await world.get(path)).body.billing_entity_id).toBe(body.id);
    const other = await create();
    expect((await world.patch(path, { billing_entity_id: other.body.id })).body.billing_entity_id).toBe(
      other.body.id,
    );
    const refused = await ask(path, { method: 'PATCH', json: { billing_entity_id: UNKNOWN_ID } });
    expect(problemOf(refused, 422).pointers).toEqual(['/billing_entity_id']);
    expect((await world.get(path)).body.billing_entity_id).toBe(other.body.id);
  });
});

describe('what is refused points at its fault, and nothing is stored', () => {
  const big = dataUrl('png', Buffer.concat([PNG_BYTES, Buffer.alloc(200 * 1024)]));
  test.each<[string, Record<string, unknown>, string[]]>([
    ['no name', { legal_name: undefined }, ['/legal_name']],
    ['an address without a country', { address: { line1: 'x' } }, ['/address/country']],
    ['an address with one that is none', { address: { line1: 'x', country: 'UK' } }, ['/address/country']],
    ['an address with another field', { address: { ...ADDRESS, street: 'x' } }, ['/address/street']],
    [
      'a GSTIN with a wrong check character',
      { tax_ids: [{ ...GSTIN, value: '29AAGCB7383J1Z5' }], number_format: SHORT },
      ['/tax_ids/0/value'],
    ],
    ['two GSTINs', { tax_ids: [GSTIN, GSTIN], number_format: SHORT }, ['/tax_ids/1']],
    [
      'a VAT ID of no member state',
      { tax_ids: [{ type: 'eu_vat', value: 'GB123456789' }] },
      ['/tax_ids/0/value'],
    ],
    [
      'a tax id in small letters',
      { tax_ids: [{ type: 'eu_vat', value: 'de123456789' }] },
      ['/tax_ids/0/value'],
    ],
    [
      'a GSTIN with a wrong check character, by its type',
      { tax_ids: { gstin: '29AAGCB7383J1Z5' }, number_format: SHORT },
      ['/tax_ids/gstin'],
    ],
    ['a VAT ID of no member state, by its type', { tax_ids: { eu_vat: 'GB123456789' } }, ['/tax_ids/eu_vat']],
    ['a tax id by an unknown type', { tax_ids: { ein: '1' } }, ['/tax_ids/ein']],
    ['tax ids as a text', { tax_ids: GSTIN.value }, ['/tax_ids']],
    ['a tax id of an unknown kind', { tax_ids: [{ type: 'ein', value: '1' }] }, ['/tax_ids/0/type']],
    [
      'numbers too long for a GSTIN',
      { tax_ids: [GSTIN], financial_year_start_month: 4, number_format: '{series}-{fy}-{seq:6}' },
      ['/number_format'],
    ],
    ['a format that does not end in its digits', { number_format: '{series}-{fy}' }, ['/number_format']],
    ['a format with a blank', { number_format: '{series} {fy}-{seq}' }, ['/number_format']],
    ['one series for both', { series: 'X', credit_note_series: 'X' }, ['/credit_note_series']],
    ['a series with a dot', { series: 'A.B' }, ['/series']],
    ['a thirteenth month', { financial_year_start_month: 13 }, ['/financial_year_start_month']],
    ['no zone', { timezone: 'Mars/Olympus' }, ['/timezone']],
    ['five digits of a code', { hsn_sac: '12345' }, ['/hsn_sac']],
    ['no e-mail address', { email: 'x' }, ['/email']],
    ['a logo that is no data URL', { logo: 'https://example.com/logo.png' }, ['/logo']],
    ['a logo of another kind', { logo: dataUrl('svg+xml', PNG_BYTES) }, ['/logo']],
    ['a logo that lies about its kind', { logo: dataUrl('jpeg', PNG_BYTES) }, ['/logo']],
    ['a logo that was cut off', { logo: dataUrl('png', PNG_BYTES.slice(0, -20)) }, ['/logo']],
    ['a logo that is too large', { logo: big }, ['/logo']],
    ['a logo that is no base64', { logo: 'data:image/png;base64,iVBOR' }, ['/logo']],
    ['the hash of a logo', { logo_sha256: 'x' }, ['/logo_sha256']],
    ['an id', { id: UNKNOWN_ID }, ['/id']],
  ])('%s', async (_, fields, pointers) => {
    const legal_name = `Refused ${randomUUID()}`;
    const answer = await create('legal_name' in fields ? fields : { legal_name, ...fields });
    expect(problemOf(answer, 422).pointers).toEqual(pointers);
    expect(await countNamed(legal_name)).toBe(0);
  });

  test('a change is judged by what it would make of the whole', async () => {
    const long = { financial_year_start_month: 4, number_format: '{series}-{fy}-{seq:6}' };
    const { id } = (await create(long)).body;
    expect(problemOf(await change(id, { tax_ids: [GSTIN] }), 422).pointers).toEqual(['/number_format']);
    expect(problemOf(await change(id, { series: 'cn' }), 422).pointers).toEqual(['/credit_note_series']);
    expect((await world.get(`${PATH}/${id}`)).body).toMatchObject({ tax_ids: [], series: 'INV' });
    expect(await auditOf(id)).toHaveLength(1);
    expect((await change(id, { tax_ids: [GSTIN], number_format: SHORT })).status).toBe(200);
  });

  test.each([UNKNOWN_ID, 'x', '%00'])('the id %s answers 404', async (id) => {
    problemOf(await ask(`${PATH}/${id}`), 404);
    problemOf(await change(id, { email: null }), 404);
  });
});

describe('an entity tag', () => {
  test.each(['billing-entities', 'organisations'])(
    'of %s names the state that was read',
    async (collection) => {
      const id =
        collection === 'organisations' ? (await world.tenant()).organisation_id : (await create()).body.id;
      const path = `/v1/admin/${collection}/${id}`;
      const field = collection === 'organisations' ? 'name' : 'legal_name';
      const patch = (value: string, ifMatch?: string) =>
        ask(path, {
          method: 'PATCH',
          json: { [field]: value },
          headers: ifMatch === undefined ? {} : { 'if-match': ifMatch },
        });
      const first = (await ask(path)).headers.get('etag') ?? '';
      expect(first).toMatch(/^"[0-9a-f]{64}"$/);
      expect((await ask(path)).headers.get('etag')).toBe(first);

      const changed = await patch('One', first);
      expect(changed.status).toBe(200);
      const second = changed.headers.get('etag') ?? '';
      expect(second).not.toBe(first);
      expect((await ask(path)).headers.get('etag')).toBe(second);

      for (const stale of [first, `W/${second}`, '"x"', second.slice(1, -1), `${first}, "x"`]) {
        expect(problemOf(await patch('Lost', stale), 412).code).toBe('precondition_failed');
      }
      expect((await ask(path)).body[field]).toBe('One');
      expect((await patch('Two', `"x", ${second}`)).status).toBe(200);
      expect((await patch('Three', '*')).status).toBe(200);
      expect((await patch('Four')).status).toBe(200);
    },
  );

  test('lets one of two at once through', async () => {
    const created = await create();
    const etag = created.headers.get('etag') ?? '';
    const answers = await Promise.all(
      ['a', 'b', 'c', 'd'].map((legal_name) => change(created.body.id, { legal_name }, { 'if-match': etag })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412]);
    expect(await auditOf(created.body.id)).toHaveLength(2);
  });
});

describe('a logo', () => {
  test('is kept under its hash, replaced and taken away; the picture itself is in no answer and no audit', async () => {
    const created = await create({ logo: dataUrl('png', PNG_BYTES) });
    expect(created.status, JSON.stringify(created.body)).toBe(201);
    const { id, logo_sha256 } = created.body;
    const digest = await crypto.subtle.digest('SHA-256', PNG_BYTES);
    expect(logo_sha256).toBe(Buffer.from(digest).toString('hex'));
    expect(created.body.logo_media_type).toBe('image/png');
    const changed = await change(id, { logo: dataUrl('jpeg', SAMPLE_JPEG) });
    expect(changed.body.logo_media_type).toBe('image/jpeg');
    expect(changed.body.logo_sha256).not.toBe(logo_sha256);
    expect((await change(id, { email: null })).body.logo_sha256).toBe(changed.body.logo_sha256);
    expect((await change(id, { logo: null })).body).toMatchObject({
      logo_sha256: null,
      logo_media_type: null,
    });
    const text = JSON.stringify([created.body, changed.body, await auditOf(id)]);
    expect(text).not.toContain(Buffer.from(PNG_BYTES).toString('base64').slice(0, 20));
  });
});
