import { expect, test } from 'vitest';
import { clock, clockOf } from '../../src/platform/bindings.ts';

const MOMENT = '2026-09-01T00:00:00Z';

test.each([
  ['on', MOMENT, Date.parse(MOMENT)],
  ['on', null, null],
  ['on', 'soon', null],
  ['off', MOMENT, null],
  ['', MOMENT, null],
  ['ON', MOMENT, null],
])('with TEST_CLOCK=%s and the header %s a request has its own clock: %s', (TEST_CLOCK, header, moment) => {
  const of = clockOf({ TEST_CLOCK }, new Headers(header === null ? {} : { 'x-test-clock': header }));
  if (moment === null) expect(of).toBe(clock);
  else expect(of()).toBe(moment);
});

test('a binding that a deploy lacks leaves the real clock', () => {
  const env = {} as { TEST_CLOCK: string };
  expect(clockOf(env, new Headers({ 'x-test-clock': MOMENT }))).toBe(clock);
});
