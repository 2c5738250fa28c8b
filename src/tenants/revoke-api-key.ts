import { appendAudit } from '../access/audit/append-audit.ts';
import { notFound } from '../core/error.ts';
import { formatInstant } from '../core/time.ts';
import type { Ctx } from '../db/ctx.ts';
import { publishOrganisations } from './publication/publish-directory.ts';
import { type ApiKey, findApiKey, revokeApiKeyRow, touchPublication } from './store.ts';
import { withOwner } from './tenant-scope.ts';

/** Revoking a revoked key changes nothing and returns it again. Throws `not_found`. */
export async function revokeApiKey(ctx: Ctx, { id }: { readonly id: string }): Promise<ApiKey> {
  const key = await withOwner(ctx, 'api_keys', id, async (tx, organisation_id) => {
    const before = await findApiKey(tx, id);
    if (!before) throw notFound('API key');
    if (!before.is_active) return before;
    const revoked = await revokeApiKeyRow(tx, id, formatInstant(ctx.now));
    await touchPublication(tx, organisation_id);
    await appendAudit(tx, ctx, {
      organisation_id,
      entity_type: 'api_key',
      entity_id: id,
      action: 'api_key.revoke',
      changes: { is_active: false },
    });
    return revoked;
  });
  await publishOrganisations(ctx, [key.organisation_id]);
  return key;
}
