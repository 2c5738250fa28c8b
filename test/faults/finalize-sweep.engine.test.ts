/** Every call that issuing, crediting and paying make to the ledger fails once before its effect and once after it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { uuidv7 } from '../../src/core/id.ts';
import type { Ctx } from '../../src/db/ctx.ts';
import type { Ledger } from '../../src/db/ledger.ts';
import { createCreditNote } from '../../src/invoicing/create-credit-note.ts';
import { createInvoice } from '../../src/invoicing/create-invoice.ts';
import { finalizeInvoice } from '../../src/invoicing/finalize-invoice.ts';
import { getInvoice } from '../../src/invoicing/get-invoice.ts';
import type { Invoice } from '../../src/invoicing/invoice.ts';
import { createPayment } from '../../src/payments/create-payment.ts';
import { settleInGermany } from '../invoicing/credited-invoices.ts';
import { openSuite, type Suite } from '../invoicing/ledger-of-suite.ts';

/** `after`: the call did its work, and its answer is lost. */
interface Fault {
  readonly at: number;
  readonly moment: 'before' | 'after';
}
class Struck extends Error {}

/** Counts BEGIN, each statement and COMMIT of every transaction, and fails one of them. */
function sweptLedger(
  ledger: Ledger,
  fault: Fault | null,
): { readonly swept: Ledger; readonly calls: string[] } {
  const calls: string[] = [];
  const take = (call: string): number => calls.push(call.trim()) - 1;
  const strike = (call: number, moment: Fault['moment']): void => {
    if (fault?.at === call && fault.moment === moment) throw new Struck(`${moment} ${calls[call]}`);
  };
  const around = async <T>(text: string, run: () => Promise<T>): Promise<T> => {
    const call = take(text);
    strike(call, 'before');
    const result = await run();
    strike(call, 'after');
    return result;
  };
  const swept: Ledger = {
    close: () => ledger.close(),
    async transaction(reach, work) {
      const begin = take('BEGIN');
      strike(begin, 'before');
      let commit = -1;
      const result = await ledger.transaction(reach, async (tx) => {
        strike(begin, 'after');
        const answer = await work({
          query: (text, values) => around(text, () => tx.query(text, values)),
          execute: (text, values) => around(text, () => tx.execute(text, values)),
          enter: (next) => around('SET LOCAL', () => tx.enter(next)),
          get orm(): never {
            throw new Error('a statement would pass by the sweep');
          },
        });
        commit = take('COMMIT');
        strike(commit, 'before');
        return answer;
      });
      strike(commit, 'after');
      return result;
    },
  };
  return { swept, calls };
}

const faultsOf = (calls: readonly string[]): Fault[] =>
  calls.flatMap((_, at) => [
    { at, moment: 'before' as const },
    { at, moment: 'after' as const },
  ]);
/** The one fault after which the work stands: the answer to the last COMMIT is lost. */
const isDone = (calls: readonly string[], { at, moment }: Fault): boolean =>
  at === calls.length - 1 && moment === 'after';
const code = (expected: string) => expect.objectContaining({ code: expected });

const NOW = '2026-11-20T12:00:00Z';
const EARLIER = '2026-09-05T12:00:00Z';
const LANES = 4;

let suite: Suite;
/** An organisation each, with its invoice of August issued and its draft of September. */
interface Customer {
  readonly organisation_id: string;
  readonly project_id: string;
  august: Invoice;
  september: Invoice;
}
let dry: Customer;
let finalizeCalls: string[];
let customers: Customer[] = [];

