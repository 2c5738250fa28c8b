import { afterAll, beforeAll, expect, test } from 'vitest';
import { decimal, formatDecimal, sum } from '../../../src/core/decimal.ts';
import { uuidv7 } from '../../../src/core/id.ts';
import type { Ctx } from '../../../src/db/ctx.ts';
import type { Ledger } from '../../../src/db/ledger.ts';
import { cancelInvoice } from '../../../src/invoicing/cancel-invoice.ts';
import { createInvoice } from '../../../src/invoicing/create-invoice.ts';
import { createCreditNote } from '../../../src/invoicing/credit-notes/create-credit-note.ts';
import { getInvoice } from '../../../src/invoicing/get-invoice.ts';
import { finalizeDraft, finalizeInvoice } from '../../../src/invoicing/issuing/finalize-invoice.ts';
import { regenerateInvoice } from '../../../src/invoicing/regenerate-invoice.ts';
import { openSuite, type Suite } from '../ledger-of-suite.ts';

let suite: Suite;
beforeAll(async () => {
  suite = await openSuite('races');
});
afterAll(() => suite.close());

const NOW = '2026-11-20T12:00:00Z';
const SEPTEMBER = { year: 2026, month: 9 };
/** Passes whatever the hot store holds: events after the cutoff may be drained at any time. */
const passed = async () => ({ seq: 0, epoch: 1 });
const code = (expected: string) => expect.objectContaining({ code: expected });

async function organisationWithUsage(metric_value = '100') {
  const { organisation_id, projects } = await suite.addOrganisation();
  const [project_id = ''] = projects;
  await suite.addPlan({ organisation_id, metric_name: 'tokens.input', price_per_unit: '0.01' });
  const send = (value: string, day = '2026-09-10'): void =>
    suite.sendEvents(organisation_id, [{ project_id, metric_value: value, timestamp: `${day}T00:00:00Z` }]);
  send(metric_value);
  return { organisation_id, send };
}

async function inParallel<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  const lane = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: width }, lane));
}

/** A ledger that runs a hook before each transaction, or makes one fail just before its COMMIT. */
const interrupted = (
  ledger: Ledger,
  { before, fail }: { before?: (index: number) => Promise<void>; fail?: (result: unknown) => boolean },
): Ledger => {
  let index = 0;
  return {
    close: () => ledger.close(),
    transaction: async (reach, work) => {
      await before?.(index++);
      return await ledger.transaction(reach, async (tx) => {
        const result = await work(tx);
        if (fail?.(result)) throw new Error('aborted on purpose');
        return result;
      });
    },
  };
};

async function addSeller(): Promise<string> {
  const seller = uuidv7(1);
  await suite.owner.query(
    `INSERT INTO billing_entities (id, legal_name, series, financial_year_start_month, timezone)
     VALUES ($1, 'Seller', 'MB', 4, 'Asia/Kolkata')`,
    [seller],
  );
  return seller;
}

const isIssued = (result: unknown): boolean =>
  typeof result === 'object' &&
  result !== null &&
  (('invoice_number' in result && result.invoice_number !== null) ||
    ('credit_note_number' in result && result.credit_note_number !== null));

const numbersTo = (n: number, series = 'MB'): string[] =>
  Array.from({ length: n }, (_, i) => `${series}-2026-27-${String(i + 1).padStart(6, '0')}`);

test('200 finalizations race, 30 % abort before their COMMIT, and the numbers are 1 to n without a gap', async () => {
  const seller = await addSeller();
  const organisations = [];
  for (let i = 0; i < 200; i++) organisations.push(await organisationWithUsage());
  await suite.owner.query(`UPDATE organisations SET billing_entity_id = $1`, [seller]);
  await suite.drain();
  const ctx = suite.ctx(NOW);
  const drafts: string[] = [];
  for (const { organisation_id } of organisations) {
    drafts.push((await createInvoice(ctx, { organisation_id, ...SEPTEMBER })).id);
  }

  const finalizeAll = async (ids: readonly string[], aborts: boolean): Promise<number> => {
    let issued = 0;
    await inParallel(
      ids.map((id, index) => ({ id, index })),
      60,
      async ({ id, index }) => {
        const own = ctx.openLedger();
        const ledger = interrupted(own, { fail: (result) => aborts && index % 10 < 3 && isIssued(result) });
        try {
          await finalizeInvoice({ ...ctx, ledger }, { id });
          issued += 1;
        } catch (error) {
          expect(String(error)).toMatch(/aborted on purpose/);
        } finally {
          await own.close();
        }
      },
    );
    return issued;
  };
  const readNumbers = async (): Promise<string[]> => {
    const { rows } = await suite.owner.query<{ invoice_number: string }>(
      `SELECT invoice_number FROM invoices WHERE billing_entity_id = $1 AND status = 'finalized' ORDER BY invoice_number`,
      [seller],
    );
    return rows.map((row) => row.invoice_number);
  };
  expect(await finalizeAll(drafts, true)).toBe(140);
  expect(await readNumbers()).toEqual(numbersTo(140));
  const left = drafts.filter((_, index) => index % 10 < 3);
  expect(await finalizeAll(left, false)).toBe(60);
  expect(await readNumbers()).toEqual(numbersTo(200));
  await suite.owner.query(
    `UPDATE organisations SET billing_entity_id = '00000000-0000-7000-8000-000000000001'`,
  );
});

