import { appendAudit, PLATFORM_CHAIN } from '../access/audit/append-audit.ts';
import { invalidRequest, notFound } from '../core/error.ts';
import { isUuid } from '../core/id.ts';
import type { Ctx } from '../db/ctx.ts';
import { PLATFORM } from '../db/ledger.ts';
import { type BillingEntityFields, findBillingEntityFaults } from './billing-entity.ts';
import { logoKey, parseLogo } from './logo.ts';
import {
  type BillingEntity,
  clearDefaultBillingEntity,
  findBillingEntityLocked,
  setBillingEntity,
} from './store.ts';

export interface UpdateBillingEntityInput extends BillingEntityFields {
  readonly id: string;
}

/**
 * Issued documents keep their content; later documents use the new data. `assertUnchanged` receives the
 * seller as read under the lock, and throws if the caller had seen a different state. Throws `not_found`,
 * `invalid_request` with every fault.
 */
export async function updateBillingEntity(
  ctx: Ctx,
  { id, logo: logoText, ...input }: UpdateBillingEntityInput,
  assertUnchanged: (current: BillingEntity) => void = () => undefined,
): Promise<BillingEntity> {
  if (!isUuid(id)) throw notFound('billing entity');
  const logo = typeof logoText === 'string' ? await parseLogo(logoText) : null;
  const changes = {
    ...Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)),
    ...(logoText === undefined
      ? {}
      : { logo_sha256: logo?.sha256 ?? null, logo_media_type: logo?.media_type ?? null }),
  };
  return await ctx.ledger.transaction(PLATFORM, async (tx) => {
    const before = await findBillingEntityLocked(tx, id);
    if (!before) throw notFound('billing entity');
    assertUnchanged(before);
    const faults = findBillingEntityFaults({ ...before, ...changes });
    if (before.is_default && input.is_default === false) {
      const detail = 'There must always be a default. Make another billing entity the default instead.';
      faults.push({ pointer: '/is_default', code: 'not_allowed', detail });
    }
    if (faults.length > 0) throw invalidRequest(faults);
    if (input.is_default === true) await clearDefaultBillingEntity(tx);
    const updated = await setBillingEntity(tx, id, changes);
    await appendAudit(tx, ctx, {
      organisation_id: PLATFORM_CHAIN,
      entity_type: 'billing_entity',
      entity_id: id,
      action: 'billing_entity.update',
      changes,
    });
    if (logo) await ctx.files.putIfAbsent(logoKey(logo.sha256), logo);
    return updated;
  });
}
