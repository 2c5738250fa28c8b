import { appendAudit, PLATFORM_CHAIN } from '../access/audit/append-audit.ts';
import { invalidRequest } from '../core/error.ts';
import { uuidv7 } from '../core/id.ts';
import type { Ctx } from '../db/ctx.ts';
import { PLATFORM } from '../db/ledger.ts';
import { type BillingEntityFields, findBillingEntityFaults, NUMBERING_DEFAULT } from './billing-entity.ts';
import { logoKey, parseLogo } from './logo.ts';
import {
  type BillingEntity,
  clearDefaultBillingEntity,
  insertBillingEntity,
  lockDefaultBillingEntity,
} from './store.ts';

export interface CreateBillingEntityInput extends BillingEntityFields {
  readonly legal_name: string;
}

/**
 * Requires only a name; finalization requires the other data that invoices need. A new default seller
 * replaces the previous default. Throws `invalid_request` with every fault.
 */
export async function createBillingEntity(
  ctx: Ctx,
  { logo: logoText, ...input }: CreateBillingEntityInput,
): Promise<BillingEntity> {
  const given = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
  const { legal_name } = input;
  const fields = { ...NUMBERING_DEFAULT, address: null, tax_ids: [], ...given, legal_name };
  const faults = findBillingEntityFaults(fields);
  if (faults.length > 0) throw invalidRequest(faults);
  const logo = typeof logoText === 'string' ? await parseLogo(logoText) : null;
  const row = {
    ...fields,
    id: uuidv7(ctx.now),
    logo_sha256: logo?.sha256 ?? null,
    logo_media_type: logo?.media_type ?? null,
  };
  return await ctx.ledger.transaction(PLATFORM, async (tx) => {
    if (input.is_default === true) {
      await lockDefaultBillingEntity(tx);
      await clearDefaultBillingEntity(tx);
    }
    const created = await insertBillingEntity(tx, row);
    await appendAudit(tx, ctx, {
      organisation_id: PLATFORM_CHAIN,
      entity_type: 'billing_entity',
      entity_id: row.id,
      action: 'billing_entity.create',
      changes: row,
    });
    if (logo) await ctx.files.putIfAbsent(logoKey(logo.sha256), logo);
    return created;
  });
}
