import { uuidv7 } from '../../core/id.ts';
import { dayOf, formatInstant } from '../../core/time.ts';
import type { Ctx } from '../../db/ctx.ts';
import { PLATFORM, tenant } from '../../db/ledger.ts';
import { insertOutbox } from '../../outbox/store.ts';
import { deriveReminder, type ReminderKind } from './derive-reminder.ts';
import { listUnpaidInvoices, type UnpaidInvoice } from './reminder-store.ts';
import type { EmailPayload } from './send-email.ts';

export interface RemindInvoicesInput {
  /** The instant that determines the day in each organisation's time zone. */
  readonly as_of: number;
  readonly hasTime: () => boolean;
}

export interface RemindInvoicesResult {
  readonly status: 'succeeded' | 'partial';
  readonly reminder_before: number;
  readonly reminder_after: number;
}

const PAGE_ROWS = 500;

/**
 * Requests reminders for unpaid invoices, each kind once per invoice, however often it runs. Whether a reminder is
 * still due is checked again when it is sent.
 */
export async function remindInvoices(
  ctx: Ctx,
  { as_of, hasTime }: RemindInvoicesInput,
): Promise<RemindInvoicesResult> {
  const counts = { reminder_before: 0, reminder_after: 0 };
  const day = dayOf(as_of, 'UTC');
  for (let after: string | null = null; ; ) {
    const last: string | null = after;
    const invoices: UnpaidInvoice[] = await ctx.ledger.transaction(PLATFORM, (tx) =>
      listUnpaidInvoices(tx, { day, after: last, limit: PAGE_ROWS }),
    );
    for (const invoice of invoices) {
      const kind = deriveReminder({ ...invoice, today: dayOf(as_of, invoice.timezone) });
      if (kind === null) continue;
      if (!hasTime()) return { status: 'partial', ...counts };
      if (await askForReminder(ctx, invoice, kind, as_of)) counts[kind] += 1;
    }
    after = invoices.at(-1)?.id ?? null;
    if (after === null || invoices.length < PAGE_ROWS) return { status: 'succeeded', ...counts };
  }
}

async function askForReminder(
  ctx: Ctx,
  { organisation_id, id, document_id, billing_email }: UnpaidInvoice,
  kind: ReminderKind,
  asOf: number,
): Promise<boolean> {
  const payload: EmailPayload = {
    kind,
    document_id,
    invoice_id: id,
    credit_note_id: null,
    recipient: billing_email,
  };
  return await ctx.ledger.transaction(tenant(organisation_id), (tx) =>
    insertOutbox(tx, {
      organisation_id,
      id: uuidv7(ctx.now),
      topic: 'email.send',
      payload: { ...payload },
      dedupe_key: `${kind}:${id}`,
      created_at: formatInstant(asOf),
    }),
  );
}
