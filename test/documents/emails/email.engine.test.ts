import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import PostalMime from 'postal-mime';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Mailer } from '../../../src/core/ports.ts';
import { renderPdf } from '../../../src/documents/pdf/render-pdf.ts';
import { deliverToMailbox } from '../../../src/platform/local/mailbox.ts';
import { FONTS, sampleInvoice } from '../sample-model.ts';
import { handlersWith, minutesAfter, openPostOffice, type PostOffice, plainRender } from './post-office.ts';

let office: PostOffice;
let folder: string;
beforeAll(async () => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  office = await openPostOffice('email');
  folder = mkdtempSync(join(tmpdir(), 'meterbook-mailbox-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await office.close();
});

/** Like the local runtime's: e-mails become files. */
const mailbox: Mailer = {
  async send(message) {
    const attachments = message.attachments.map(({ bytes, ...rest }) => ({
      ...rest,
      base64: Buffer.from(bytes).toString('base64'),
    }));
    const body = JSON.stringify({ ...message, attachments });
    const answer = await deliverToMailbox(folder, new Request('http://mailbox/', { method: 'POST', body }));
    if (!answer.ok) throw new Error(`the mailbox answered ${answer.status}: ${await answer.text()}`);
  },
};
const notifications = (outboxId: string) =>
  office.rows<Record<string, unknown>>(
    'SELECT * FROM email_notifications WHERE outbox_id = $1 ORDER BY created_at, id',
    outboxId,
  );

describe('an e-mail as a provider would have sent it', () => {
  test('has its headers, its text and the very bytes of the stored PDF', async () => {
    const invoice = await office.addInvoice({ recipient: 'accounts@lakshmi.example' });
    const result = await office.deliver(1, {
      handlers: handlersWith(renderPdf),
      changes: { mailer: mailbox, loadFonts: async () => FONTS },
    });
    expect(result).toMatchObject({ delivered: 2 });
    const parsed = await PostalMime.parse(
      readFileSync(join(folder, `${invoice.email_id}@billing.example.com.eml`)),
    );
    const number = `INV/${invoice.invoice_id.slice(0, 8)}`;
    expect(parsed).toMatchObject({
      messageId: `<${invoice.email_id}@billing.example.com>`,
      from: { address: 'billing@example.com', name: 'Northwind Cloud Private Limited' },
      replyTo: [{ address: 'billing@northwind.example' }],
      to: [{ address: 'accounts@lakshmi.example' }],
      subject: `Invoice ${number} from Northwind Cloud Private Limited`,
      attachments: [{ filename: `${number.replace('/', '-')}.pdf`, mimeType: 'application/pdf' }],
    });
    expect(parsed.text).toMatch(/https:\/\/billing\.example\.com\/i\/[A-Za-z0-9_-]{64}\n/);
    const [row] = await office.rows<{ pdf_sha256: string }>(
      'SELECT pdf_sha256 FROM invoices WHERE id = $1',
      invoice.invoice_id,
    );
    const stored = office.files.stored.get(`documents/${row?.pdf_sha256}.pdf`)?.bytes ?? new Uint8Array();
    expect(Buffer.from(stored.subarray(0, 5)).toString()).toBe('%PDF-');
    expect(Buffer.from(parsed.attachments[0]?.content as ArrayBuffer).equals(Buffer.from(stored))).toBe(true);
    expect(await notifications(invoice.email_id)).toMatchObject([
      {
        kind: 'invoice_issued',
        status: 'sent',
        recipient_email: 'accounts@lakshmi.example',
        message_id: `${invoice.email_id}@billing.example.com`,
        subject: parsed.subject,
        invoice_id: invoice.invoice_id,
        credit_note_id: null,
        error_message: null,
        sent_at: new Date(minutesAfter(1)),
      },
    ]);
  });

  test('takes no header from a name, a number or an address', async () => {
    const before = new Set(readdirSync(folder));
    const { seller, buyer } = sampleInvoice();
    const legal_name = 'Evil\r\nBcc: all@example.com\r\n\r\nbody';
    await office.addInvoice({
      recipient: 'victim@example.com',
      model: {
        number: 'INV\r\nX-Injected: 1',
        seller: { ...seller, legal_name, email: 'reply@example.com\r\nX-Injected: 2' },
        buyer: { ...buyer, legal_name },
      },
    });
    await office.deliver(1, { changes: { mailer: mailbox } });
    const [name = ''] = readdirSync(folder).filter((each) => !before.has(each));
    const parsed = await PostalMime.parse(readFileSync(join(folder, name)));
    const keys = parsed.headers.map((header) => header.key);
    expect(keys.filter((key) => key === 'bcc' || key.startsWith('x-'))).toEqual([]);
    expect(parsed.to).toMatchObject([{ address: 'victim@example.com' }]);
    expect(parsed.subject).toBe('Invoice INV X-Injected: 1 from Evil Bcc: all@example.com body');
    expect(parsed.from?.name).toBe('Evil Bcc: all@example.com body');
    expect(parsed.attachments[0]?.filename).toBe('INV-X-Injected-1.pdf');
  });
});

test('an address that refuses blocks nobody, and each attempt is told with its reason', async () => {
  const bad = await office.addInvoice({ recipient: 'nobody@bounce.invalid' });
  const good = await office.addInvoice({ recipient: 'good@example.com' });
  expect(await office.deliver(1)).toMatchObject({ status: 'succeeded', delivered: 3, failed: 1 });
  expect(await office.deliver(3)).toMatchObject({ delivered: 0, failed: 1 });
  const [first, second] = await notifications(bad.email_id);
  for (const attempt of [first, second]) {
    expect(attempt).toMatchObject({ status: 'failed', error_message: '550 no such domain', sent_at: null });
  }
  expect(first?.['message_id']).toBe(second?.['message_id']);
  expect(await notifications(good.email_id)).toMatchObject([{ status: 'sent' }]);
  await office.owner.query('UPDATE outbox SET failed_at = now() WHERE id = $1', [bad.email_id]);
});

test('a long reason is cut', async () => {
  const invoice = await office.addInvoice();
  const mailer: Mailer = {
    send: async () => {
      throw new Error(`\0${'x'.repeat(2000)}`);
    },
  };
  await office.deliver(1, { changes: { mailer } });
  const [row] = await notifications(invoice.email_id);
  expect(row?.['error_message']).toBe('x'.repeat(500));
  await office.deliver(10);
});

test('an e-mail waits for its PDF without using up attempts, and leaves once it is there', async () => {
  const invoice = await office.addInvoice();
  const handlers = handlersWith(async () => {
    throw new Error('not today');
  });
  expect(await office.deliver(1, { handlers })).toMatchObject({ failed: 1, postponed: 1 });
  expect(await notifications(invoice.email_id)).toEqual([]);
  expect(await office.deliver(10)).toMatchObject({ delivered: 2 });
  expect(await office.rows('SELECT attempts FROM outbox WHERE id = $1', invoice.email_id)).toEqual([
    { attempts: 1 },
  ]);
});

test.each([
  ['cancelled', 0],
  ['paid', 1],
])('of an invoice that is %s meanwhile the e-mail is sent this often: %i', async (status, emails) => {
  const invoice = await office.addInvoice({ recipient: `${status}@example.com` });
  await office.owner.query('UPDATE invoices SET status = $2 WHERE id = $1', [invoice.invoice_id, status]);
  expect(await office.deliver(1)).toMatchObject({ delivered: 2 });
  expect(office.sent.filter((email) => email.to === `${status}@example.com`)).toHaveLength(emails);
  expect(await notifications(invoice.email_id)).toHaveLength(emails);
});

test('a stored PDF whose bytes changed is not sent', async () => {
  const invoice = await office.addInvoice({ recipient: 'changed@example.com' });
  const { 'document.render': render } = handlersWith(plainRender);
  await office.deliver(1, { handlers: render ? { 'document.render': render } : {} });
  const [row] = await office.rows<{ pdf_sha256: string }>(
    'SELECT pdf_sha256 FROM invoices WHERE id = $1',
    invoice.invoice_id,
  );
  const key = `documents/${row?.pdf_sha256}.pdf`;
  const stored = office.files.stored.get(key);
  office.files.stored.set(key, { bytes: new Uint8Array([1]), media_type: 'application/pdf' });
  expect(await office.deliver(2)).toMatchObject({ failed: 1 });
  expect(office.sent.filter((email) => email.to === 'changed@example.com')).toEqual([]);
  if (stored) office.files.stored.set(key, stored);
  expect(await office.deliver(20)).toMatchObject({ delivered: 1 });
});
