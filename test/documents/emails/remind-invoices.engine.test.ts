import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { remindInvoices } from '../../../src/documents/emails/remind-invoices.ts';
import { randomUUID } from '../../setup/seeded.ts';
import { type IssuedInvoice, openPostOffice, type PostOffice, SELLER } from './post-office.ts';

let office: PostOffice;
beforeAll(async () => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  office = await openPostOffice('reminders');
});
afterAll(() => office.close());

const remind = (as_of: string, hasTime = () => true) =>
  remindInvoices(office.ctx(Date.parse(as_of)), { as_of: Date.parse(as_of), hasTime });
const remindersOf = async ({ invoice_id }: IssuedInvoice): Promise<string[]> =>
  (
    await office.rows<{ kind: string }>(
      `SELECT payload ->> 'kind' AS kind FROM outbox
       WHERE payload ->> 'invoice_id' = $1 AND dedupe_key IS NOT NULL ORDER BY created_at`,
      invoice_id,
    )
  ).map(({ kind }) => kind);

const credit = ({ organisation_id, invoice_id }: IssuedInvoice, total: string, status = 'issued') =>
  office.owner.query(
    `INSERT INTO credit_notes (organisation_id, id, invoice_id, billing_entity_id, credit_note_number, status, origin,
       currency, subtotal, discount_total, tax_total, total)
     VALUES ($1, $2, $3, $4, $5, $6, 'manual', 'INR', $7, 0, 0, $7)`,
    [
      organisation_id,
      randomUUID(),
      invoice_id,
      SELLER,
      status === 'issued' ? randomUUID() : null,
      status,
      total,
    ],
  );
const pay = ({ organisation_id, invoice_id }: IssuedInvoice, amount: string, status = 'captured') =>
  office.owner.query(
    `INSERT INTO payments (organisation_id, id, invoice_id, amount, currency, status, payment_method, applied_amount)
     VALUES ($1, $2, $3, $4, 'INR', $5, 'offline', $4)`,
    [organisation_id, randomUUID(), invoice_id, amount, status],
  );

/** 118.00 due on 15 February 2026, with reminders 3 days before and 7 after. */
describe('who is reminded', () => {
  test('each kind once, on its days, however often the job runs', async () => {
    const invoice = await office.addInvoice();
    const days: string[] = [];
    for (let day = 10; day <= 28; day++) {
      const before = await remindersOf(invoice);
      for (let run = 0; run < 2; run++) await remind(`2026-02-${day}T06:23:00Z`);
      const after = await remindersOf(invoice);
      for (const kind of after.slice(before.length)) days.push(`${day} ${kind}`);
    }
    expect(days).toEqual(['12 reminder_before', '22 reminder_after']);
  });

  test('a job that did not run on the day makes up for it', async () => {
    const invoice = await office.addInvoice();
    await remind('2026-02-14T06:23:00Z');
    await remind('2026-06-01T06:23:00Z');
    expect(await remindersOf(invoice)).toEqual(['reminder_before', 'reminder_after']);
  });

  test.each([
    ['Pacific/Kiritimati', '2026-02-11T09:59:00Z', []],
    ['Pacific/Kiritimati', '2026-02-11T10:00:00Z', ['reminder_before']],
    ['America/Los_Angeles', '2026-02-12T07:59:00Z', []],
    ['America/Los_Angeles', '2026-02-12T08:00:00Z', ['reminder_before']],
    ['America/Los_Angeles', '2026-02-15T07:59:00Z', ['reminder_before']],
    ['America/Los_Angeles', '2026-02-15T08:00:00Z', []],
    ['Pacific/Kiritimati', '2026-02-21T10:00:00Z', ['reminder_after']],
    ['America/Los_Angeles', '2026-02-22T07:59:00Z', []],
  ])('the day is that of %s at %s', async (timezone, as_of, expected) => {
    const invoice = await office.addInvoice({ timezone });
    await remind(as_of);
    expect(await remindersOf(invoice)).toEqual(expected);
  });

  test.each([
    ['a draft', { status: 'draft' }, undefined, 0],
    ['paid', { status: 'paid' }, undefined, 0],
    ['cancelled', { status: 'cancelled' }, undefined, 0],
    ['refunded', { status: 'refunded' }, undefined, 0],
    ['wanted by nobody', { reminder_days_before: null, reminder_days_after: null }, undefined, 0],
    ['credited in full', {}, (i: IssuedInvoice) => credit(i, '118.00'), 0],
    ['credited in part', {}, (i: IssuedInvoice) => credit(i, '117.99'), 1],
    ['proposed to be credited', {}, (i: IssuedInvoice) => credit(i, '118.00', 'proposed'), 1],
    ['paid in full by a payment', {}, (i: IssuedInvoice) => pay(i, '118.00'), 0],
    ['paid in part', {}, (i: IssuedInvoice) => pay(i, '117.99'), 1],
    ['paid by what is not captured', {}, (i: IssuedInvoice) => pay(i, '118.00', 'authorized'), 1],
    [
      'credited and paid to the last paisa',
      {},
      async (i: IssuedInvoice) => {
        await credit(i, '100.00');
        await pay(i, '18.00');
      },
      0,
    ],
  ])('an invoice that is %s', async (_, fields, happens, expected) => {
    const invoice = await office.addInvoice(fields);
    await happens?.(invoice);
    await remind('2026-02-13T06:23:00Z');
    expect(await remindersOf(invoice)).toHaveLength(expected);
  });

  test('runs at the same moment ask once', async () => {
    const invoice = await office.addInvoice();
    const ctx = () => ({ ...office.ctx(0), ledger: office.ctx(0).openLedger() });
    const as_of = Date.parse('2026-02-13T06:23:00Z');
    const runs = [ctx(), ctx(), ctx()].map((each) => remindInvoices(each, { as_of, hasTime: () => true }));
    await Promise.all(runs);
    expect(await remindersOf(invoice)).toEqual(['reminder_before']);
  });

  test('without time it stops, and a later run goes on', async () => {
    const invoice = await office.addInvoice();
    expect(await remind('2026-02-13T06:23:00Z', () => false)).toMatchObject({ status: 'partial' });
    expect(await remindersOf(invoice)).toEqual([]);
    expect(await remind('2026-02-13T06:23:00Z')).toMatchObject({ status: 'succeeded' });
    expect(await remindersOf(invoice)).toEqual(['reminder_before']);
  });
});

