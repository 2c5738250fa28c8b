import { appendAudit } from '../access/audit/append-audit.ts';
import { invalidRequest } from '../core/error.ts';
import { uuidv7 } from '../core/id.ts';
import type { Ctx } from '../db/ctx.ts';
import { PLATFORM, tenant } from '../db/ledger.ts';
import {
  type BuyerFields,
  findPayloadFaults,
  findTaxDataFaults,
  unknownBillingEntity,
} from './organisation-rules.ts';
import { publishOrganisations } from './publication/publish-directory.ts';
import {
  countOrganisationsByShard,
  findBillingEntityId,
  insertOrganisation,
  type Organisation,
  upsertCalendarEntry,
} from './store.ts';

export interface CreateOrganisationInput extends BuyerFields {
  readonly name: string;
  readonly billing_email: string;
  readonly currency: string;
  readonly timezone?: string | undefined;
  readonly grace_hours?: number | undefined;
  readonly payment_terms_days?: number | undefined;
  readonly billing_entity_id?: string | undefined;
  readonly block_unpriced?: boolean | undefined;
  readonly store_ai_payloads?: boolean | undefined;
  readonly ai_ceiling_price_per_million?: string | null | undefined;
  readonly ai_payload_archive_days?: number | null | undefined;
  readonly ai_payload_delete_days?: number | null | undefined;
}

/**
 * Throws `invalid_request` with every fault of its tax data and of its payload retention days, or for an
 * unknown billing entity.
 */
export async function createOrganisation(ctx: Ctx, input: CreateOrganisationInput): Promise<Organisation> {
  const { billing_entity_id: seller, ...own } = input;
  const given = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
  const { tax_regime = 'none', address = null, tax_id = null, place_of_supply = null } = input;
  const faults = [
    ...findTaxDataFaults({ tax_regime, address, tax_id, place_of_supply }),
    ...findPayloadFaults(input),
  ];
  if (faults.length > 0) throw invalidRequest(faults);
  const organisation = await ctx.ledger.transaction(PLATFORM, async (tx) => {
    const billing_entity_id = await findBillingEntityId(tx, seller);
    if (billing_entity_id === null) throw unknownBillingEntity();
    const shard = chooseShard([...ctx.shards.keys()], await countOrganisationsByShard(tx));
    const id = uuidv7(ctx.now);
    await tx.enter(tenant(id));
    const { name, billing_email, currency, timezone = 'UTC' } = input;
    const row = await insertOrganisation(tx, {
      ...given,
      id,
      name,
      billing_email,
      currency,
      timezone,
      billing_entity_id,
      shard,
    });
    // The first entry also applies to all earlier months: usage may be backdated.
    await upsertCalendarEntry(tx, {
      organisation_id: id,
      from_year: 2000,
      from_month: 1,
      timezone,
      currency,
    });
    await appendAudit(tx, ctx, {
      organisation_id: id,
      entity_type: 'organisation',
      entity_id: id,
      action: 'organisation.create',
      changes: { ...input, shard },
    });
    return row;
  });
  await publishOrganisations(ctx, [organisation.id]);
  return organisation;
}

/** The shard with the fewest organisations, the lowest number of equals. Chosen once, stored, never recomputed. */
export function chooseShard(shards: readonly number[], counts: ReadonlyMap<number, number>): number {
  const [first, ...rest] = [...shards].sort((a, b) => a - b);
  if (first === undefined) throw new Error('no shard is configured');
  return rest.reduce(
    (best, shard) => ((counts.get(shard) ?? 0) < (counts.get(best) ?? 0) ? shard : best),
    first,
  );
}
