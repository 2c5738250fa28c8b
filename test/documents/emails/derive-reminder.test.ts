import { describe, expect, test } from 'vitest';
import { deriveReminder } from '../../../src/documents/emails/derive-reminder.ts';

const DUE = '2026-03-02';

describe('of an invoice due on 2 March, 3 days before and 7 after', () => {
  test.each([
    ['the day before the window', '2026-02-26', null],
    ['its first day, over the end of a month', '2026-02-27', 'reminder_before'],
    ['its last day', '2026-03-01', 'reminder_before'],
    ['the due date', '2026-03-02', null],
    ['the day before it counts as late', '2026-03-08', null],
    ['the seventh day after', '2026-03-09', 'reminder_after'],
    ['months later', '2026-09-01', 'reminder_after'],
  ])('%s', (_, today, expected) => {
    const rules = { reminder_days_before: 3, reminder_days_after: 7 };
    expect(deriveReminder({ due_date: DUE, today, ...rules })).toBe(expected);
  });
});

test.each([
  [
    'none before where it is null',
    '2026-03-01',
    { reminder_days_before: null, reminder_days_after: 7 },
    null,
  ],
  ['none after where it is null', '2026-09-01', { reminder_days_before: 3, reminder_days_after: null }, null],
  ['none before for zero days', '2026-03-01', { reminder_days_before: 0, reminder_days_after: 7 }, null],
  [
    'on the due date itself for zero days after',
    DUE,
    { reminder_days_before: 3, reminder_days_after: 0 },
    'reminder_after',
  ],
])('%s', (_, today, rules, expected) => {
  expect(deriveReminder({ due_date: DUE, today, ...rules })).toBe(expected);
});