test('credit notes race finalizations of one seller, 30 % of them abort, and both series are 1 to n without a gap', async () => {
  const seller = await addSeller();
  const ids: string[] = [];
  for (let i = 0; i < 40; i++) {
    const { organisation_id, send } = await organisationWithUsage();
    send('100', '2026-08-10');
    ids.push(organisation_id);
  }
  await suite.owner.query('UPDATE organisations SET billing_entity_id = $1 WHERE id = ANY ($2)', [
    seller,
    ids,
  ]);
  await suite.drain();
  const ctx = suite.ctx(NOW);
  const works: ((some: Ctx) => Promise<unknown>)[] = [];
  for (const organisation_id of ids) {
    const { id: invoice_id } = await createInvoice(ctx, { organisation_id, year: 2026, month: 8 });
    await finalizeInvoice(ctx, { id: invoice_id });
    const { id } = await createInvoice(ctx, { organisation_id, ...SEPTEMBER });
    const credit = (amount: string) => (some: Ctx) =>
      createCreditNote(some, {
        invoice_id,
        lines: [{ line_number: 1, amount }],
        idempotency_key: `${amount} of ${invoice_id}`,
      });
    works.push((some) => finalizeInvoice(some, { id }), credit('0.25'), credit('0.75'));
  }

  const workAll = (some: readonly (typeof works)[number][], aborts: boolean): Promise<void> =>
    inParallel([...some.entries()], 30, async ([index, work]) => {
      const own = ctx.openLedger();
      const isAborted = aborts && index % 10 < 3;
      const ledger = interrupted(own, { fail: (result) => isAborted && isIssued(result) });
      const working = work({ ...ctx, ledger });
      if (isAborted) await expect(working).rejects.toThrow('aborted on purpose');
      else await working;
      await own.close();
    });
  const readNumbers = async (table: string, column: string): Promise<string[]> => {
    const { rows } = await suite.owner.query(
      `SELECT ${column} AS number FROM ${table} WHERE billing_entity_id = $1 AND ${column} IS NOT NULL ORDER BY 1`,
      [seller],
    );
    return rows.map((row) => row.number);
  };
  await workAll(works, true);
  const aborted = works.filter((_, index) => index % 10 < 3);
  expect(aborted).toHaveLength(36);
  // Every third task is a finalization, and each ten of them start with three that abort: one of each kind.
  expect(await readNumbers('invoices', 'invoice_number')).toEqual(numbersTo(40 + 28));
  expect(await readNumbers('credit_notes', 'credit_note_number')).toEqual(numbersTo(56, 'CN'));
  await workAll(aborted, false);
  expect(await readNumbers('invoices', 'invoice_number')).toEqual(numbersTo(80));
  expect(await readNumbers('credit_notes', 'credit_note_number')).toEqual(numbersTo(80, 'CN'));
});

test('a drain between the verification and the lock makes it verify again, and what it brought is billed', async () => {
  const { organisation_id, send } = await organisationWithUsage();
  await suite.drain();
  const ctx = suite.ctx(NOW);
  const draft = await createInvoice(ctx, { organisation_id, ...SEPTEMBER });
  const before = async (index: number): Promise<void> => {
    // 0: the state, 1: the verification, 2: the lock.
    if (index !== 2) return;
    send('900');
    await suite.drain();
  };
  const invoice = await finalizeDraft(
    { ...ctx, ledger: interrupted(ctx.ledger, { before }) },
    { organisation_id, id: draft.id, now: ctx.now, assertDrained: passed },
  );
  expect(invoice).toMatchObject({ total: '10.00' });
});

