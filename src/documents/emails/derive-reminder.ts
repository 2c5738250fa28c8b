import { addDays } from '../../core/time.ts';

export interface ReminderCase {
  /** `YYYY-MM-DD`, like `today`; both in the organisation's time zone. */
  readonly due_date: string;
  readonly today: string;
  /** Null: no reminder. */
  readonly reminder_days_before: number | null;
  readonly reminder_days_after: number | null;
}

export type ReminderKind = 'reminder_before' | 'reminder_after';

/**
 * The reminder to send for an unpaid invoice today. Due on the 20th with 3 days before and 7 after: the first on
 * the 17th to 19th, none on the 20th to 26th, the second from the 27th on.
 */
export function deriveReminder(invoice: ReminderCase): ReminderKind | null {
  const { due_date, today, reminder_days_before, reminder_days_after } = invoice;
  if (reminder_days_after !== null && today >= addDays(due_date, reminder_days_after))
    return 'reminder_after';
  if (today >= due_date || reminder_days_before === null) return null;
  return today >= addDays(due_date, -reminder_days_before) ? 'reminder_before' : null;
}
