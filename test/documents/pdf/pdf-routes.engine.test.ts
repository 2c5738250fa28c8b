/** PDFs, fonts and e-mail notifications through the public API, rendered in workerd. */
import { createHash } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DocumentModel } from '../../../src/documents/document-model.ts';
import { ask, problemOf, UNKNOWN_ID, world } from '../../http/wire.ts';
import { api, connectOwner } from '../../setup/client.ts';
import { random, randomUUID } from '../../setup/seeded.ts';
import type { Json } from '../../setup/world.ts';
import { sampleInvoice } from '../sample-model.ts';
import { fontOf } from './font-of.ts';

const SELLER = '00000000-0000-7000-8000-000000000001';
let owner: pg.Client;
let organisation_id: string;
beforeAll(async () => {
  owner = await connectOwner();
  const created = await world.tenant({ billing_email: 'accounts@lakshmi.example' });
  organisation_id = created.organisation_id;
});
afterAll(() => owner.end());

let month = 0;
async function issue(model: Partial<DocumentModel> = {}, withDocument = true) {
  const [id, document_id] = [randomUUID(), randomUUID()];
  const number = `INV/${id.slice(0, 8)}`;
  await owner.query(
    `INSERT INTO invoices (organisation_id, id, billing_entity_id, invoice_number, status, year, month, period_start,
       period_end, timezone, currency, subtotal, discount_total, tax_total, total, unpriced, issued_at, due_date)
     VALUES ($1, $2, $3, $4, 'finalized', 2001, $5, '2001-01-01', '2001-02-01', 'UTC', 'INR', 100, 0, 18, 118, '[]', now(),
       '2001-02-15')`,
    [organisation_id, id, SELLER, number, ++month],
  );
  if (withDocument) {
    await owner.query(
      `INSERT INTO documents (organisation_id, id, kind, subject_id, model) VALUES ($1, $2, 'invoice', $3, $4)`,
      [organisation_id, document_id, id, sampleInvoice({ number, ...model })],
    );
    await owner.query(
      `INSERT INTO outbox (organisation_id, id, topic, payload) VALUES ($1, $2, 'document.render', $3)`,
      [organisation_id, randomUUID(), { document_id }],
    );
  }
  return { id, number, path: `/v1/admin/invoices/${id}/pdf` };
}

/** Another suite's run may hold the row; then a later run of ours finds it done. */
async function deliverUntil(done: () => Promise<boolean>): Promise<void> {
  for (let run = 0; run < 50 && !(await done()); run++) await world.job('deliver');
}
const isRendered = (path: string) => async () => {
  const response = await api(path);
  await response.body?.cancel();
  return response.status === 200;
};
const auditOf = async (action: string, entity: string) =>
  (
    await owner.query(
      'SELECT organisation_id, changes FROM audit_logs WHERE action = $1 AND entity_id = $2',
      [action, entity],
    )
  ).rows;