/** With a connection of its own for each lane. */
async function inLanes<T>(items: readonly T[], work: (ctx: Ctx, item: T, index: number) => Promise<void>) {
  const queue = [...items.entries()];
  const lane = async (): Promise<void> => {
    const ctx = suite.ctx(NOW);
    const ledger = ctx.openLedger();
    try {
      for (let next = queue.shift(); next; next = queue.shift())
        await work({ ...ctx, ledger }, next[1], next[0]);
    } finally {
      await ledger.close();
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

/** Runs a verb against a fault; answers whether it was struck by it, as every call's failure must be told. */
async function runStruck<T>(ctx: Ctx, fault: Fault, run: (ctx: Ctx) => Promise<T>): Promise<void> {
  const { swept, calls } = sweptLedger(ctx.ledger, fault);
  await expect(run({ ...ctx, ledger: swept }), calls[fault.at]).rejects.toThrow(Struck);
}

async function runDry<T>(ctx: Ctx, run: (ctx: Ctx) => Promise<T>): Promise<{ result: T; calls: string[] }> {
  const { swept, calls } = sweptLedger(ctx.ledger, null);
  return { result: await run({ ...ctx, ledger: swept }), calls };
}

/** Taxed, with a discount, a converted line, a negative rest to carry on, and late usage of August up and down. */
async function addCustomers(n: number): Promise<Customer[]> {
  const added: Customer[] = [];
  const event = (project_id: string, metric_name: string, metric_value: string, day: string) => ({
    project_id,
    metric_name,
    unit: '',
    metric_value,
    timestamp: `2026-${day}T10:00:00Z`,
  });
  for (let i = 0; i < n; i++) {
    const { organisation_id, projects } = await suite.addOrganisation({ currency: 'EUR' });
    const [project_id = ''] = projects;
    await suite.owner.query(
      `UPDATE organisations SET tax_regime = 'eu', legal_name = 'Buyer', address = $2 WHERE id = $1`,
      [organisation_id, JSON.stringify({ line1: 'Allee 2', city: 'Bonn', country: 'DE' })],
    );
    await suite.owner.query(
      `INSERT INTO discounts (organisation_id, id, description, percentage, effective_from)
       VALUES ($1, $2, 'Loyal', 10, '2020-01-01')`,
      [organisation_id, uuidv7(5)],
    );
    suite.sendEvents(organisation_id, [
      event(project_id, 'calls', '7', '08-10'),
      event(project_id, 'moved', '10', '08-10'),
    ]);
    added.push({ organisation_id, project_id } as Customer);
  }
  await suite.drain();
  await inLanes(added, async (ctx, customer) => {
    const at = { ...ctx, now: Date.parse(EARLIER) };
    const { organisation_id } = customer;
    const { id } = await createInvoice(at, { organisation_id, year: 2026, month: 8 });
    customer.august = await finalizeInvoice(at, { id });
  });
  for (const { organisation_id, project_id } of added) {
    suite.sendEvents(organisation_id, [
      event(project_id, 'calls', '3', '08-11'),
      event(project_id, 'moved', '-4', '08-11'),
      event(project_id, 'calls', '10', '09-10'),
      event(project_id, 'seats', '-2', '09-10'),
      event(project_id, 'tokens', '31', '09-10'),
    ]);
  }
  await suite.drain();
  await inLanes(added, async (ctx, customer) => {
    const { organisation_id } = customer;
    customer.september = await createInvoice(ctx, { organisation_id, year: 2026, month: 9 });
  });
  return added;
}

beforeAll(async () => {
  suite = await openSuite('sweep');
  await settleInGermany(suite);
  await suite.owner.query(`UPDATE billing_entities SET financial_year_start_month = 10`);
  for (const [metric_name, currency, price_per_unit] of [
    ['calls', 'EUR', '2.005'],
    ['moved', 'EUR', '1'],
    ['seats', 'EUR', '4'],
    ['tokens', 'USD', '0.333'],
  ]) {
    await suite.addPlan({ metric_name, currency, price_per_unit, unit: '' });
  }
  await suite.owner.query(
    `INSERT INTO exchange_rates (id, base_currency, target_currency, rate, effective_from, source)
     VALUES ($1, 'USD', 'EUR', 0.9, '2026-01-01T00:00:00Z', 'manual')`,
    [uuidv7(6)],
  );
  const [first] = await addCustomers(1);
  if (!first) throw new Error('no customer');
  dry = first;
  const { result, calls } = await runDry(suite.ctx(NOW), (ctx) =>
    finalizeInvoice(ctx, { id: dry.september.id }),
  );
  dry.september = result;
  finalizeCalls = calls;
  customers = await addCustomers(faultsOf(calls).length);
}, 60_000);
afterAll(() => suite.close());

const rowsOf = async (text: string, values: readonly unknown[] = []) =>
  (await suite.owner.query(text, [...values])).rows;

/** What stands of an issued invoice, note or payment: each number here is wrong if it is more or less by one. */
const invoicesWith = (where: string, values: readonly unknown[]) =>
  rowsOf(
    `SELECT i.organisation_id, i.status, i.total, i.issued_at, i.due_date::text,
       (SELECT count(*)::int FROM documents d WHERE d.subject_id = i.id AND d.model->>'number' = i.invoice_number) AS documents,
       (SELECT count(*)::int FROM outbox o JOIN documents d ON d.id::text = o.payload->>'document_id'
        WHERE d.subject_id = i.id AND o.topic = 'document.render') AS renders,
       (SELECT count(*)::int FROM outbox o JOIN documents d ON d.id::text = o.payload->>'document_id'
        WHERE d.subject_id = i.id AND o.topic = 'email.send') AS emails,
       (SELECT count(*)::int FROM outbox o WHERE o.topic = 'invoice.finalized'
        AND o.payload->>'invoice_id' = i.id::text AND o.payload->>'invoice_number' = i.invoice_number) AS announced,
       (SELECT count(*)::int FROM audit_logs a WHERE a.entity_id = i.id::text AND a.action = 'invoice.finalize') AS audited,
       (SELECT count(*)::int FROM usage_adjustments a WHERE a.invoice_id = i.id) AS claimed,
       (SELECT count(*)::int FROM usage_adjustments a WHERE a.source_invoice_id = i.id) AS carried,
       (SELECT count(*)::int FROM credit_notes n WHERE n.organisation_id = i.organisation_id AND n.status = 'proposed') AS proposed,
       (SELECT array_agg(concat_ws(' ', l.kind, l.metric_name, l.total) ORDER BY l.line_number)
        FROM invoice_line_items l WHERE l.invoice_id = i.id) AS lines,
       (SELECT sum(l.total - l.discount_amount + l.tax_amount) = i.total
        FROM invoice_line_items l WHERE l.invoice_id = i.id) AS adds_up
     FROM invoices i WHERE ${where} ORDER BY i.id`,
    values,
  );

const gapless = async (table: string, column: string): Promise<void> => {
  const numbers = (await rowsOf(`SELECT ${column} AS number FROM ${table} WHERE ${column} IS NOT NULL`)).map(
    (row) => /^(.*)-(\d{6})$/.exec(row.number),
  );
  const bySeries = Map.groupBy(numbers, (match) => match?.[1]);
  for (const [series, matches] of bySeries) {
    const sequence = matches.map((match) => Number(match?.[2])).sort((a, b) => a - b);
    expect(sequence, series).toEqual(sequence.map((_, index) => index + 1));
  }
};

test('a finalization that fails at any call is repeated, and the invoice is issued once with all that belongs to it', async () => {
  for (const written of ['INSERT INTO invoice_counters', 'INSERT INTO documents', 'INSERT INTO outbox'])
    expect(finalizeCalls.join('\n')).toContain(written);
  expect(finalizeCalls.filter((call) => call === 'COMMIT').length).toBeGreaterThan(3);
  expect(finalizeCalls.at(-1)).toBe('COMMIT');
  expect(dry.september.line_items.map(({ kind, metric_name }) => `${kind} ${metric_name}`)).toEqual([
    'usage calls',
    'usage seats',
    'usage tokens',
    'late calls',
  ]);

  await inLanes(faultsOf(finalizeCalls), async (ctx, fault, index) => {
    const { organisation_id, september } = customers[index] as Customer;
    const finalize = (some: Ctx) => finalizeInvoice(some, { id: september.id });
    await runStruck(ctx, fault, finalize);
    const traces = `SELECT (SELECT count(*)::int FROM documents WHERE subject_id = $1) AS documents,
      (SELECT count(*)::int FROM outbox WHERE organisation_id = $2 AND payload->>'invoice_id' = $1::text) AS messages,
      (SELECT count(*)::int FROM audit_logs WHERE entity_id = $1::text AND action = 'invoice.finalize') AS audited`;
    const [left] = await rowsOf(traces, [september.id, organisation_id]);
    const told = `${fault.moment} ${finalizeCalls[fault.at]}`;
    if (isDone(finalizeCalls, fault)) {
      expect(left).toEqual({ documents: 1, messages: 2, audited: 1 });
      await expect(finalize(ctx)).rejects.toEqual(code('invalid_state'));
    } else {
      expect(left, told).toEqual({ documents: 0, messages: 0, audited: 0 });
      expect(await getInvoice(ctx, { id: september.id }), told).toMatchObject({
        status: 'draft',
        invoice_number: null,
        issued_at: null,
      });
      expect(await finalize(ctx), told).toMatchObject({ status: 'finalized' });
    }
    customers[index] = {
      ...customers[index],
      september: await getInvoice(ctx, { id: september.id }),
    } as Customer;
  });

  await gapless('invoices', 'invoice_number');
  const issued = await invoicesWith('i.month = 9', []);
  expect(issued).toHaveLength(customers.length + 1);
  const [{ organisation_id: _, ...model }] = issued;
  expect(model).toMatchObject({
    documents: 1,
    renders: 1,
    emails: 1,
    announced: 1,
    audited: 1,
    adds_up: true,
  });
  expect(model).toMatchObject({ status: 'finalized', claimed: 1, carried: 1, proposed: 1 });
  expect(model.issued_at).toEqual(new Date(NOW));
  for (const { organisation_id, ...each } of issued) expect(each, organisation_id).toEqual(model);
  for (const each of await invoicesWith('i.month = 8', []))
    expect(each).toMatchObject({ documents: 1, renders: 1, emails: 1, announced: 1, audited: 1 });
}, 60_000);

const notesOf = (invoiceId: string) =>
  rowsOf(
    `SELECT n.id, n.total,
       (SELECT count(*)::int FROM credit_note_lines l WHERE l.credit_note_id = n.id) > 0 AS has_lines,
       (SELECT sum(l.total - l.discount_amount + l.tax_amount) = n.total
        FROM credit_note_lines l WHERE l.credit_note_id = n.id) AS adds_up,
       (SELECT count(*)::int FROM documents d WHERE d.subject_id = n.id AND d.model->>'number' = n.credit_note_number) AS documents,
       (SELECT array_agg(o.topic ORDER BY o.topic) FROM outbox o
        WHERE o.payload->>'credit_note_id' = n.id::text
          OR o.payload->>'document_id' = (SELECT d.id::text FROM documents d WHERE d.subject_id = n.id)) AS topics,
       (SELECT array_agg(a.action) FROM audit_logs a WHERE a.entity_id = n.id::text) AS actions
     FROM credit_notes n WHERE n.invoice_id = $1 AND n.status = 'issued'`,
    [invoiceId],
  );
const NOTED = {
  has_lines: true,
  adds_up: true,
  documents: 1,
  topics: ['credit_note.issued', 'document.render', 'email.send'],
  actions: ['credit_note.issue'],
};
const paidOf = async ({ id }: Invoice) => {
  const [row] = await rowsOf(
    `SELECT status, (SELECT count(*)::int FROM outbox o WHERE o.topic = 'invoice.paid' AND o.payload->>'invoice_id' = i.id::text) AS told,
       (SELECT count(*)::int FROM audit_logs a WHERE a.action = 'invoice.paid' AND a.entity_id = i.id::text) AS audited
     FROM invoices i WHERE id = $1`,
    [id],
  );
  return row;
};

test('a credit note that fails at any call is repeated with its key, and is issued once', async () => {
  const credit =
    ({ september }: Customer) =>
    (ctx: Ctx) =>
      createCreditNote(ctx, {
        invoice_id: september.id,
        lines: [{ line_number: 1, amount: '5.00' }],
        idempotency_key: `credit of ${september.id}`,
      });
  const { calls } = await runDry(suite.ctx(NOW), credit(dry));
  const faults = faultsOf(calls);
  expect(customers.length).toBeGreaterThanOrEqual(faults.length);
  await inLanes(faults, async (ctx, fault, index) => {
    const customer = customers[index] as Customer;
    await runStruck(ctx, fault, credit(customer));
    const told = `${fault.moment} ${calls[fault.at]}`;
    expect(await notesOf(customer.september.id), told).toHaveLength(isDone(calls, fault) ? 1 : 0);
    const note = await credit(customer)(ctx);
    expect(await notesOf(customer.september.id), told).toEqual([
      { id: note.id, total: note.total, ...NOTED },
    ]);
    expect((await credit(customer)(ctx)).id).toBe(note.id);
  });
  await gapless('credit_notes', 'credit_note_number');
}, 60_000);

test('a credit note of all that is left, repeated without a key, never gives more than the invoice', async () => {
  const credit =
    ({ august }: Customer) =>
    (ctx: Ctx) =>
      createCreditNote(ctx, { invoice_id: august.id, idempotency_key: null });
  const { calls } = await runDry(suite.ctx(NOW), credit(dry));
  const faults = faultsOf(calls);
  expect(customers.length).toBeGreaterThanOrEqual(faults.length);
  await inLanes(faults, async (ctx, fault, index) => {
    const customer = customers[index] as Customer;
    await runStruck(ctx, fault, credit(customer));
    if (isDone(calls, fault)) {
      await expect(credit(customer)(ctx)).rejects.toEqual(code('credit_exceeds_invoice'));
    } else {
      expect(await paidOf(customer.august)).toEqual({ status: 'finalized', told: 0, audited: 0 });
      await credit(customer)(ctx);
    }
    const told = `${fault.moment} ${calls[fault.at]}`;
    expect(await notesOf(customer.august.id), told).toMatchObject([
      { total: customer.august.total, ...NOTED },
    ]);
    expect(await paidOf(customer.august), told).toEqual({ status: 'paid', told: 1, audited: 1 });
  });
  await gapless('credit_notes', 'credit_note_number');
}, 60_000);

test('a payment that fails at any call is repeated with its key, and is taken once', async () => {
  const pay =
    ({ september }: Customer, amount: string) =>
    (ctx: Ctx) =>
      createPayment(ctx, {
        invoice_id: september.id,
        method: 'offline',
        amount,
        currency: 'EUR',
        idempotency_key: `payment of ${september.id}`,
      });
  const dueOf = async (ctx: Ctx, { september }: Customer): Promise<string> =>
    (await getInvoice(ctx, { id: september.id })).amount_due ?? '';
  const { calls } = await runDry(suite.ctx(NOW), pay(dry, await dueOf(suite.ctx(NOW), dry)));
  const paymentsOf = (id: string) =>
    rowsOf(
      `SELECT p.id, p.applied_amount, (SELECT array_agg(a.action) FROM audit_logs a WHERE a.entity_id = p.id::text) AS actions
       FROM payments p WHERE p.invoice_id = $1`,
      [id],
    );
  await inLanes(faultsOf(calls), async (ctx, fault, index) => {
    const customer = customers[index] as Customer;
    const due = await dueOf(ctx, customer);
    await runStruck(ctx, fault, pay(customer, due));
    const told = `${fault.moment} ${calls[fault.at]}`;
    expect(await paymentsOf(customer.september.id), told).toHaveLength(isDone(calls, fault) ? 1 : 0);
    const { id } = await pay(customer, due)(ctx);
    expect(await paymentsOf(customer.september.id), told).toEqual([
      { id, applied_amount: due, actions: ['payment.create'] },
    ]);
    expect(await paidOf(customer.september), told).toEqual({ status: 'paid', told: 1, audited: 1 });
    expect((await pay(customer, due)(ctx)).id).toBe(id);
  });
}, 60_000);
