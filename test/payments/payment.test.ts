import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  compare,
  type Decimal,
  decimal,
  formatFixed,
  isZero,
  minimum,
  subtract,
  sum,
} from '../../src/core/decimal.ts';
import {
  applyPayment,
  type CreatePaymentInput,
  findPaymentFaults,
  isSamePayment,
  type Payment,
} from '../../src/payments/payment.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const MINUTE = 60_000;

const inputOf = (fields: Partial<CreatePaymentInput> = {}): CreatePaymentInput => ({
  invoice_id: '01900000-0000-7000-8000-00000000000a',
  method: 'offline',
  amount: '10.00',
  currency: 'USD',
  idempotency_key: null,
  ...fields,
});

describe('an amount', () => {
  test.each<[string, string, string | null]>([
    ['', 'USD', 'invalid_decimal'],
    ['1e3', 'USD', 'invalid_decimal'],
    ['1.', 'USD', 'invalid_decimal'],
    ['1.001', 'USD', 'too_precise'],
    ['1.000', 'USD', 'too_precise'],
    ['1.0', 'JPY', 'too_precise'],
    ['0.0001', 'KWD', 'too_precise'],
    ['1'.repeat(27), 'USD', 'too_large'],
    ['0', 'USD', 'not_positive'],
    ['0.00', 'USD', 'not_positive'],
    ['-0.01', 'USD', 'not_positive'],
    ['0.01', 'USD', null],
    ['1', 'USD', null],
    ['1'.repeat(26), 'USD', null],
    ['1', 'JPY', null],
    ['0.001', 'KWD', null],
    ['1.0001', 'CLF', null],
  ])('of %s %s: %s', (amount, currency, code) => {
    const faults = findPaymentFaults(inputOf({ amount, currency }), NOW);
    expect(faults.map((fault) => [fault.pointer, fault.code])).toEqual(
      code === null ? [] : [['/amount', code]],
    );
  });

  test('as long as a body may be is refused without being computed', () => {
    const amount = '9'.repeat(1_000_000);
    expect(findPaymentFaults(inputOf({ amount }), NOW)).toMatchObject([{ code: 'too_large' }]);
  });
});

test.each<[string, number | undefined, boolean]>([
  ['now where absent', undefined, true],
  ['long ago', Date.parse('1999-01-01T00:00:00Z'), true],
  ['five minutes ahead', NOW + 5 * MINUTE, true],
  ['a millisecond more', NOW + 5 * MINUTE + 1, false],
])('a moment of payment %s', (_, paid_at, good) => {
  expect(findPaymentFaults(inputOf({ paid_at }), NOW).map(({ pointer }) => pointer)).toEqual(
    good ? [] : ['/paid_at'],
  );
});

describe('a payment is applied up to what is due', () => {
  test.each<[string, string, string, [string, string, boolean]]>([
    ['the first of two', '10.00', '100.00', ['10.00', '0.00', false]],
    ['a minor unit short', '99.99', '100.00', ['99.99', '0.00', false]],
    ['exactly', '100.00', '100.00', ['100.00', '0.00', true]],
    ['a minor unit over', '100.01', '100.00', ['100.00', '0.01', true]],
    ['of what is settled', '5.00', '0.00', ['0.00', '5.00', true]],
  ])('%s: %s of %s', (_, amount, due, expected) => {
    const application = applyPayment(decimal(amount), decimal(due));
    expect([
      formatFixed(application.applied, 2),
      formatFixed(application.unapplied, 2),
      application.settles,
    ]).toEqual(expected);
  });

  test('any split settles exactly once, when its sum reaches what is due, and no unit is lost', () => {
    const minor = (max: bigint) => fc.bigInt({ min: 1n, max }).map((units): Decimal => ({ units, scale: 2 }));
    fc.assert(
      fc.property(minor(10_000n), fc.array(minor(3_000n), { maxLength: 12 }), (due, amounts) => {
        let left = due;
        let settlements = 0;
        const parts: Decimal[] = [];
        const rest: Decimal[] = [];
        for (const amount of amounts) {
          const one = applyPayment(amount, left);
          if (one.settles && !isZero(left)) settlements += 1;
          left = subtract(left, one.applied);
          parts.push(one.applied);
          rest.push(one.unapplied);
        }
        const received = sum(amounts);
        expect(compare(sum(parts), minimum(received, due))).toBe(0);
        expect(compare(sum([...parts, ...rest]), received)).toBe(0);
        expect(settlements).toBe(compare(received, due) >= 0 ? 1 : 0);
      }),
      { seed: 20_261_121, numRuns: 1000 },
    );
  });
});

describe('a retry is known by what it asks for', () => {
  const payment = {
    invoice_id: inputOf().invoice_id,
    payment_method: 'offline',
    amount: '10.00',
    currency: 'USD',
    reference: null,
    paid_at: '2026-11-21T12:00:00.000Z',
  } as Payment;

  test.each<[string, Partial<CreatePaymentInput>, boolean]>([
    ['the same', {}, true],
    ['its amount written otherwise', { amount: '10' }, true],
    ['its moment named', { paid_at: NOW }, true],
    ['another amount', { amount: '10.01' }, false],
    ['another currency', { currency: 'EUR' }, false],
    ['another invoice', { invoice_id: '01900000-0000-7000-8000-00000000000b' }, false],
    ['another reference', { reference: 'x' }, false],
    ['another moment', { paid_at: NOW - 1 }, false],
  ])('%s', (_, fields, same) => {
    expect(isSamePayment(payment, inputOf(fields))).toBe(same);
  });
});
