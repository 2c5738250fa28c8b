/** The balance of an invoice over payments, refunds and credit notes: the one definition, case by case. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { issueCreditNote } from '../../src/invoicing/credit-notes/issue-credit-note.ts';
import { getInvoice } from '../../src/invoicing/get-invoice.ts';
import { type InvoiceStatus, openBalance } from '../../src/invoicing/invoice.ts';
import { createPayment } from '../../src/payments/create-payment.ts';
import type { PaymentStatus } from '../../src/payments/payment.ts';
import { openSuite, type Suite } from '../invoicing/ledger-of-suite.ts';
import { randomUUID } from '../setup/seeded.ts';
import { addCreditNote, addInvoice } from './invoices.ts';

let suite: Suite;
beforeAll(async () => {
  suite = await openSuite('balances');
});
afterAll(() => suite.close());

const NOW = '2026-11-20T12:00:00Z';

interface PaymentFields {
  readonly amount: string;
  readonly applied?: string;
  readonly status?: PaymentStatus;
  readonly paid_at?: string;
  readonly refunds?: readonly (readonly [amount: string, status: 'pending' | 'processed' | 'failed'])[];
}

async function addPayment(organisationId: string, invoiceId: string, fields: PaymentFields): Promise<void> {
  const { amount, applied = amount, status = 'captured', paid_at = NOW, refunds = [] } = fields;
  const id = randomUUID();
  await suite.owner.query(
    `INSERT INTO payments (organisation_id, id, invoice_id, amount, currency, status, payment_method, applied_amount, paid_at)
     SELECT $1, $2, id, $4, currency, $5, 'offline', $6, $7 FROM invoices WHERE id = $3`,
    [organisationId, id, invoiceId, amount, status, applied, paid_at],
  );
  for (const [refunded, state] of refunds)
    await suite.owner.query(
      'INSERT INTO refunds (organisation_id, id, payment_id, amount, status) VALUES ($1, $2, $3, $4, $5)',
      [organisationId, randomUUID(), id, refunded, state],
    );
}

const COLUMNS = [
  'amount_due',
  'paid_total',
  'credited_total',
  'refunded_total',
  'unapplied_total',
  'creditable_total',
  'excess_total',
] as const;

async function balanceOf(invoiceId: string): Promise<Record<(typeof COLUMNS)[number], string | null>> {
  const { rows } = await suite.owner.query(
    `SELECT ${COLUMNS.join(', ')} FROM invoice_balances WHERE invoice_id = $1`,
    [invoiceId],
  );
  return rows[0];
}

/** An invoice of 100.00 without payments. */
const UNPAID = {
  amount_due: '100.00',
  paid_total: '0.00',
  credited_total: '0.00',
  refunded_total: '0.00',
  unapplied_total: '0.00',
  creditable_total: '100.00',
  excess_total: '0.00',
};
const NOTHING_OWED = { ...UNPAID, amount_due: null, creditable_total: null };
const part = { amount: '60.00', status: 'partially_refunded' } as const;

interface Case {
  readonly name: string;
  readonly status?: InvoiceStatus;
  readonly payments?: readonly PaymentFields[];
  readonly notes?: readonly (readonly [total: string, status: 'issued' | 'proposed'])[];
  readonly expected: Partial<Record<keyof typeof UNPAID, string | null>>;
}