describe('the PDF of an invoice', () => {
  test('is pending, and then the same bytes under their hash for ever', async () => {
    const { id, number, path } = await issue();
    const pending = await ask(path);
    expect(problemOf(pending, 409).code).toBe('document_pending');
    expect(pending.headers.get('retry-after')).toBe('60');

    await deliverUntil(isRendered(path));
    const response = await api(path);
    const bytes = Buffer.from(await response.arrayBuffer());
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect(bytes.subarray(0, 5).toString()).toBe('%PDF-');
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/pdf',
      etag: `"${sha256}"`,
      'content-disposition': `inline; filename="${number.replace('/', '-')}.pdf"`,
      'cache-control': 'private, no-cache',
    });
    const { body: invoice } = await world.get(`/v1/admin/invoices/${id}`);
    expect(invoice).toMatchObject({
      pdf_sha256: sha256,
      pdf_url: expect.stringMatching(new RegExp(`${path}$`)),
    });
    expect(invoice.pdf_generated_at).toMatch(/Z$/);
    const again = await api(path);
    expect(Buffer.from(await again.arrayBuffer()).equals(bytes)).toBe(true);

    for (const [tag, status] of [
      [`"${sha256}"`, 304],
      [`W/"${sha256}"`, 304],
      [`"other", "${sha256}"`, 304],
      ['*', 304],
      ['"other"', 200],
      [sha256, 200],
    ] as const) {
      const conditional = await api(path, { headers: { 'if-none-match': tag } });
      const body = await conditional.arrayBuffer();
      expect([tag, conditional.status, body.byteLength > 0]).toEqual([tag, status, status === 200]);
      expect(conditional.headers.get('etag')).toBe(`"${sha256}"`);
    }
  });

  test('of an invoice from before there were any does not exist', async () => {
    const { path } = await issue({}, false);
    problemOf(await ask(path), 404);
  });

  test.each([
    ['an unknown invoice', UNKNOWN_ID],
    ['no id', 'nothing'],
  ])('of %s answers 404', async (_, id) => {
    problemOf(await ask(`/v1/admin/invoices/${id}/pdf`), 404);
    problemOf(await ask(`/v1/admin/credit-notes/${id}/pdf`), 404);
  });
});

describe('characters that no font has', () => {
  const send = (name: string, bytes: Uint8Array<ArrayBuffer>, type = 'font/ttf') =>
    ask(`/v1/admin/fonts?name=${encodeURIComponent(name)}`, {
      method: 'POST',
      body: bytes,
      headers: { 'content-type': type },
    });
  // Two characters of the private use area per run, so that no font of another test has them.
  const first = 0xe000 + Math.floor(random() * 0x1800);
  const text = String.fromCodePoint(first, first + 1);
  const codes = [first, first + 1].map((code) => `U+${code.toString(16).toUpperCase()}`);

  test('are named, and a font that has them brings the document at once', async () => {
    const { buyer } = sampleInvoice();
    const { path } = await issue({ buyer: { ...buyer, legal_name: text } });
    await deliverUntil(async () => (await ask(path)).body.code === 'glyphs_missing');
    const missing = await ask(path);
    expect(problemOf(missing, 409).code).toBe('glyphs_missing');
    expect(missing.body.code_points).toEqual(codes);
    expect(missing.headers.get('retry-after')).toBe('60');
    for (const code of codes) expect(missing.body.detail).toContain(code);

    const name = `Test${first}-Regular.ttf`;
    const bytes = fontOf(text);
    const added = await send(name, bytes);
    expect(added.status, JSON.stringify(added.body)).toBe(201);
    expect(added.body).toMatchObject({ name, bytes: bytes.length });
    expect(added.body.documents_retried).toBeGreaterThanOrEqual(1);
    expect((await ask('/v1/admin/fonts')).body.data).toContainEqual({ name });
    expect(await auditOf('font.add', name)).toMatchObject([
      { organisation_id: '00000000-0000-0000-0000-000000000000', changes: { sha256: added.body.sha256 } },
    ]);
    await deliverUntil(isRendered(path));
    expect((await api(path)).status).toBe(200);

    expect(problemOf(await send(name, bytes), 409).code).toBe('already_exists');
    expect(await auditOf('font.add', name)).toHaveLength(1);
  });

  test.each([
    ['a name with a path', '../x.ttf', 'font/ttf', 422],
    ['a name without an ending', 'font', 'font/ttf', 422],
    ['a name that begins with a point', '.x.ttf', 'font/ttf', 422],
    ['another media type', 'x.ttf', 'application/json', 415],
    ['a collection', 'x.ttf', 'font/ttf', 422, new Uint8Array([0x74, 0x74, 0x63, 0x66, 0, 0])],
    ['nothing', 'x.ttf', 'font/ttf', 422, new Uint8Array()],
    ['a font that ends after its signature', 'x.ttf', 'font/ttf', 422, fontOf('a').slice(0, 4)],
    ['a font that ends within its directory', 'x.ttf', 'font/ttf', 422, fontOf('a').slice(0, 100)],
    ['a font that ends within its tables', 'x.ttf', 'font/ttf', 422, fontOf('a').slice(0, 4000)],
  ])('%s is refused and stored nowhere', async (_, name, type, status, bytes = fontOf('a')) => {
    problemOf(await send(name, bytes, type), status);
    const { body } = await ask('/v1/admin/fonts');
    expect(body.data.map((font: Json) => font.name)).not.toContain(name);
  });
});

