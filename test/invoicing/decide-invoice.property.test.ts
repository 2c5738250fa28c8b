/**
 * A preview equals what a draft stores, and equals the decision repeated from what was stored: for the draft, and
 * at issue.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compare, decimal, formatDecimal, isNegative, isZero, sum } from '../../src/core/decimal.ts';
import { deriveProposals } from '../../src/invoicing/credit-notes/derive-proposals.ts';
import { type Decision, decideInvoice } from '../../src/invoicing/decide-invoice.ts';
import type { BillablePlan } from '../../src/invoicing/lines/billing-input.ts';
import { buildInvoice } from '../../src/invoicing/lines/build-invoice.ts';
import { buildLateLines } from '../../src/invoicing/lines/late-lines.ts';
import { pricesOf } from '../../src/invoicing/lines/price-days.ts';
import type { Terms } from '../../src/invoicing/settle-invoice.ts';
import type { Account } from '../../src/invoicing/store.ts';
import { discountOf } from '../pricing/discounts/discounts.ts';
import { cases, render } from '../pricing/plans/cases.ts';
import { buyerIn, DAY, DE_SELLER, IN_SELLER, rateOf as taxRateOf } from '../pricing/tax/parties.ts';
import { ORGANISATION, plan, rateOf, usage } from './billing.ts';
import { Books, type Customer } from './books-in-memory.ts';

const MONTHS = [1, 2, 3, 4, 5, 6];
const METRICS = ['a', 'b', 'unpriced'] as const;
const dayOf = (month: number, day: number): string =>
  `2026-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;

/** A day's usage. `delay`: by how many months it is late; `afterDraft`: whether that month's draft already exists. */
const entry = fc
  .record({
    month: fc.constantFrom(1, 1, 2, 2, 3, 4, 5),
    dayOfMonth: fc.integer({ min: 1, max: 28 }),
    project_id: fc.constantFrom('p1', 'p2'),
    metric_name: fc.constantFrom(...METRICS),
    thousandths: fc.integer({ min: -15_000, max: 40_000 }),
    delay: fc.constantFrom(0, 0, 0, 1, 1, 2, 3),
    afterDraft: fc.boolean(),
    event_count: fc.integer({ min: 1, max: 9 }),
  })
  // Most late usage is negative.
  .map((each) =>
    each.delay > 0 && each.thousandths % 3 !== 0
      ? { ...each, thousandths: -Math.abs(each.thousandths) }
      : each,
  );

const tiers = [
  { up_to: '10', price_per_unit: '2', flat_fee: '3' },
  { up_to: null, price_per_unit: '1.005' },
];
const MODELS: readonly Partial<BillablePlan>[] = [
  { charge_model: 'per_unit', price_per_unit: '2.005' },
  { charge_model: 'graduated', tiers },
  { charge_model: 'volume', tiers },
  { charge_model: 'package', package_size: '7', package_price: '5.555' },
  { charge_model: 'percentage', rate: '120.5', fixed_amount: '0.335' },
];
const plansOf = (model: Partial<BillablePlan>, day: number): BillablePlan[] => [
  plan({ metric_name: 'a', ...model }),
  plan({
    metric_name: 'a',
    price_per_unit: '3',
    organisation_id: ORGANISATION,
    effective_from: dayOf(2, day),
    effective_to: '2026-04-10',
  }),
  plan({ metric_name: 'b', price_per_unit: '0.333', effective_to: dayOf(3, day) }),
  plan({ metric_name: 'b', price_per_unit: '0.777', effective_from: dayOf(3, day), tax_category: 'reduced' }),
  plan({
    metric_name: 'fee',
    charge_model: 'flat',
    amount: '1.5',
    organisation_id: ORGANISATION,
    effective_from: '2026-03-01',
  }),
];

const SITUATIONS = [
  { regime: 'none', seller: DE_SELLER, buyer: buyerIn('DE') },
  { regime: 'eu', seller: DE_SELLER, buyer: buyerIn('DE') },
  { regime: 'in', seller: IN_SELLER, buyer: buyerIn('IN', { place_of_supply: '29' }) },
] as const;