test('a drain at every verification ends in a refusal, with nothing closed and nothing issued', async () => {
  const { organisation_id, send } = await organisationWithUsage();
  await suite.drain();
  const ctx = suite.ctx(NOW);
  const draft = await createInvoice(ctx, { organisation_id, ...SEPTEMBER });
  const before = async (index: number): Promise<void> => {
    if (index === 0 || index % 2 === 1) return;
    send('1');
    await suite.drain();
  };
  const finalizing = finalizeDraft(
    { ...ctx, ledger: interrupted(ctx.ledger, { before }) },
    { organisation_id, id: draft.id, now: ctx.now, assertDrained: passed },
  );
  await expect(finalizing).rejects.toEqual(code('books_differ'));
  expect(await getInvoice(ctx, { id: draft.id })).toMatchObject({ status: 'draft' });
});

test('drains race finalizations: every event is on the invoice or on an open adjustment, none on both', async () => {
  const ctx = suite.ctx(NOW);
  for (let round = 0; round < 10; round++) {
    const { organisation_id, send } = await organisationWithUsage();
    await suite.drain();
    const draft = await createInvoice(ctx, { organisation_id, ...SEPTEMBER });
    let sent = 100n;
    const drainAll = async (): Promise<void> => {
      for (let i = 0; i < 8; i++) {
        send('1');
        sent += 1n;
        await suite.drain();
      }
    };
    const finalize = async (): Promise<void> => {
      const own = ctx.openLedger();
      const input = { organisation_id, id: draft.id, now: ctx.now, assertDrained: passed };
      for (let attempt = 0; attempt < 50; attempt++) {
        const done = await finalizeDraft({ ...ctx, ledger: own }, input).catch((error: unknown) => {
          expect(error).toEqual(code('books_differ'));
          return null;
        });
        if (done) break;
      }
      await own.close();
    };
    await Promise.all([drainAll(), finalize()]);
    const invoice = await getInvoice(ctx, { id: draft.id });
    expect(invoice.status).toBe('finalized');
    const { rows } = await suite.owner.query<{ quantity: string }>(
      `SELECT quantity FROM usage_adjustments WHERE organisation_id = $1 AND invoice_id IS NULL`,
      [organisation_id],
    );
    const quantities = [...invoice.line_items, ...rows].map((row) => decimal(row.quantity));
    expect(formatDecimal(sum(quantities))).toBe(String(sent));
  }
});

test('two finalizations of one draft give one number, and two drafts of one month one draft', async () => {
  const { organisation_id } = await organisationWithUsage();
  await suite.drain();
  const ctx = suite.ctx(NOW);
  const apart = async <T>(work: (ledger: Ledger) => Promise<T>): Promise<T> => {
    const own = ctx.openLedger();
    try {
      return await work(own);
    } finally {
      await own.close();
    }
  };
  const made = await Promise.allSettled(
    [1, 2, 3].map(() =>
      apart((ledger) => createInvoice({ ...ctx, ledger }, { organisation_id, ...SEPTEMBER })),
    ),
  );
  const [draft] = made.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const refusals = made.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  expect(refusals).toEqual([code('invoice_exists'), code('invoice_exists')]);

  const id = draft?.id ?? '';
  const results = await Promise.allSettled([
    ...[1, 2, 3, 4].map(() => apart((ledger) => finalizeInvoice({ ...ctx, ledger }, { id }))),
    apart((ledger) => regenerateInvoice({ ...ctx, ledger }, { id })),
    apart((ledger) => cancelInvoice({ ...ctx, ledger }, { id })),
  ]);
  for (const result of results) {
    if (result.status === 'rejected') expect(result.reason).toEqual(code('invalid_state'));
  }
  const { rows } = await suite.owner.query(
    `SELECT count(*)::int AS n FROM outbox WHERE organisation_id = $1 AND topic = 'invoice.finalized'`,
    [organisation_id],
  );
  expect(rows[0].n).toBeLessThanOrEqual(1);
});

test('another organisation sees none of it', async () => {
  const { organisation_id } = await organisationWithUsage();
  await suite.drain();
  const ctx = suite.ctx(NOW);
  await createInvoice(ctx, { organisation_id, ...SEPTEMBER });
  const other = await suite.addOrganisation();
  const seen = await ctx.ledger.transaction({ kind: 'tenant', organisationId: other.organisation_id }, (tx) =>
    tx.query(`SELECT id FROM invoices UNION ALL SELECT id FROM invoice_line_items
      UNION ALL SELECT id FROM usage_adjustments`),
  );
  expect(seen).toEqual([]);
});