describe('sending an invoice once more', () => {
  const attempts = async (id: string) =>
    (await world.get(`/v1/admin/email-notifications?organisation_id=${organisation_id}&invoice_id=${id}`))
      .body.data as Json[];

  test('takes the billing address or another one, and each attempt is listed', async () => {
    const { id, number, path } = await issue();
    const asked = await ask(`/v1/admin/invoices/${id}/send`, { method: 'POST' });
    expect(asked.status).toBe(202);
    expect(asked.body).toMatchObject({
      organisation_id,
      invoice_id: id,
      recipient: 'accounts@lakshmi.example',
    });
    const other = await ask(`/v1/admin/invoices/${id}/send`, { json: { recipient: 'cfo@lakshmi.example' } });
    expect(other.body.recipient).toBe('cfo@lakshmi.example');
    expect(await auditOf('invoice.send', id)).toMatchObject([
      { organisation_id, changes: { outbox_id: asked.body.outbox_id, to_billing_email: true } },
      { organisation_id, changes: { outbox_id: other.body.outbox_id, to_billing_email: false } },
    ]);

    await deliverUntil(isRendered(path));
    await deliverUntil(
      async () => (await attempts(id)).filter(({ status }) => status === 'sent').length === 2,
    );
    expect((await attempts(id)).map(({ recipient_email }) => recipient_email).sort()).toEqual([
      'accounts@lakshmi.example',
      'cfo@lakshmi.example',
    ]);
    for (const attempt of await attempts(id)) {
      expect(attempt).toMatchObject({
        kind: 'invoice_issued',
        status: 'sent',
        message_id: `${attempt.outbox_id}@127.0.0.1`,
        subject: `Invoice ${number} from Northwind Cloud Private Limited`,
        error_message: null,
      });
    }
  });

  test('to an address that refuses tells the failure, and the filter finds it', async () => {
    const { id, path } = await issue();
    await deliverUntil(isRendered(path));
    await ask(`/v1/admin/invoices/${id}/send`, { json: { recipient: 'nobody@bounce.invalid' } });
    await deliverUntil(async () => (await attempts(id)).length > 0);
    const failed = await world.get(
      `/v1/admin/email-notifications?organisation_id=${organisation_id}&status=failed`,
    );
    expect(failed.body.data).toMatchObject([
      { invoice_id: id, status: 'failed', sent_at: null, error_message: expect.stringContaining('550') },
    ]);
  });

  test.each([
    ['an unknown invoice', async () => UNKNOWN_ID, {}, 404],
    ['one from before there were documents', async () => (await issue({}, false)).id, {}, 409],
    [
      'a recipient that is no address',
      async () => (await issue()).id,
      { recipient: 'a\r\nb@example.com' },
      422,
    ],
  ])('%s is refused and asks for nothing', async (_, idOf, body, status) => {
    const id = await idOf();
    problemOf(await ask(`/v1/admin/invoices/${id}/send`, { json: body }), status);
    expect(await auditOf('invoice.send', id)).toEqual([]);
    const { rows } = await owner.query(
      `SELECT 1 FROM outbox WHERE topic = 'email.send' AND payload ->> 'invoice_id' = $1`,
      [id],
    );
    expect(rows).toEqual([]);
  });
});
