import { appendAudit } from '../audit/append-audit.ts';
import { notFound } from '../core/error.ts';
import { isUuid } from '../core/id.ts';
import { compareMonths, monthOf, nextMonth } from '../core/time.ts';
import type { Ctx } from '../db/ctx.ts';
import { type LedgerTransaction, tenant } from '../db/ledger.ts';
import { derivePeriodAt } from '../rollup/billing-period.ts';
import { insertPeriods, loadCalendars } from '../rollup/period-store.ts';
import { publishOrganisations } from './publish-directory.ts';
import {
  findOrganisationLocked,
  type Organisation,
  updateOrganisation,
  upsertCalendarEntry,
} from './store.ts';

export interface UpdateOrganisationInput {
  readonly id: string;
  readonly name?: string | undefined;
  readonly billing_email?: string | undefined;
  readonly currency?: string | undefined;
  readonly timezone?: string | undefined;
  readonly grace_hours?: number | undefined;
  readonly payment_terms_days?: number | undefined;
  readonly block_unpriced?: boolean | undefined;
  readonly is_active?: boolean | undefined;
}

/** A new zone or currency applies from the next period that does not exist yet. Throws `not_found`. */
export async function changeOrganisation(ctx: Ctx, input: UpdateOrganisationInput): Promise<Organisation> {
  const { id, ...rest } = input;
  if (!isUuid(id)) throw notFound('organisation');
  const changes = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  const updated = await ctx.ledger.transaction(tenant(id), async (tx) => {
    const before = await findOrganisationLocked(tx, id);
    if (!before) throw notFound('organisation');
    if (rest.timezone !== undefined || rest.currency !== undefined) {
      await scheduleCalendar(tx, ctx.now, before, rest);
    }
    const row = await updateOrganisation(tx, id, changes, rest.is_active !== undefined);
    await appendAudit(tx, ctx, {
      organisation_id: id,
      entity_type: 'organisation',
      entity_id: id,
      action: 'organisation.update',
      changes,
    });
    return row;
  });
  if (rest.is_active !== undefined) await publishOrganisations(ctx, [id]);
  return updated;
}

async function scheduleCalendar(
  tx: LedgerTransaction,
  now: number,
  before: Organisation,
  {
    timezone = before.timezone,
    currency = before.currency,
  }: { timezone?: string | undefined; currency?: string | undefined },
): Promise<void> {
  const [calendar] = await loadCalendars(tx, [before.id]);
  if (!calendar) throw new Error('every organisation has a calendar');
  // The running period is made now, with what has ruled so far; the first month without a period gets the new.
  const current = derivePeriodAt(calendar, now);
  await insertPeriods(tx, [current]);
  const last = [...calendar.periods, current].reduce((a, b) => (compareMonths(a, b) >= 0 ? a : b));
  const from = nextMonth(compareMonths(last, monthOf(now, before.timezone)) >= 0 ? last : current);
  await upsertCalendarEntry(tx, {
    organisation_id: before.id,
    from_year: from.year,
    from_month: from.month,
    timezone,
    currency,
  });
}
