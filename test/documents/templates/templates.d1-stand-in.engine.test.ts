/** Templates: what is saved, what is refused, one default per type, and what a preview shows. */
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tenant } from '../../../src/db/ledger.ts';
import {
  type CreateTemplateInput,
  createTemplate,
} from '../../../src/documents/templates/create-template.ts';
import { findDefaultTemplates } from '../../../src/documents/templates/template-store.ts';
import { updateTemplate } from '../../../src/documents/templates/update-template.ts';
import { ask, problemOf, UNKNOWN_ID, world } from '../../http/wire.ts';
import { openSuite, type Suite } from '../../invoicing/ledger-of-suite.ts';
import { api, connectOwner } from '../../setup/client.ts';
import { addIssued, auditActions } from '../issued-invoices.ts';
import { expectHarmless } from '../read-page.ts';

const PATH = '/v1/admin/invoice-templates';

describe('over the wire', () => {
  let owner: pg.Client;
  let organisation_id: string;
  beforeAll(async () => {
    owner = await connectOwner();
    organisation_id = (await world.tenant()).organisation_id;
  });
  afterAll(() => owner.end());

  const htmlOf = (fields: Record<string, unknown> = {}) => ({
    organisation_id,
    name: 'Own',
    template_type: 'html',
    html_content: '<h1>{{number}}</h1><p class="to">{{buyer.name}}</p>',
    ...fields,
  });
  const create = (fields?: Record<string, unknown>) => ask(PATH, { json: htmlOf(fields) });
  const count = async (): Promise<number> =>
    (await owner.query('SELECT 1 FROM invoice_templates WHERE organisation_id = $1', [organisation_id])).rows
      .length;
  const patch = (id: string, json: unknown, headers: Record<string, string> = {}) =>
    ask(`${PATH}/${id}`, { method: 'PATCH', json, headers });

  test('a template is kept with what its variables stand for and who made it', async () => {
    const { status, body, headers } = await create();
    expect(status).toBe(201);
    expect(body).toMatchObject({
      organisation_id,
      is_default: false,
      is_active: true,
      css_content: null,
      settings: null,
      created_by: expect.stringMatching(/^admin_key:/),
      variables: { number: 'Document number', 'buyer.name': 'Legal name of the buyer' },
    });
    expect(await auditActions(owner, body.id)).toEqual(['invoice_template.create']);
    const read = await ask(`${PATH}/${body.id}`);
    expect(read.body).toEqual(body);
    expect(read.headers.get('etag')).toBe(headers.get('etag'));
    const listed = await ask(`${PATH}?organisation_id=${organisation_id}&template_type=html`);
    const { available_variables, ...stored } = body;
    expect(available_variables).toMatchObject({
      number: 'Document number',
      customer_name: 'The same as buyer.name',
      'line_items.unit_price': 'Price per unit; empty if the price has tiers',
    });
    expect(listed.body.data).toContainEqual(stored);
    const others = await ask(`${PATH}?organisation_id=${organisation_id}&template_type=pdf`);
    expect(others.body.data).toEqual([]);
  });

  test.each<[string, Record<string, unknown>, string]>([
    ['a syntax', { html_content: '<p>{{#lines}}' }, '/html_content'],
    ['text that is not escaped', { html_content: '<p>{{{number}}}</p>' }, '/html_content'],
    ['an unknown variable', { html_content: '<p>{{nobody}}</p>' }, '/html_content'],
    ['a script', { html_content: '<script>1</script>' }, '/html_content'],
    ['nothing', { html_content: null }, '/html_content'],
    ['CSS that loads', { css_content: 'p { background: url(https://evil.example) }' }, '/css_content'],
    ['data of another shape', { preview_data: { lines: 'x' } }, '/preview_data/lines'],
    ['settings of a PDF', { settings: { paper: 'A4' } }, '/settings'],
    [
      'an unknown setting',
      { template_type: 'pdf', html_content: null, settings: { colour: 'red' } },
      '/settings/colour',
    ],
    [
      'a colour that is none',
      { template_type: 'pdf', html_content: null, settings: { accent_color: 'red' } },
      '/settings/accent_color',
    ],
    [
      'a footer of nine lines',
      { template_type: 'pdf', html_content: null, settings: { footer: 'x\n'.repeat(8) } },
      '/settings/footer',
    ],
    [
      'notes of 4,001 characters',
      { template_type: 'pdf', html_content: null, settings: { notes: 'x'.repeat(4001) } },
      '/settings/notes',
    ],
    ['an unknown field', { is_system: true }, '/is_system'],
    ['an inactive default', { is_default: true, is_active: false }, '/is_default'],
  ])('%s is refused and nothing is kept', async (_, fields, pointer) => {
    const before = await count();
    expect(problemOf(await create(fields), 422).pointers).toContain(pointer);
    expect(await count()).toBe(before);
  });

  test('a change asks for the state that was read, and a late one changes nothing', async () => {
    const { body, headers } = await create();
    const etag = headers.get('etag') ?? '';
    const changed = await patch(
      body.id,
      { name: 'New', html_content: '<p>{{total}}</p>' },
      { 'if-match': etag },
    );
    expect(changed.status).toBe(200);
    expect(changed.body).toMatchObject({
      name: 'New',
      variables: { total: 'Total to pay, or total credited' },
    });
    expect(changed.body.available_variables).toEqual(body.available_variables);
    expect(changed.headers.get('etag')).not.toBe(etag);
    const late = await patch(body.id, { name: 'Late' }, { 'if-match': etag });
    expect(problemOf(late, 412).code).toBe('precondition_failed');
    expect((await ask(`${PATH}/${body.id}`)).body).toEqual(changed.body);
    expect(await auditActions(owner, body.id)).toEqual([
      'invoice_template.create',
      'invoice_template.update',
    ]);
  });

  test('a change with a fault changes nothing', async () => {
    const { body } = await create();
    expect(problemOf(await patch(body.id, { html_content: '{{nobody}}' }), 422).pointers).toEqual([
      '/html_content',
    ]);
    expect(problemOf(await patch(body.id, { template_type: 'pdf' }), 422).pointers).toEqual([
      '/template_type',
    ]);
    expect((await ask(`${PATH}/${body.id}`)).body).toEqual(body);
    expect(await auditActions(owner, body.id)).toEqual(['invoice_template.create']);
  });

  test('a preview shows the sample with the data of the template over it, and may do nothing', async () => {
    const { body } = await create({
      preview_data: { buyer: { name: '<b>Ömer</b>' } },
      css_content: 'h1 { color: #123456 }',
    });
    const preview = await ask(`${PATH}/${body.id}/preview`, { method: 'POST' });
    expect(preview.status).toBe(200);
    expect(preview.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(preview.headers.get('content-security-policy')).toContain('sandbox');
    const page = expectHarmless(preview.body);
    expect(page.text).toContain('INV/25-26/00042');
    expect(page.text).toContain('<b>Ömer</b>');
    expect(page.style).toContain('h1{color:#123456}');
  });

  test('data of the request lies over that of the template and over an invoice, and is not kept', async () => {
    const { body } = await create({
      html_content:
        '<p>{{invoice_number}} {{customer_name}} {{#line_items}}{{description}}{{/line_items}}</p>',
      preview_data: { number: 'OWN-1', buyer: { name: 'Own' } },
    });
    const data = { number: 'ASKED-1', line_items: [{ description: 'Asked' }] };
    const issued = await addIssued(owner, { organisation_id });
    const shown = async (json: unknown): Promise<string> =>
      expectHarmless((await ask(`${PATH}/${body.id}/preview`, { json })).body).text;
    expect(await shown({ data })).toContain('ASKED-1 Own Asked');
    expect(await shown({ data, invoice_id: issued.id })).toContain('ASKED-1 Lakshmi Analytics LLP Asked');
    expect(await shown({})).toContain('OWN-1 Own Platform fee');
    const wrong = await ask(`${PATH}/${body.id}/preview`, { json: { data: { nobody: 'x', number: 1 } } });
    expect(problemOf(wrong, 422).pointers).toEqual(['/data/nobody', '/data/number']);
    expect((await ask(`${PATH}/${body.id}`)).body).toEqual(body);
  });

  test('a preview shows an issued invoice, and no draft', async () => {
    const [{ body }, issued, draft] = [
      await create(),
      await addIssued(owner, { organisation_id }),
      await addIssued(owner, { organisation_id, status: 'draft' }),
    ];
    const page = await ask(`${PATH}/${body.id}/preview`, { json: { invoice_id: issued.id } });
    expect(expectHarmless(page.body).text).toContain(issued.number);
    const none = await ask(`${PATH}/${body.id}/preview`, { json: { invoice_id: draft.id } });
    expect(problemOf(none, 409).code).toBe('invalid_state');
  });

  test("another organisation's invoice is not found by a template, as little as an unknown one", async () => {
    const other = await world.tenant();
    const foreign = await addIssued(owner, { organisation_id: other.organisation_id });
    const { body } = await create();
    for (const invoice_id of [foreign.id, UNKNOWN_ID]) {
      const answer = await ask(`${PATH}/${body.id}/preview`, { json: { invoice_id } });
      expect(problemOf(answer, 404).pointers).toEqual(['/invoice_id']);
    }
  });

  test('a template of PDFs draws the sample and an invoice', async () => {
    const { body } = await create({
      template_type: 'pdf',
      html_content: null,
      settings: {
        accent_color: '#aa3300',
        paper: 'LETTER',
        intro: 'Thank you.',
        blocks: ['period', 'tiers'],
      },
    });
    expect(body).toMatchObject({
      settings: { accent_color: '#aa3300' },
      variables: {},
      available_variables: {},
    });
    const data = await ask(`${PATH}/${body.id}/preview`, { json: { data: {} } });
    expect(problemOf(data, 422).pointers).toEqual(['/data']);
    const issued = await addIssued(owner, { organisation_id });
    const draw = async (json: unknown): Promise<Buffer> => {
      const response = await api(`${PATH}/${body.id}/preview`, { json });
      expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/pdf']);
      return Buffer.from(await response.arrayBuffer());
    };
    const [sample, own] = [await draw({}), await draw({ invoice_id: issued.id })];
    for (const bytes of [sample, own]) {
      expect(bytes.subarray(0, 5).toString()).toBe('%PDF-');
      expect(bytes.toString('latin1')).toContain('/MediaBox [0 0 612 792]');
    }
    expect(own.equals(sample)).toBe(false);
  });
});

describe('the default', () => {
  let suite: Suite;
  beforeAll(async () => {
    suite = await openSuite('templates');
  });
  afterAll(() => suite.close());
  const NOW = '2026-03-01T00:00:00Z';
  const make = (fields: Partial<CreateTemplateInput> = {}) =>
    createTemplate(suite.ctx(NOW), {
      name: 'T',
      template_type: 'html',
      html_content: '<p>{{number}}</p>',
      is_default: true,
      ...fields,
    });
  const makePdf = (fields: Partial<CreateTemplateInput> = {}) =>
    make({ template_type: 'pdf', html_content: null, settings: { paper: 'LETTER' }, ...fields });
  const change = (id: string, changes: Parameters<typeof updateTemplate>[1]['changes']) =>
    updateTemplate(suite.ctx(NOW), { id, changes, assertUnchanged: () => undefined });
  const defaultsOf = (organisationId: string) =>
    suite
      .ctx(NOW)
      .ledger.transaction(tenant(organisationId), (tx) => findDefaultTemplates(tx, organisationId));
  const idsOf = async (organisationId: string) => {
    const { html, pdf } = await defaultsOf(organisationId);
    return [html?.id ?? null, pdf?.id ?? null];
  };

  test('is the own one, else the global one, else none; of each type by itself', async () => {
    const [a, b] = [await suite.addOrganisation(), await suite.addOrganisation()].map(
      (made) => made.organisation_id,
    );
    if (!a || !b) throw new Error('two organisations');
    expect(await idsOf(a)).toEqual([null, null]);
    const global = await make();
    expect(await idsOf(a)).toEqual([global.id, null]);
    const own = await make({ organisation_id: a, css_content: 'p{margin:0}' });
    const pdf = await makePdf({ organisation_id: a });
    await make({ organisation_id: a, is_default: false });
    expect(await defaultsOf(a)).toEqual({
      html: { id: own.id, html_content: '<p>{{number}}</p>', css_content: 'p{margin:0}' },
      pdf: { id: pdf.id, settings: { paper: 'LETTER' } },
    });
    expect(await idsOf(b)).toEqual([global.id, null]);
    // Once deactivated it is no longer the default, and reactivating does not restore that.
    expect(await change(own.id, { is_active: false })).toMatchObject({ is_active: false, is_default: false });
    expect(await idsOf(a)).toEqual([global.id, pdf.id]);
    await change(own.id, { is_active: true });
    expect(await idsOf(a)).toEqual([global.id, pdf.id]);
    await change(own.id, { is_default: true });
    expect(await idsOf(a)).toEqual([own.id, pdf.id]);
    await change(global.id, { is_default: false });
    expect(await idsOf(b)).toEqual([null, null]);
  });

  test('is taken from the one that had it', async () => {
    const { organisation_id } = await suite.addOrganisation();
    const [first, second] = [await make({ organisation_id }), await make({ organisation_id })];
    expect(await idsOf(organisation_id)).toEqual([second.id, null]);
    await change(first.id, { is_default: true });
    expect(await idsOf(organisation_id)).toEqual([first.id, null]);
  });

  test('is one, however many are made it at once', async () => {
    const { organisation_id } = await suite.addOrganisation();
    const ledgers = Array.from({ length: 6 }, () => suite.ctx(NOW).openLedger());
    const made = await Promise.all(
      ledgers.map((ledger, index) =>
        createTemplate(suite.ctx(NOW, { ledger }), {
          organisation_id,
          name: `T${index}`,
          template_type: 'html',
          html_content: '<p>{{number}}</p>',
          is_default: true,
        }),
      ),
    );
    expect(new Set(made.map(({ id }) => id)).size).toBe(6);
    const { rows } = await suite.owner.query(
      'SELECT is_default FROM invoice_templates WHERE organisation_id = $1',
      [organisation_id],
    );
    expect(rows.filter(({ is_default }) => is_default)).toHaveLength(1);
    expect(rows).toHaveLength(6);
  });
});
