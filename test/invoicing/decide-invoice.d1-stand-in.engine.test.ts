/**
 * On the real ledger: what is previewed is what is drafted, regenerated and issued, to the last line, claim and
 * proposal.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decimal, formatDecimal } from '../../src/core/decimal.ts';
import { uuidv7 } from '../../src/core/id.ts';
import { type Ledger, type LedgerTransaction, tenant } from '../../src/db/ledger.ts';
import { createInvoice } from '../../src/invoicing/create-invoice.ts';
import { issueCreditNote } from '../../src/invoicing/credit-notes/issue-credit-note.ts';
import { proposeLateCredits } from '../../src/invoicing/credit-notes/propose-late-credits.ts';
import { type Decision, decideInvoice } from '../../src/invoicing/decide-invoice.ts';
import type { Invoice, InvoicePreview } from '../../src/invoicing/invoice.ts';
import { finalizeInvoice } from '../../src/invoicing/issuing/finalize-invoice.ts';
import { loadPeriod } from '../../src/invoicing/load-billing.ts';
import { loadInvoice } from '../../src/invoicing/load-invoice.ts';
import { previewInvoice } from '../../src/invoicing/preview-invoice.ts';
import { regenerateInvoice } from '../../src/invoicing/regenerate-invoice.ts';
import { findAccount } from '../../src/invoicing/store.ts';
import { cases } from '../pricing/plans/cases.ts';
import { type Customer, customerOf, NOW, settleInGermany } from './credit-notes/credited-invoices.ts';
import { openSuite, type Suite } from './ledger-of-suite.ts';

let suite: Suite;
beforeAll(async () => {
  suite = await openSuite('decisions');
  await settleInGermany(suite);
  await suite.owner.query(
    `INSERT INTO exchange_rates (id, base_currency, target_currency, rate, effective_from, source)
     VALUES ($1, 'USD', 'EUR', '0.913', '2026-01-01', 'manual')`,
    [uuidv7(7)],
  );
});
afterAll(() => suite.close());

const ctx = () => suite.ctx(NOW);
const rowsOf = async (text: string, ...values: string[]) => (await suite.owner.query(text, values)).rows;

/** Its content without parties, dates and number, and without the hashes that only issued invoices have. */
function saidBy({ line_items, ...invoice }: Invoice | InvoicePreview) {
  const { subtotal, discount_total, tax_total, total, discounts, taxes, reverse_charge, unpriced } = invoice;
  const { conversions, original_currency, exchange_rate, conversion_date } = invoice;
  return {
    ...{ subtotal, discount_total, tax_total, total, discounts, taxes, reverse_charge, unpriced },
    ...{ conversions, original_currency, exchange_rate, conversion_date },
    line_items: line_items.map(({ events_hash: _, ...line }) => line),
  };
}

const decide = (organisation_id: string, month: number): Promise<Decision> =>
  ctx().ledger.transaction(tenant(organisation_id), async (tx) => {
    const account = await findAccount(tx, organisation_id, { year: 2026, month }, false);
    if (!account) throw new Error('no account');
    const { period } = await loadPeriod(tx, account, { year: 2026, month });
    const options = { invoiceId: account.draft_id, at: Date.parse(NOW), lock: 'none' } as const;
    return decideInvoice(await loadInvoice(tx, account, period, options));
  });

/** Each claimed adjustment by its content, sorted: one carried by a proposal has no row before the draft. */
const claimsOf = (organisationId: string, invoiceId: string) =>
  rowsOf(
    `SELECT id, kind, metric_name, day::text, trim_scale(quantity)::text AS quantity FROM usage_adjustments
     WHERE organisation_id = $1 AND invoice_id = $2 AND source_invoice_id IS DISTINCT FROM $2 ORDER BY id`,
    organisationId,
    invoiceId,
  );
const proposalsOf = (organisationId: string) =>
  rowsOf(
    `SELECT c.invoice_id, l.line_number, l.invoice_line_number, l.description, trim_scale(l.quantity)::text AS quantity,
       trim_scale(l.carried_quantity)::text AS carried_quantity, l.event_count::int, l.total, l.discount_amount, l.tax_amount,
       trim_scale(l.original_amount)::text AS original_amount
     FROM credit_notes c JOIN credit_note_lines l ON l.organisation_id = c.organisation_id AND l.credit_note_id = c.id
     WHERE c.organisation_id = $1 ORDER BY c.invoice_id, c.id, l.line_number`,
    organisationId,
  );
const carriedBy = (organisationId: string, invoiceId: string) =>
  rowsOf(
    `SELECT metric_name, unit, year, month, day::text, trim_scale(quantity)::text AS quantity FROM usage_adjustments
     WHERE organisation_id = $1 AND source_invoice_id = $2 ORDER BY metric_name, day, quantity`,
    organisationId,
    invoiceId,
  );
const byText = (rows: readonly object[]): string[] => rows.map((row) => JSON.stringify(row)).sort();