const accountOf = ({ regime, seller, buyer }: (typeof SITUATIONS)[number]): Account => ({
  organisation_id: ORGANISATION,
  organisation_timezone: 'UTC',
  payment_terms_days: 14,
  grace_hours: 48,
  block_unpriced: false,
  shard: 0,
  billing_entity_id: '',
  buyer: {
    ...buyer,
    name: 'Buyer',
    billing_email: 'buyer@example.com',
    legal_name: 'Buyer',
    language: 'en',
    tax_regime: regime,
    exchange_rate_max_age_days: null,
  },
  seller: {
    ...seller,
    id: '',
    legal_name: 'Seller',
    email: null,
    hsn_sac: '998315',
    payment_instructions: null,
    logo_sha256: null,
    logo_media_type: null,
    series: 'INV',
    credit_note_series: 'CN',
    number_format: '{series}-{seq}',
    financial_year_start_month: 4,
    timezone: 'UTC',
  },
});

const customer: fc.Arbitrary<Customer> = fc
  .record({
    model: fc.constantFrom(...MODELS),
    day: fc.integer({ min: 1, max: 28 }),
    situation: fc.constantFrom(...SITUATIONS),
    currency: fc.constantFrom('USD', 'USD', 'EUR', 'JPY'),
    percentage: fc.constantFrom(null, '10', '33.3333'),
    amount: fc.option(fc.bigInt({ min: 1n, max: 2_000n }), { nil: null }),
    rates: fc.array(fc.bigInt({ min: 1n, max: 3_000n }), { minLength: 6, maxLength: 6 }),
  })
  .map(({ model, day, situation, currency, percentage, amount, rates }) => {
    const terms: Terms = {
      discounts: [
        ...(percentage === null ? [] : [discountOf(1, { percentage })]),
        ...(amount === null ? [] : [discountOf(2, { metric_name: 'a', amount: String(amount), currency })]),
      ],
      tax: {
        ...situation,
        currency,
        day: DAY,
        rates: ['DE', 'IN'].flatMap((country) => [
          taxRateOf(country, '19'),
          taxRateOf(country, '7', { category: 'reduced' }),
        ]),
      },
    };
    const inForce = rates.map((units, index) => [index + 1, rateOf('USD', render(units, 3))] as const);
    return {
      account: accountOf(situation),
      currency,
      plans: plansOf(model, day),
      terms,
      rates: new Map(currency === 'USD' ? [] : inForce),
    };
  });

/** What happens to proposals and invoices after a month was issued. */
const aftermath = fc.record({
  close: fc.constantFrom('issued', 'dismissed', null, null),
  every: fc.integer({ min: 1, max: 3 }),
  credited: fc.option(fc.tuple(fc.constantFrom(1, 1, 2, 3), fc.bigInt({ min: 1n, max: 100n })), {
    nil: null,
    freq: 1,
  }),
});

const decide = (books: Books, month: number): Decision => decideInvoice(books.load(month));
const claimsOf = (claims: ReadonlyMap<string, number>): [string, number][] =>
  [...claims].sort(([a], [b]) => (a < b ? -1 : 1));
const said = ({ content, legal_notes, carried }: Decision) => ({ content, legal_notes, carried });

/** The draft stores the preview's content, and nothing is left to propose. */
function draft(books: Books, month: number): void {
  const preview = decide(books, month);
  count(preview, books.load(month).billing.adjustments.length);
  const claims = books.saveDraft(month, preview);
  const again = decide(books, month);
  expect(again.proposals).toEqual([]);
  expect(said(again)).toEqual(said(preview));
  expect(claimsOf(again.claims)).toEqual(claimsOf(claims));
}

/** Like the invoicing job before it drafts. */
function proposeFirst(books: Books, month: number): void {
  const { billing, creditable } = books.load(month);
  const { decreases } = buildLateLines(billing, pricesOf(billing));
  const before = decide(books, month);
  books.saveProposals(deriveProposals(decreases, creditable, billing.invoiced), null);
  const after = decide(books, month);
  expect(after.proposals).toEqual([]);
  expect(said(after)).toEqual(said(before));
}

const seen = { proposals: 0, extended: 0, carried: 0, converted: 0, late: 0, partly: 0 };

