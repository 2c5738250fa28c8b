/** Every external call fails once, before its effect and after it, with and without the death of the process. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { deliverOutbox } from '../../src/outbox/deliver-outbox.ts';
import {
  handlersWith,
  type IssuedInvoice,
  minutesAfter,
  openPostOffice,
  type PostOffice,
  withFault,
} from '../documents/emails/post-office.ts';

let office: PostOffice;
beforeAll(async () => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  office = await openPostOffice('faults');
});
afterAll(() => office.close());

const FAULTY_RUN = 1;
/** Beyond every lease and delay of the few attempts that one fault can cost. */
const LATER_RUNS = [5, 15, 60, 240, 600];
const CALLS_OF_A_CLEAN_RUN = [
  'commit', // the rows that are due
  'commit', // claim of document.render
  'commit', // the document
  'render',
  'files.put',
  'commit', // columns of the PDF, and the mark
  'commit', // claim of email.send
  'commit', // the subject of the e-mail
  'files.get',
  'commit', // the link
  'commit', // the notification
  'mailer.send',
  'commit', // the outcome, and the mark
  'commit', // nothing left that is due
];

async function runWithFault(call: number, when: 'before' | 'after', dies: boolean) {
  const recipient = `fault-${call}-${when}-${dies}@example.com`;
  const invoice = await office.addInvoice({ recipient });
  const faulty = withFault(office.ctx(minutesAfter(FAULTY_RUN)), { call, when, dies });
  await deliverOutbox(faulty.ctx, {
    moment: () => minutesAfter(FAULTY_RUN),
    hasTime: () => true,
    handlers: handlersWith(faulty.render),
  }).catch(() => undefined);
  return { invoice, recipient, calls: faulty.calls };
}

async function expectDelivered(invoice: IssuedInvoice, recipient: string): Promise<number> {
  const [row] = await office.rows<{ pdf_url: string; pdf_sha256: string; pdf_generated_at: Date | null }>(
    'SELECT * FROM invoices WHERE id = $1',
    invoice.invoice_id,
  );
  const bytes = office.files.stored.get(`documents/${row?.pdf_sha256}.pdf`)?.bytes ?? new Uint8Array();
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(row?.pdf_sha256);
  expect(row?.pdf_url).toBe(`https://billing.example.com/v1/admin/invoices/${invoice.invoice_id}/pdf`);
  expect(row?.pdf_generated_at).not.toBeNull();
  const open = await office.rows(
    'SELECT topic FROM outbox WHERE organisation_id = $1 AND (delivered_at IS NULL OR failed_at IS NOT NULL)',
    invoice.organisation_id,
  );
  expect(open).toEqual([]);

  const sent = office.sent.filter((email) => email.to === recipient);
  expect(sent.length).toBeGreaterThan(0);
  for (const email of sent) {
    expect(email.message_id).toBe(`${invoice.email_id}@billing.example.com`);
    expect(email.bytes).toEqual(bytes);
  }
  const attempts = await office.rows<{ status: string; message_id: string; sent_at: Date | null }>(
    'SELECT * FROM email_notifications WHERE outbox_id = $1 ORDER BY created_at, id',
    invoice.email_id,
  );
  expect(attempts.length).toBeGreaterThanOrEqual(sent.length);
  expect(attempts.map(({ status }) => status)).toEqual([...attempts.slice(1).map(() => 'failed'), 'sent']);
  expect(new Set(attempts.map(({ message_id }) => message_id)).size).toBe(1);
  expect(attempts.at(-1)?.sent_at).not.toBeNull();
  return sent.length;
}

test('without a fault each call is made once', async () => {
  const { invoice, recipient, calls } = await runWithFault(0, 'before', false);
  expect(calls).toEqual(CALLS_OF_A_CLEAN_RUN);
  expect(await expectDelivered(invoice, recipient)).toBe(1);
});

const cases = CALLS_OF_A_CLEAN_RUN.flatMap((name, index) =>
  (['before', 'after'] as const).flatMap((when) =>
    [false, true].map((dies) => ({ name, call: index + 1, when, dies })),
  ),
);

test.each(cases)('call $call, $name, fails $when its effect, dies: $dies', async ({ call, when, dies }) => {
  const { invoice, recipient } = await runWithFault(call, when, dies);
  for (const minutes of LATER_RUNS) await office.deliver(minutes);
  await expectDelivered(invoice, recipient);
  const files = office.files.stored.size;
  const emails = office.sent.length;
  expect(await office.deliver(10_000)).toMatchObject({ delivered: 0, failed: 0, postponed: 0 });
  expect([office.files.stored.size, office.sent.length]).toEqual([files, emails]);
});

test('however it failed, each invoice has one file', async () => {
  const [row] = await office.rows<{ n: number }>('SELECT count(*)::int AS n FROM invoices');
  expect(office.files.stored.size).toBe(row?.n);
});

test('the same document rendered again leaves the same bytes and the same columns', async () => {
  const invoice = await office.addInvoice();
  await office.deliver(1);
  const columns = () =>
    office.rows(
      'SELECT pdf_url, pdf_sha256, pdf_generated_at FROM invoices WHERE id = $1',
      invoice.invoice_id,
    );
  const before = await columns();
  const files = [...office.files.stored.keys()];
  await office.addOutbox(invoice.organisation_id, 'document.render', { document_id: invoice.document_id });
  expect(await office.deliver(50)).toMatchObject({ delivered: 1 });
  expect(await columns()).toEqual(before);
  expect([...office.files.stored.keys()]).toEqual(files);
});