/** What was decided before a write equals what the write stored. */
async function expectStored(
  organisationId: string,
  invoice: Invoice,
  { claims, proposals }: Decision,
  before: readonly object[],
): Promise<void> {
  const claimed = await claimsOf(organisationId, invoice.id);
  const known = new Set(claimed.map(({ id }) => id));
  const provisional = [...claims.keys()].filter((id) => !known.has(id));
  const carried = new Map(
    proposals.flatMap((proposal) => proposal.carried.map((row) => [row.provisional_id, row] as const)),
  );
  expect(claimed).toHaveLength(claims.size);
  const rest = claimed.filter(({ id }) => !claims.has(id));
  expect(byText(rest.map(({ metric_name, day, quantity }) => ({ metric_name, day, quantity })))).toEqual(
    byText(
      provisional.map((id) => {
        const { metric_name, day, quantity } = carried.get(id) ?? {};
        return { metric_name, day, quantity };
      }),
    ),
  );

  const added = proposals.flatMap(({ invoice: { invoice_id }, added: lines }) =>
    lines.map(({ taxes: _, ...line }) => ({
      invoice_id,
      ...line,
      original_amount: line.original_amount && formatDecimal(decimal(line.original_amount)),
    })),
  );
  const after = await proposalsOf(organisationId);
  const gained = after.filter((row) => !byText(before).includes(JSON.stringify(row)));
  const inOrder = (rows: readonly object[]): string[] =>
    byText(rows.map((row) => Object.fromEntries(Object.entries(row).sort())));
  expect(inOrder(gained)).toEqual(inOrder(added));
}

/** Previews, then drafts or regenerates, and checks what was stored. */
async function draft(
  { organisation_id }: Customer,
  month: number,
  id: string | null,
): Promise<Invoice | null> {
  const input = { organisation_id, year: 2026, month };
  const before = await proposalsOf(organisation_id);
  const decision = await decide(organisation_id, month);
  const preview = await previewInvoice(ctx(), input);
  expect(saidBy(preview)).toMatchObject({ ...decision.content, line_items: expect.anything() });
  const written = id === null ? createInvoice(ctx(), input) : regenerateInvoice(ctx(), { id });
  if (preview.line_items.length === 0) {
    await expect(written).rejects.toEqual(expect.objectContaining({ code: 'nothing_to_invoice' }));
    expect(await proposalsOf(organisation_id)).toEqual(before);
    return null;
  }
  const invoice = await written;
  expect(saidBy(invoice)).toEqual(saidBy(preview));
  await expectStored(organisation_id, invoice, decision, before);
  expect(saidBy(await previewInvoice(ctx(), input))).toEqual(saidBy(preview));
  return invoice;
}

async function issue({ organisation_id }: Customer, month: number, { id }: Invoice): Promise<void> {
  const [decision, claims, proposals] = [
    await decide(organisation_id, month),
    await claimsOf(organisation_id, id),
    await proposalsOf(organisation_id),
  ];
  expect(decision.proposals).toEqual([]);
  const preview = await previewInvoice(ctx(), { organisation_id, year: 2026, month });
  const issued = await finalizeInvoice(ctx(), { id });
  expect(saidBy(issued)).toEqual(saidBy(preview));
  expect(await claimsOf(organisation_id, id)).toEqual(claims);
  expect(await proposalsOf(organisation_id)).toEqual(proposals);
  expect(byText(await carriedBy(organisation_id, id))).toEqual(
    byText(decision.carried.map((row) => ({ ...row, quantity: formatDecimal(decimal(row.quantity)) }))),
  );
}

/** 10 units in October at 2.00, and 8 late negative units for September, which was invoiced with 5. */
async function octoberAfterLate(): Promise<{ organisation_id: string; september: Invoice }> {
  const { organisation_id, projects } = await suite.addOrganisation();
  const [project_id = ''] = projects;
  await suite.addPlan({ organisation_id, metric_name: 'tokens.input', price_per_unit: '2.00' });
  const send = async (metric_value: string, timestamp: string): Promise<void> => {
    suite.sendEvents(organisation_id, [{ project_id, metric_value, timestamp }]);
    await suite.drain();
  };
  await send('5', '2026-09-10T00:00:00Z');
  const september = await createInvoice(ctx(), { organisation_id, year: 2026, month: 9 });
  await finalizeInvoice(ctx(), { id: september.id });
  await send('-8', '2026-09-20T00:00:00Z');
  await send('10', '2026-10-10T00:00:00Z');
  return { organisation_id, september };
}

test('late usage below what September was invoiced with takes its rest off October, in the preview too', async () => {
  const { organisation_id, september } = await octoberAfterLate();
  const october = { organisation_id, year: 2026, month: 10 };
  const preview = await previewInvoice(ctx(), october);
  expect(preview.line_items.map((line) => `${line.kind} ${line.quantity} ${line.total}`)).toEqual([
    'usage 10 20.00',
    'carried -3 -6.00',
  ]);
  expect(preview.total).toBe('14.00');
  expect(await proposalsOf(organisation_id)).toEqual([]);
  const made = await createInvoice(ctx(), october);
  expect(saidBy(made)).toEqual(saidBy(preview));
  expect(saidBy(await regenerateInvoice(ctx(), { id: made.id }))).toEqual(saidBy(preview));
  expect(saidBy(await finalizeInvoice(ctx(), { id: made.id }))).toEqual(saidBy(preview));
  const proposed = await proposalsOf(organisation_id);
  expect(proposed).toMatchObject([{ invoice_id: september.id, quantity: '-8', total: '10.00' }]);
});