test('over random lives a preview, the draft and the issued invoice are one, to the last line, claim and proposal', () => {
  fc.assert(
    fc.property(
      fc.array(entry, { minLength: 8, maxLength: 30, size: 'large' }),
      customer,
      fc.array(aftermath, { minLength: 6, maxLength: 6 }),
      fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
      (entries, who, after, proposesFirst) => {
        const books = new Books(who);
        const arrive = (month: number, isAfterDraft: boolean): void => {
          for (const { dayOfMonth, thousandths, delay, afterDraft, month: own, ...row } of entries) {
            if (own + delay !== month || (delay > 0 && afterDraft) !== isAfterDraft) continue;
            const day = dayOf(own, dayOfMonth);
            const quantity = formatDecimal({ units: BigInt(thousandths), scale: 3 });
            if (delay > 0) books.addLate(own, { ...row, day, quantity: decimal(quantity) });
            else books.usage.set(own, [...(books.usage.get(own) ?? []), usage(day, quantity, row)]);
          }
        };
        for (const month of MONTHS) {
          arrive(month, false);
          if (proposesFirst[month - 1]) proposeFirst(books, month);
          const preview = decide(books, month);
          // What arrives later stays open until the next month.
          if (preview.refusals.draft) {
            expect(preview.content.line_items).toEqual([]);
            arrive(month, true);
            continue;
          }
          draft(books, month);
          arrive(month, true);
          draft(books, month);
          const issued = decide(books, month);
          expect(issued.proposals).toEqual([]);
          books.issue(month, issued);
          const { close, every, credited } = after[month - 1] ?? { close: null, every: 1, credited: null };
          if (close !== null) books.closeProposals(close, every);
          if (credited !== null) books.creditByHand(...credited);
        }
        for (const { id, content } of books.invoices.filter(({ isIssued }) => isIssued)) {
          expect(isNegative(books.roomOf(id)), id).toBe(false);
          for (const { line_number, total } of content.line_items) {
            const { total: credited } = books.creditsOf(id, line_number);
            if (!isZero(credited)) expect(compare(credited, decimal(total)), id).toBeLessThanOrEqual(0);
          }
        }
        const refused = MONTHS.filter((month) => !books.invoices.some((invoice) => invoice.month === month));
        const booked = entries
          .filter(({ month, delay }) =>
            delay > 0 ? month + delay <= MONTHS.length : !refused.includes(month),
          )
          .map(({ thousandths }) => ({ units: BigInt(thousandths), scale: 3 }));
        expect(formatDecimal(books.accounted())).toBe(formatDecimal(sum(booked)));
      },
    ),
    cases(300),
  );
  // The generated cases were varied enough to be conclusive.
  for (const [what, times] of Object.entries(seen)) expect(times, what).toBeGreaterThan(30);
});

function count({ proposals, content: { line_items } }: Decision, open: number): void {
  if (proposals.length > 0) seen.proposals += 1;
  if (proposals.some(({ invoice }) => invoice.proposal !== null)) seen.extended += 1;
  if (proposals.some(({ carried }) => carried.length > 0)) seen.carried += 1;
  if (proposals.length > 0 && line_items.some((line) => line.original_amount !== null)) seen.converted += 1;
  if (line_items.some(({ kind }) => kind === 'late')) seen.late += 1;
  if (proposals.length > 0 && open > proposals.length) seen.partly += 1;
}

test('the decision leaves what was loaded as it was', () => {
  const freeze = <T>(value: T): T => {
    if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
      Object.freeze(value);
      Object.values(value).forEach(freeze);
    }
    return value;
  };
  const [who] = fc.sample(customer, cases(1));
  if (!who) throw new Error('a customer');
  const books = new Books(who);
  books.usage.set(1, [usage(dayOf(1, 5), '5', { metric_name: 'b' })]);
  books.saveDraft(1, decide(books, 1));
  books.issue(1, decide(books, 1));
  books.addLate(1, {
    metric_name: 'b',
    project_id: 'p1',
    day: dayOf(1, 6),
    quantity: decimal('-8'),
    event_count: 1,
  });
  books.usage.set(2, [usage(dayOf(2, 5), '10', { metric_name: 'b' })]);
  const loaded = freeze(books.load(2));
  const decision = decideInvoice(loaded);
  expect(decision.content.line_items.map(({ kind, quantity }) => `${kind} ${quantity}`)).toEqual([
    'usage 10',
    'carried -3',
  ]);
  expect(decideInvoice(loaded)).toEqual(decision);
  // Without its first step, the invoice would charge what the proposal is about to credit.
  expect(buildInvoice(loaded.billing).lines).toHaveLength(1);
});
