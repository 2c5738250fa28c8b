import { appendAudit } from '../access/audit/append-audit.ts';
import { invalidRequest, notFound } from '../core/error.ts';
import { isUuid } from '../core/id.ts';
import { compareMonths, monthOf, nextMonth } from '../core/time.ts';
import type { Ctx } from '../db/ctx.ts';
import { type LedgerTransaction, tenant } from '../db/ledger.ts';
import { derivePeriodAt } from './billing-period.ts';
import {
  type BuyerFields,
  findPayloadFaults,
  findTaxDataFaults,
  unknownBillingEntity,
} from './organisation-rules.ts';
import { insertPeriods, loadCalendars } from './period-store.ts';
import { publishOrganisations } from './publication/publish-directory.ts';
import {
  findBillingEntityId,
  findOrganisationLocked,
  type Organisation,
  updateOrganisationRow,
  upsertCalendarEntry,
} from './store.ts';

export interface UpdateOrganisationInput extends BuyerFields {
  readonly id: string;
  readonly name?: string | undefined;
  readonly billing_email?: string | undefined;
  readonly currency?: string | undefined;
  readonly timezone?: string | undefined;
  readonly grace_hours?: number | undefined;
  readonly payment_terms_days?: number | undefined;
  readonly billing_entity_id?: string | undefined;
  readonly block_unpriced?: boolean | undefined;
  readonly store_ai_payloads?: boolean | undefined;
  readonly ai_ceiling_price_per_million?: string | null | undefined;
  readonly ai_payload_archive_days?: number | null | undefined;
  readonly ai_payload_delete_days?: number | null | undefined;
  readonly is_active?: boolean | undefined;
}

/**
 * A new zone or currency applies from the next period that does not exist yet; everything else from the next
 * invoice on. `assertUnchanged` receives the organisation as read under the lock, and throws if the caller
 * had seen a different state. Throws `not_found`, and `invalid_request` with every fault of its tax data and
 * of its payload retention days, or for an unknown billing entity.
 */
export async function updateOrganisation(
  ctx: Ctx,
  input: UpdateOrganisationInput,
  assertUnchanged: (current: Organisation) => void = () => undefined,
): Promise<Organisation> {
  const { id, ...rest } = input;
  if (!isUuid(id)) throw notFound('organisation');
  // The fields that the edge needs.
  const isPublished = rest.is_active !== undefined || rest.store_ai_payloads !== undefined;
  const changes = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  const updated = await ctx.ledger.transaction(tenant(id), async (tx) => {
    const before = await findOrganisationLocked(tx, id);
    if (!before) throw notFound('organisation');
    assertUnchanged(before);
    const after = { ...before, ...changes };
    const faults = [...findTaxDataFaults(after), ...findPayloadFaults(after)];
    if (faults.length > 0) throw invalidRequest(faults);
    if (rest.billing_entity_id !== undefined && !(await findBillingEntityId(tx, rest.billing_entity_id))) {
      throw unknownBillingEntity();
    }
    if (rest.timezone !== undefined || rest.currency !== undefined) {
      await scheduleCalendar(tx, ctx.now, before, rest);
    }
    const row = await updateOrganisationRow(tx, id, changes, isPublished);
    await appendAudit(tx, ctx, {
      organisation_id: id,
      entity_type: 'organisation',
      entity_id: id,
      action: 'organisation.update',
      changes,
    });
    return row;
  });
  if (isPublished) await publishOrganisations(ctx, [id]);
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
  // The running period is created now, with the values in force so far; the first month without a period gets
  // the new ones.
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