test('a preview is of one moment: what is proposed while it reads is not in it', async () => {
  const { organisation_id } = await octoberAfterLate();
  const other = ctx().openLedger();
  let proposed = 0;
  const ledger: Ledger = {
    close: () => other.close(),
    transaction: (reach, work) =>
      ctx().ledger.transaction(reach, (tx) => {
        const query: LedgerTransaction['query'] = async (text, values) => {
          const rows = await tx.query<never>(text, values);
          if (!text.includes('usage_daily')) return rows;
          const before = { year: 2026, month: 10 };
          proposed += await proposeLateCredits({ ...ctx(), ledger: other }, { organisation_id, before });
          return rows;
        };
        return work({ ...tx, query });
      }),
  };
  const october = { organisation_id, year: 2026, month: 10 };
  const preview = await previewInvoice({ ...ctx(), ledger }, october);
  expect(proposed).toBe(1);
  expect(saidBy(preview)).toEqual(saidBy(await previewInvoice(ctx(), october)));
  expect(preview.total).toBe('14.00');
  await other.close();
});

const METRICS = ['calls', 'tokens', 'dollars', 'requests', 'unpriced'];
/** `delay`: by how many months it is late; `afterDraft`: whether that month's draft already exists. */
const entry = fc
  .record({
    month: fc.constantFrom(8, 8, 9, 10),
    day: fc.integer({ min: 1, max: 30 }),
    metric_name: fc.constantFrom(...METRICS),
    thousandths: fc.integer({ min: -15_000, max: 25_000 }),
    delay: fc.constantFrom(0, 0, 1, 2),
    afterDraft: fc.boolean(),
  })
  // Most late usage is negative.
  .map((each) =>
    each.delay > 0 && each.thousandths % 3 !== 0
      ? { ...each, thousandths: -Math.abs(each.thousandths) }
      : each,
  );
const life = fc.record({
  currency: fc.constantFrom('EUR', 'USD'),
  discount: fc.constantFrom(undefined, '12.5'),
  issues: fc.boolean(),
  entries: fc.array(entry, { minLength: 12, maxLength: 24, size: 'large' }),
});

test('over random lives', async () => {
  await fc.assert(
    fc.asyncProperty(life, async ({ currency, discount, issues, entries }) => {
      const customer = await customerOf(suite, { currency, ...(discount && { discount }) });
      const { organisation_id } = customer;
      const own = { organisation_id, unit: '' };
      await suite.addPlan({ ...own, metric_name: 'dollars', price_per_unit: '1' });
      const versions = { ...own, currency, metric_name: 'requests' };
      await suite.addPlan({ ...versions, price_per_unit: '0.5', effective_to: '2026-09-12' });
      await suite.addPlan({ ...versions, price_per_unit: '0.7', effective_from: '2026-09-12' });
      const arrive = async (month: number, isAfterDraft: boolean): Promise<void> => {
        const now = entries.filter(
          ({ month: usedIn, delay, afterDraft }) =>
            usedIn + delay === month && (delay > 0 && afterDraft) === isAfterDraft,
        );
        for (const { month: usedIn, day, thousandths, metric_name } of now) {
          const quantity = formatDecimal({ units: BigInt(thousandths), scale: 3 });
          const timestamp = new Date(Date.UTC(2026, usedIn - 1, day)).toISOString();
          customer.send(quantity, timestamp, metric_name);
        }
        if (now.length > 0) await suite.drain();
      };
      for (const month of [8, 9, 10]) {
        await arrive(month, false);
        const made = await draft(customer, month, null);
        await arrive(month, true);
        const last = await draft(customer, month, made?.id ?? null);
        if (last) await issue(customer, month, last);
        if (!issues) continue;
        const proposed = await rowsOf(
          `SELECT id FROM credit_notes WHERE organisation_id = $1 AND status = 'proposed'`,
          organisation_id,
        );
        for (const { id } of proposed) await issueCreditNote(ctx(), { id });
      }
    }),
    { ...cases(6), endOnFailure: true },
  );
  const [counted] = await rowsOf(
    `SELECT (SELECT count(*)::int FROM credit_notes) AS notes,
         (SELECT count(*)::int FROM usage_adjustments WHERE source_credit_note_id IS NOT NULL) AS carried,
         (SELECT count(*)::int FROM invoice_line_items WHERE kind = 'late') AS late,
         (SELECT count(*)::int FROM invoice_line_items WHERE kind = 'carried') AS carried_lines`,
  );
  for (const [what, n] of Object.entries(counted)) expect(n, what).toBeGreaterThan(1);
}, 120_000);
