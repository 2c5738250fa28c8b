/** Customers' invoice links: what they show, to whom, for how long, and that nothing else opens with them. */
import { createHash } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FileStore } from '../../../src/core/ports.ts';
import type { Ctx } from '../../../src/db/ctx.ts';
import { createInvoiceLink, linkFor } from '../../../src/documents/pages/create-invoice-link.ts';
import { openInvoiceLink, openLinkedPdf } from '../../../src/documents/pages/open-invoice-link.ts';
import { revokeInvoiceLink } from '../../../src/documents/pages/revoke-invoice-link.ts';
import { ask, DAY_MS, problemOf, UNKNOWN_ID, world } from '../../http/wire.ts';
import { openSuite, type Suite } from '../../invoicing/ledger-of-suite.ts';
import { api, connectOwner } from '../../setup/client.ts';
import { addIssued, auditActions } from '../issued-invoices.ts';
import { expectHarmless } from '../read-page.ts';

const NOW = '2026-03-01T00:00:00.000Z';
const at = (days: number): string => new Date(Date.parse(NOW) + days * DAY_MS).toISOString();

describe('over the wire', () => {
  let owner: pg.Client;
  let organisation_id: string;
  beforeAll(async () => {
    owner = await connectOwner();
    organisation_id = (await world.tenant()).organisation_id;
  });
  afterAll(() => owner.end());

  const link = async (invoiceId: string) =>
    (await ask(`/v1/admin/invoices/${invoiceId}/links`, { json: {} })).body;
  const open = async (url: string) => {
    const response = await api(new URL(url).pathname, { key: null });
    return { response, text: await response.text() };
  };

  test('a link opens the page of its invoice without a key, with nothing allowed on it', async () => {
    const { id, number } = await addIssued(owner, { organisation_id });
    const made = await ask(`/v1/admin/invoices/${id}/links`, { json: {} });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ organisation_id, invoice_id: id, revoked_at: null });
    expect(made.body.url).toMatch(/\/i\/[A-Za-z0-9_-]{64}$/);
    expect(await auditActions(owner, made.body.id)).toEqual(['invoice_link.create']);

    const { response, text } = await open(made.body.url);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy':
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; " +
        "frame-ancestors 'none'; sandbox allow-downloads",
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'private, no-store',
      'x-robots-tag': 'noindex',
    });
    const page = expectHarmless(text);
    expect(page.text).toContain(number);
    expect(page.text).toContain('₹118.00 due');
    // The PDF does not exist yet, so there is no button for it.
    expect(page.tags.some(({ name }) => name === 'a')).toBe(false);
  });

  test('an admin sees the same page without a link, and of a draft none', async () => {
    const { id, number } = await addIssued(owner, { organisation_id });
    const page = await ask(`/v1/admin/invoices/${id}/html`);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toContain('sandbox');
    expect(expectHarmless(page.body).text).toContain(number);
    const draft = await addIssued(owner, { organisation_id, status: 'draft' });
    expect(problemOf(await ask(`/v1/admin/invoices/${draft.id}/html`), 409).code).toBe('invalid_state');
  });

  test('the PDF waits until it is there', async () => {
    const { id } = await addIssued(owner, { organisation_id });
    const { url } = await link(id);
    const pending = await ask(`${new URL(url).pathname}/pdf`, { key: null });
    expect(problemOf(pending, 409).code).toBe('document_pending');
    expect(pending.headers.get('retry-after')).toBe('60');
  });

  test('revoked, forged, unknown, of another invoice, or no token at all: one and the same page', async () => {
    const [a, b] = [await addIssued(owner, { organisation_id }), await addIssued(owner, { organisation_id })];
    const [ofA, ofB, revoked] = [await link(a.id), await link(b.id), await link(a.id)];
    await ask(`/v1/admin/invoice-links/${revoked.id}/revoke`, { json: {} });
    const token = (url: string): string => url.slice(-64);
    const bytes = (url: string): Buffer => Buffer.from(token(url), 'base64url');
    const crossed = Buffer.concat([bytes(ofB.url).subarray(0, 16), bytes(ofA.url).subarray(16)]).toString(
      'base64url',
    );
    const flipped = Array.from({ length: 48 }, (_, index) => {
      const changed = Buffer.from(bytes(ofA.url));
      changed.writeUInt8(changed.readUInt8(index) ^ (1 << (index % 8)), index);
      return changed.toString('base64url');
    });
    const unknown = Buffer.concat([Buffer.alloc(16, 7), bytes(ofA.url).subarray(16)]).toString('base64url');
    const tokens = [
      token(revoked.url),
      crossed,
      ...flipped,
      unknown,
      'A'.repeat(64),
      'x',
      a.id,
      `${token(ofA.url)}A`,
    ];
    const answers = await Promise.all(
      tokens
        .flatMap((each) => [`/i/${each}`, `/i/${each}/pdf`])
        .map(async (path) => {
          const response = await api(path, { key: null });
          return [response.status, response.headers.get('content-security-policy'), await response.text()];
        }),
    );
    const [first] = answers;
    expect(first?.[0]).toBe(404);
    expect(expectHarmless(String(first?.[2])).text).toContain('This link is not valid');
    for (const answer of answers) expect(answer).toEqual(first);
    expect((await open(ofA.url)).text).toContain(a.number);
    expect((await open(ofB.url)).text).not.toContain(a.number);
  });

  test('revoking twice changes nothing, and is told once', async () => {
    const { id } = await addIssued(owner, { organisation_id });
    const made = await link(id);
    const first = await ask(`/v1/admin/invoice-links/${made.id}/revoke`, { json: {} });
    const second = await ask(`/v1/admin/invoice-links/${made.id}/revoke`, { json: {} });
    expect(first.body.revoked_at).not.toBeNull();
    expect(second.body).toEqual(first.body);
    expect(await auditActions(owner, made.id)).toEqual(['invoice_link.create', 'invoice_link.revoke']);
  });

  test('links are listed by invoice, without their addresses', async () => {
    const { id } = await addIssued(owner, { organisation_id });
    const [first, second] = [await link(id), await link(id)];
    const { body } = await ask(`/v1/admin/invoice-links?invoice_id=${id}`);
    expect(body.data.map((each: { id: string }) => each.id)).toEqual([first.id, second.id].sort());
    expect(JSON.stringify(body)).not.toContain('/i/');
    expect((await ask(`/v1/admin/invoice-links?invoice_id=${UNKNOWN_ID}`)).body.data).toEqual([]);
  });

  test.each([-1, 0, 732])('an end %i days from now is refused and nothing is kept', async (days) => {
    const { id } = await addIssued(owner, { organisation_id });
    const expires_at = new Date(Date.now() + days * DAY_MS).toISOString();
    const answer = await ask(`/v1/admin/invoices/${id}/links`, { json: { expires_at } });
    expect(problemOf(answer, 422).pointers).toEqual(['/expires_at']);
    expect((await ask(`/v1/admin/invoice-links?invoice_id=${id}`)).body.data).toEqual([]);
  });

  test('a draft has no link', async () => {
    const { id } = await addIssued(owner, { organisation_id, status: 'draft' });
    expect(problemOf(await ask(`/v1/admin/invoices/${id}/links`, { json: {} }), 409).code).toBe(
      'invalid_state',
    );
  });
});

