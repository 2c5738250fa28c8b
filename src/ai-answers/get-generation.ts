import { notFound } from '../core/error.ts';
import { isUuid } from '../core/id.ts';
import type { Ctx } from '../db/ctx.ts';
import type { LedgerTransaction } from '../db/ledger.ts';
import { reachOf } from '../tenants/tenant-scope.ts';
import {
  findGeneration,
  type ListedGeneration,
  type Payloads,
  readStoredPayloads,
} from './generation-list-store.ts';

/** What was sent and answered in one call, from wherever it is kept. */
const readPayloads = (tx: LedgerTransaction, call: ListedGeneration): Promise<Payloads> =>
  readStoredPayloads(tx, call);

/** One call with its payloads. Codes: `not_found`. */
export async function getGeneration(
  ctx: Ctx,
  input: { readonly id: string; readonly organisation_id?: string | undefined },
): Promise<ListedGeneration & Payloads> {
  const { id, organisation_id } = input;
  if (!isUuid(id)) throw notFound('generation');
  return await ctx.ledger.transaction(reachOf(organisation_id), async (tx) => {
    const call = await findGeneration(tx, { id, organisation_id });
    if (!call) throw notFound('generation');
    return { ...call, ...(await readPayloads(tx, call)) };
  });
}
