import { readWithin } from '../../access/reach.ts';
import { notFound } from '../../core/error.ts';
import { isUuid } from '../../core/id.ts';
import type { Ctx } from '../../db/ctx.ts';
import { readArchivedPayload } from '../../operations/retention/read-archived-payload.ts';
import {
  findGeneration,
  type ListedGeneration,
  type Payloads,
  readStoredPayloads,
} from './generation-list-store.ts';

/**
 * One call with its payloads, from the ledger or from the file they were moved to. Codes: `not_found`,
 * `unavailable` if the file cannot be read.
 */
export async function getGeneration(
  ctx: Ctx,
  input: { readonly id: string; readonly organisation_id?: string | undefined },
): Promise<ListedGeneration & Payloads> {
  const { id } = input;
  if (!isUuid(id)) throw notFound('generation');
  const call = await readWithin(ctx, input, async (tx, { organisation_id }) => {
    const found = await findGeneration(tx, { id, organisation_id });
    if (!found) throw notFound('generation');
    return { ...found, ...(await readStoredPayloads(tx, found)) };
  });
  const { archive_id } = call;
  if (archive_id === null) return call;
  const archived = await readArchivedPayload(ctx, { organisation_id: call.organisation_id, archive_id, id });
  return { ...call, ...archived };
}
