import { appendAudit } from '../access/audit/append-audit.ts';
import { createKey } from '../access/key.ts';
import { AppError, invalidRequest, parentNotFound } from '../core/error.ts';
import { uuidv7 } from '../core/id.ts';
import { formatInstant } from '../core/time.ts';
import type { Ctx } from '../db/ctx.ts';
import { publishOrganisations } from './publication/publish-directory.ts';
import { type ApiKey, insertApiKey, touchPublication } from './store.ts';
import { withOwner } from './tenant-scope.ts';

export interface CreateApiKeyInput {
  readonly project_id: string;
  readonly name: string;
  /** Epoch milliseconds. */
  readonly expires_at?: number | undefined;
}

/**
 * Only this answer contains the key itself. Throws `not_found` for an unknown project, `invalid_request` for
 * a past expiry.
 */
export async function createApiKey(ctx: Ctx, input: CreateApiKeyInput): Promise<ApiKey & { key: string }> {
  if (input.expires_at !== undefined && input.expires_at <= ctx.now) {
    const detail = 'expires_at must be in the future.';
    throw invalidRequest([{ pointer: '/expires_at', code: 'in_the_past', detail }]);
  }
  const { key, key_hash, prefix } = createKey('live');
  const row = await withOwner(ctx, 'projects', input.project_id, async (tx, organisation_id) => {
    const id = uuidv7(ctx.now);
    const { project_id, name } = input;
    const expires_at = input.expires_at === undefined ? null : formatInstant(input.expires_at);
    const inserted = await insertApiKey(tx, {
      organisation_id,
      id,
      project_id,
      key_hash,
      prefix,
      name,
      expires_at,
    });
    await touchPublication(tx, organisation_id);
    await appendAudit(tx, ctx, {
      organisation_id,
      entity_type: 'api_key',
      entity_id: id,
      action: 'api_key.create',
      changes: { project_id, name, prefix, expires_at },
    });
    return inserted;
  }).catch((error) => {
    if (!(error instanceof AppError && error.code === 'not_found')) throw error;
    throw parentNotFound('/project_id', 'project');
  });
  await publishOrganisations(ctx, [row.organisation_id]);
  return { ...row, key };
}