const CASES: readonly Case[] = [
  { name: 'a draft', status: 'draft', expected: NOTHING_OWED },
  { name: 'unpaid', expected: UNPAID },
  {
    name: 'with payments that did not come in, or not yet',
    payments: (['pending', 'authorized', 'failed'] as const).map((status) => ({ amount: '50.00', status })),
    expected: UNPAID,
  },
  {
    name: 'partly paid',
    payments: [{ amount: '30.00' }],
    expected: { amount_due: '70.00', paid_total: '30.00' },
  },
  {
    name: 'a minor unit short',
    payments: [{ amount: '30.00' }, { amount: '69.99' }],
    expected: { amount_due: '0.01', paid_total: '99.99' },
  },
  {
    name: 'paid',
    status: 'paid',
    payments: [{ amount: '100.00' }],
    expected: { amount_due: '0.00', paid_total: '100.00' },
  },
  {
    name: 'over-paid',
    status: 'paid',
    payments: [{ amount: '150.00', applied: '100.00' }],
    expected: { amount_due: '0.00', paid_total: '100.00', unapplied_total: '50.00' },
  },
  {
    name: 'credited before payment',
    status: 'paid',
    notes: [['20.00', 'issued']],
    payments: [{ amount: '80.00' }],
    expected: { amount_due: '0.00', paid_total: '80.00', credited_total: '20.00', creditable_total: '80.00' },
  },
  {
    name: 'credited after payment, before it is released',
    status: 'paid',
    notes: [['20.00', 'issued']],
    payments: [{ amount: '100.00' }],
    expected: {
      amount_due: '0.00',
      paid_total: '100.00',
      credited_total: '20.00',
      creditable_total: '80.00',
      excess_total: '20.00',
    },
  },
  {
    name: 'credited after payment, and released',
    status: 'paid',
    notes: [['20.00', 'issued']],
    payments: [{ amount: '100.00', applied: '80.00' }],
    expected: {
      amount_due: '0.00',
      paid_total: '80.00',
      credited_total: '20.00',
      unapplied_total: '20.00',
      creditable_total: '80.00',
    },
  },
  {
    name: 'credited in full, unpaid',
    status: 'paid',
    notes: [['100.00', 'issued']],
    expected: { amount_due: '0.00', credited_total: '100.00', creditable_total: '0.00' },
  },
  {
    name: 'with a proposal, which holds its part and gives nothing back',
    notes: [['20.00', 'proposed']],
    expected: { creditable_total: '80.00' },
  },
  {
    name: 'refunded in part',
    payments: [{ ...part, refunds: [['25.00', 'processed']] }],
    expected: { amount_due: '65.00', paid_total: '35.00', refunded_total: '25.00' },
  },
  {
    name: 'refunded in parts, one of them on its way and one failed',
    payments: [
      {
        ...part,
        refunds: [
          ['10.00', 'processed'],
          ['15.00', 'pending'],
          ['20.00', 'failed'],
        ],
      },
    ],
    expected: { amount_due: '65.00', paid_total: '35.00', refunded_total: '25.00' },
  },
  {
    name: 'over-paid, and refunded what settled nothing',
    status: 'paid',
    payments: [
      {
        amount: '150.00',
        applied: '100.00',
        status: 'partially_refunded',
        refunds: [['50.00', 'processed']],
      },
    ],
    expected: { amount_due: '0.00', paid_total: '100.00', refunded_total: '50.00' },
  },
  {
    name: 'over-paid, and refunded more than that',
    payments: [
      {
        amount: '150.00',
        applied: '100.00',
        status: 'partially_refunded',
        refunds: [['70.00', 'processed']],
      },
    ],
    expected: { amount_due: '20.00', paid_total: '80.00', refunded_total: '70.00' },
  },
  {
    name: 'refunded in full',
    status: 'refunded',
    payments: [{ amount: '100.00', status: 'refunded', refunds: [['100.00', 'processed']] }],
    expected: { amount_due: '100.00', refunded_total: '100.00' },
  },
  {
    name: 'credited and refunded in full',
    status: 'refunded',
    notes: [['100.00', 'issued']],
    payments: [{ amount: '100.00', applied: '0.00', status: 'refunded', refunds: [['100.00', 'processed']] }],
    expected: {
      amount_due: '0.00',
      credited_total: '100.00',
      refunded_total: '100.00',
      creditable_total: '0.00',
    },
  },
  { name: 'cancelled', status: 'cancelled', expected: NOTHING_OWED },
];