describe('when the reminder is sent it is looked at again', () => {
  const DAY_MINUTES = 24 * 60;
  const minutesOf = (day: number): number => (day - 1) * DAY_MINUTES + 12 * 60;
  const sentTo = (recipient: string) =>
    office.sent.filter((email) => email.to === recipient).map((email) => email.subject);

  test.each([
    ['unpaid', async () => undefined, 13, 1],
    ['paid meanwhile', (i: IssuedInvoice) => pay(i, '118.00'), 13, 0],
    ['credited meanwhile', (i: IssuedInvoice) => credit(i, '118.00'), 13, 0],
    [
      'cancelled meanwhile',
      (i: IssuedInvoice) =>
        office.owner.query(`UPDATE invoices SET status = 'cancelled' WHERE id = $1`, [i.invoice_id]),
      13,
      0,
    ],
    ['sent so late that the invoice is due', async () => undefined, 15, 0],
  ])('%s', async (name, happens, day, reminders) => {
    const recipient = `${name.replaceAll(' ', '-')}@example.com`;
    const invoice = await office.addInvoice({ recipient });
    await office.deliver(1);
    expect(sentTo(recipient)).toHaveLength(1);
    await remind('2026-02-13T06:23:00Z');
    await happens(invoice);
    await office.deliver(minutesOf(day));
    const subjects = sentTo(recipient).slice(1);
    expect(subjects).toHaveLength(reminders);
    for (const subject of subjects) expect(subject).toMatch(/ is due on 15 February 2026$/);
    const rows = await office.rows<{ delivered_at: Date | null }>(
      'SELECT delivered_at FROM outbox WHERE dedupe_key = $1',
      `reminder_before:${invoice.invoice_id}`,
    );
    expect(rows).toEqual([{ delivered_at: expect.any(Date) }]);
  });

  test('a reminder says what is still open', async () => {
    const recipient = 'open@example.com';
    const invoice = await office.addInvoice({ recipient });
    await pay(invoice, '18.05');
    await remind('2026-02-25T06:23:00Z');
    await office.deliver(minutesOf(26));
    const email = office.sent.find((each) => each.to === recipient && each.subject.includes('was due'));
    expect(email?.text).toContain('The outstanding amount is ₹99.95');
  });
});