describe('in time', () => {
  let suite: Suite;
  let organisation_id: string;
  const files = new Map<string, Uint8Array>();
  const store: FileStore = {
    get: async (key) => {
      const bytes = files.get(key);
      return bytes ? { bytes, media_type: 'application/pdf' } : null;
    },
    putIfAbsent: async () => false,
    list: async () => [],
    delete: async () => undefined,
  };
  const ctx = (now = NOW): Ctx => suite.ctx(now, { files: store });
  beforeAll(async () => {
    suite = await openSuite('links');
    organisation_id = (await suite.addOrganisation()).organisation_id;
  });
  afterAll(() => suite.close());
  const issue = (fields = {}) => addIssued(suite.owner, { organisation_id, ...fields });
  const tokenOf = (url: string): string => url.slice('https://billing.example.com/i/'.length);

  test('a link opens until the moment of its end, by default for 90 days', async () => {
    const { id, number } = await issue();
    const { url, expires_at } = await createInvoiceLink(ctx(), { invoice_id: id });
    expect(expires_at).toBe(at(90));
    const token = tokenOf(url);
    expect(await openInvoiceLink(ctx(), { token })).toContain(number);
    expect(await openInvoiceLink(ctx(new Date(Date.parse(at(90)) - 1).toISOString()), { token })).toContain(
      number,
    );
    expect(await openInvoiceLink(ctx(at(90)), { token })).toBeNull();
    expect(await openLinkedPdf(ctx(at(90)), { token })).toBeNull();
  });

  test('a longer life written into the database opens nothing: the end is signed', async () => {
    const { id } = await issue();
    const { id: linkId, url } = await createInvoiceLink(ctx(), { invoice_id: id });
    await suite.owner.query('UPDATE invoice_links SET expires_at = $2 WHERE id = $1', [linkId, at(500)]);
    expect(await openInvoiceLink(ctx(), { token: tokenOf(url) })).toBeNull();
  });

  test('an e-mail takes the link that has 30 days left, and else a new one', async () => {
    const { id: invoice_id } = await issue();
    const of = { organisation_id, invoice_id };
    const first = await linkFor(ctx(), of);
    expect(first).toMatch(/^https:\/\/billing\.example\.com\/i\/[A-Za-z0-9_-]{64}$/);
    expect(await linkFor(ctx(at(60)), of)).toBe(first);
    const later = await linkFor(ctx(new Date(Date.parse(at(60)) + 1).toISOString()), of);
    expect(later).not.toBe(first);
    const { rows } = await suite.owner.query('SELECT id FROM invoice_links WHERE invoice_id = $1', [
      invoice_id,
    ]);
    expect(rows).toHaveLength(2);
    for (const { id } of rows) expect(await auditActions(suite.owner, id)).toEqual(['invoice_link.create']);
    for (const { id } of rows) await revokeInvoiceLink(ctx(), { id });
    expect([first, later]).not.toContain(await linkFor(ctx(), of));
  });

  test('a new key signs at once, an old one verifies until it is retired', async () => {
    const { id } = await issue();
    const before = await createInvoiceLink(ctx(), { invoice_id: id });
    const { rows } = await suite.owner.query('SELECT id FROM signing_keys');
    await suite.owner.query(
      `INSERT INTO signing_keys (id, purpose, secret, created_at)
       VALUES (gen_random_uuid(), 'invoice_link', 'new', now() + interval '1 hour'),
              (gen_random_uuid(), 'another', 'other', now() + interval '2 hours')`,
    );
    const after = await createInvoiceLink(ctx(), { invoice_id: id });
    const opens = async ({ url }: { url: string }): Promise<boolean> =>
      (await openInvoiceLink(ctx(), { token: tokenOf(url) })) !== null;
    expect([await opens(before), await opens(after)]).toEqual([true, true]);
    await suite.owner.query('UPDATE signing_keys SET retired_at = now() WHERE id = $1', [rows[0].id]);
    expect([await opens(before), await opens(after)]).toEqual([false, true]);
  });

  test('the PDF of the link is the stored one, and the page leads to it', async () => {
    const bytes = new TextEncoder().encode('%PDF-1.7 of the test');
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    files.set(`documents/${sha256}.pdf`, bytes);
    const { id, number } = await issue({ pdf_sha256: sha256 });
    const { url } = await createInvoiceLink(ctx(), { invoice_id: id });
    const pdf = await openLinkedPdf(ctx(), { token: tokenOf(url) });
    expect(pdf).toEqual({ bytes, filename: `${number.replace('/', '-')}.pdf` });
    const button = expectHarmless((await openInvoiceLink(ctx(), { token: tokenOf(url) })) ?? '').tags.find(
      ({ name }) => name === 'a',
    );
    expect(button?.attributes['href']).toBe(`${url}/pdf`);
  });

  test.each<['finalized' | 'paid' | 'refunded' | 'cancelled', string | null, string]>([
    ['finalized', null, '₹118.00 due'],
    ['finalized', '18.50', '₹99.50 due'],
    ['finalized', '118.00', 'Paid'],
    ['paid', '118.00', 'Paid'],
    ['refunded', null, 'Credited'],
    ['cancelled', null, 'Cancelled'],
  ])('of an invoice that is %s, with %s paid, the page says: %s', async (status, paid, expected) => {
    const { id } = await issue({ status });
    if (paid !== null) {
      await suite.owner.query(
        `INSERT INTO payments (organisation_id, id, invoice_id, amount, currency, status, payment_method, applied_amount)
         VALUES ($1, gen_random_uuid(), $2, $3, 'INR', 'captured', 'offline', $3)`,
        [organisation_id, id, paid],
      );
    }
    const { url } = await createInvoiceLink(ctx(), { invoice_id: id });
    const page = expectHarmless((await openInvoiceLink(ctx(), { token: tokenOf(url) })) ?? '');
    expect(page.text).toContain(expected);
  });
});