describe('an invoice of 100.00', () => {
  test.each(CASES)('$name', async ({ status = 'finalized', payments = [], notes = [], expected }) => {
    const { organisation_id } = await suite.addOrganisation();
    const id = await addInvoice(suite.owner, { organisation_id, status });
    for (const [total, state] of notes) await addCreditNote(suite.owner, id, total, state);
    for (const payment of payments) await addPayment(organisation_id, id, payment);
    const balance = await balanceOf(id);
    expect(balance).toEqual({ ...UNPAID, ...expected });
    const { amount_due, paid_total, credited_total } = balance;
    const shown = await getInvoice(suite.ctx(NOW), { id });
    expect(shown).toMatchObject({ amount_due, paid_total, credited_total });
  });

  test.each<InvoiceStatus>(['draft', 'finalized'])(
    'that is new and a %s has the balance with which it is answered',
    async (status) => {
      const { organisation_id } = await suite.addOrganisation();
      const id = await addInvoice(suite.owner, { organisation_id, status });
      expect(await balanceOf(id)).toMatchObject(openBalance({ status, total: '100.00', currency: 'USD' }));
    },
  );

  test('has the decimals of its currency', async () => {
    const { organisation_id } = await suite.addOrganisation();
    const yen = await addInvoice(suite.owner, { organisation_id, total: '100', currency: 'JPY' });
    expect(await balanceOf(yen)).toMatchObject({ amount_due: '100', paid_total: '0', excess_total: '0' });
    const dinar = await addInvoice(suite.owner, {
      organisation_id,
      total: '100.000',
      currency: 'KWD',
      month: 2,
    });
    expect(await balanceOf(dinar)).toMatchObject({ credited_total: '0.000', creditable_total: '100.000' });
  });

  test('was last paid when the latest of its payments was made that did not go back whole', async () => {
    const { organisation_id } = await suite.addOrganisation();
    const id = await addInvoice(suite.owner, { organisation_id });
    const paid = (day: string, fields: Partial<PaymentFields> = {}) =>
      addPayment(organisation_id, id, { amount: '10.00', paid_at: `2026-11-${day}T00:00:00Z`, ...fields });
    await paid('02');
    await paid('03', { status: 'partially_refunded', refunds: [['1.00', 'processed']] });
    await paid('01');
    await paid('04', { status: 'refunded', refunds: [['10.00', 'processed']] });
    await paid('05', { status: 'failed' });
    const { rows } = await suite.owner.query(
      'SELECT last_paid_at FROM invoice_balances WHERE invoice_id = $1',
      [id],
    );
    expect(rows).toEqual([{ last_paid_at: new Date('2026-11-03T00:00:00Z') }]);
  });
});

describe('those who pay and credit go by it', () => {
  test('a payment is applied up to what a refund has made due again', async () => {
    const { organisation_id } = await suite.addOrganisation();
    const invoice_id = await addInvoice(suite.owner, { organisation_id });
    await addPayment(organisation_id, invoice_id, {
      amount: '100.00',
      status: 'partially_refunded',
      refunds: [['40.00', 'processed']],
    });
    const input = {
      invoice_id,
      method: 'offline',
      amount: '50.00',
      currency: 'USD',
      idempotency_key: null,
    } as const;
    const payment = await createPayment(suite.ctx(NOW), input);
    expect(payment).toMatchObject({ applied_amount: '40.00', unapplied_amount: '10.00' });
    expect(await getInvoice(suite.ctx(NOW), { id: invoice_id })).toMatchObject({
      status: 'paid',
      amount_due: '0.00',
    });
  });

  test('a credit note releases what payments settle beyond the rest, refunds taken off first', async () => {
    const { organisation_id } = await suite.addOrganisation();
    const id = await addInvoice(suite.owner, { organisation_id });
    await addPayment(organisation_id, id, { amount: '30.00', paid_at: '2026-11-01T00:00:00Z' });
    await addPayment(organisation_id, id, {
      amount: '70.00',
      paid_at: '2026-11-02T00:00:00Z',
      status: 'partially_refunded',
      refunds: [['20.00', 'processed']],
    });
    await addCreditNote(suite.owner, id, '90.00', 'proposed');
    const { rows } = await suite.owner.query('SELECT id FROM credit_notes WHERE invoice_id = $1', [id]);
    await issueCreditNote(suite.ctx(NOW), { id: rows[0].id });
    expect(await balanceOf(id)).toEqual({
      ...UNPAID,
      amount_due: '0.00',
      paid_total: '10.00',
      credited_total: '90.00',
      refunded_total: '20.00',
      unapplied_total: '70.00',
      creditable_total: '10.00',
    });
    const payments = await suite.owner.query(
      'SELECT applied_amount FROM payments WHERE invoice_id = $1 ORDER BY paid_at',
      [id],
    );
    expect(payments.rows).toEqual([{ applied_amount: '10.00' }, { applied_amount: '0.00' }]);
  });
});

test("the views show a tenant its own rows and none of another's", async () => {
  const { organisation_id } = await suite.addOrganisation();
  const { organisation_id: other } = await suite.addOrganisation();
  const id = await addInvoice(suite.owner, { organisation_id });
  await addPayment(organisation_id, id, { amount: '1.00' });
  const countAs = (organisationId: string) =>
    suite
      .ctx(NOW)
      .ledger.transaction({ kind: 'tenant', organisationId }, (tx) =>
        tx.query<{ n: number }>(
          `SELECT (SELECT count(*) FROM invoice_balances) AS n UNION ALL SELECT count(*) FROM payment_balances`,
        ),
      );
  expect(await countAs(organisation_id)).toEqual([{ n: 1 }, { n: 1 }]);
  expect(await countAs(other)).toEqual([{ n: 0 }, { n: 0 }]);
});
