import { appendAudit } from '../../access/audit/append-audit.ts';
import { readWithin } from '../../access/reach.ts';
import { listBookPrices } from '../../ai/prices/book-store.ts';
import type { ModelName } from '../../ai/prices/model-price.ts';
import { bookKeyOf } from '../../ai/prices/price-book.ts';
import { priceProviderOf } from '../../ai/prices/price-provider.ts';
import { formatQuantity } from '../../core/decimal.ts';
import { invalidRequest, parentNotFound } from '../../core/error.ts';
import { uuidv7 } from '../../core/id.ts';
import { formatInstant } from '../../core/time.ts';
import type { Ctx } from '../../db/ctx.ts';
import { type LedgerTransaction, PLATFORM, tenant } from '../../db/ledger.ts';
import { lockPeriods } from '../../tenants/period-store.ts';
import { rollupTransaction } from '../store.ts';
import {
  bookRepricing,
  type CountedCall,
  deriveRepricing,
  type ModelRepricing,
  type RepricedCall,
  type RepricingSums,
  sumRepricing,
} from './repricing.ts';
import {
  type CallPlace,
  insertCostAdjustments,
  listCountedCalls,
  listRepricedOrganisations,
  lockEventsCursor,
  type RepricedOrganisation,
  setCosts,
} from './repricing-store.ts';

export interface RepriceInput {
  /** [from, to) of the instants at which calls happened, in epoch milliseconds. */
  readonly from: number;
  readonly to: number;
  readonly organisation_id?: string | undefined;
  /** An exact match. */
  readonly model?: string | undefined;
  /** False only reports what the repricing would change. */
  readonly apply: boolean;
  /** Called before each part of the work. If it returns false, the rest is left undone. */
  readonly hasTime: () => boolean;
}

/** Costs are decimals in USD. `late` is the part of a difference that falls into closed periods. */
interface Sums {
  readonly calls: number;
  readonly changed: number;
  readonly newly_priced: number;
  readonly unpriced: number;
  readonly before: string;
  readonly after: string;
  readonly difference: string;
  readonly late: string;
}

export interface Repricing extends Sums {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly organisation_id: string | null;
  readonly model: string | null;
  readonly applied: boolean;
  /** False if time ran out; repeating the request continues the work. */
  readonly complete: boolean;
  readonly models: readonly (Sums & Pick<ModelRepricing, 'organisation_id' | 'provider' | 'model'>)[];
}

/** The maximum number of calls in one transaction. */
const PART_CALLS = 2_000;

/**
 * Reprices counted calls by the current price book: those whose sender reported no cost. A dry run reports the
 * costs before and after. If applied, each part of the work is one transaction with the calls' costs, the
 * difference and the audit row. The difference goes into the aggregates and statistics of the calls' own days or,
 * if the period is closed, into an adjustment that the next invoice (or a proposed credit note) includes. Issued
 * invoices stay unchanged (law 6). Repeating it changes nothing. Calls not yet drained are not included. Throws
 * `invalid_request` for an empty range, `not_found` for an unknown organisation.
 */
export async function repriceGenerations(ctx: Ctx, input: RepriceInput): Promise<Repricing> {
  const { from, to, apply } = input;
  const [organisation_id, model] = [input.organisation_id ?? null, input.model ?? null];
  if (to <= from)
    throw invalidRequest([{ pointer: '/to', code: 'invalid_order', detail: 'Must be after from.' }]);
  const organisations = await readWithin(ctx, input, (tx, narrowed) =>
    listRepricedOrganisations(tx, narrowed.organisation_id ?? null),
  );
  if (organisation_id !== null && organisations.length === 0)
    throw parentNotFound('/organisation_id', 'organisation');
  const id = uuidv7(ctx.now);
  const sums: RepricingSums = new Map();
  let complete = true;
  for (const organisation of organisations) {
    for (const project_id of organisation.projects) {
      complete &&= await repriceProject(ctx, input, id, { organisation, project_id }, sums);
    }
  }
  const range = { from: formatInstant(from), to: formatInstant(to), organisation_id, model };
  const models = [...sums.values()];
  return { id, ...range, applied: apply, complete, ...totalOf(models), models: models.map(describe) };
}

interface Of {
  readonly organisation: RepricedOrganisation;
  readonly project_id: string;
}

/** True if all of the project's calls were examined. */
async function repriceProject(
  ctx: Ctx,
  input: RepriceInput,
  repricingId: string,
  of: Of,
  sums: RepricingSums,
): Promise<boolean> {
  const { organisation } = of;
  for (let after: CallPlace | null = null; ; ) {
    if (!input.hasTime()) return false;
    const place: CallPlace | null = after;
    let part: Part = await ctx.ledger.transaction(tenant(organisation.id), (tx) =>
      readPart(tx, input, of, place),
    );
    if (input.apply && part.repriced.length > 0) {
      part = await ctx.ledger.transaction(PLATFORM, async (tx) => {
        await lockEventsCursor(tx, organisation.shard);
        await tx.enter(tenant(organisation.id));
        // Read again under the lock, because the calls may have been repriced since the first read.
        const current = await readPart(tx, input, of, place);
        if (current.repriced.length > 0)
          await commitPart(ctx, tx, input, organisation.id, repricingId, current);
        return current;
      });
    }
    sumRepricing(sums, part.calls, part.repriced);
    const last: CountedCall | undefined = part.calls[part.calls.length - 1];
    if (part.calls.length < PART_CALLS || !last) return true;
    after = { occurred_at: last.occurred_at, id: last.id };
  }
}

interface Part {
  readonly calls: readonly CountedCall[];
  readonly repriced: readonly RepricedCall[];
}

async function readPart(
  tx: LedgerTransaction,
  { from, to, model }: RepriceInput,
  { organisation: { id, ceiling }, project_id }: Of,
  after: CallPlace | null,
): Promise<Part> {
  const range = { organisation_id: id, project_id, from, to, model: model ?? null };
  const calls = await listCountedCalls(tx, range, after, PART_CALLS);
  const [first, last] = [calls[0], calls[calls.length - 1]];
  if (!first || !last) return { calls, repriced: [] };
  const models = new Map<string, ModelName>();
  for (const call of calls) {
    const name = { provider: priceProviderOf(call.provider), model: call.model };
    models.set(bookKeyOf(name), name);
  }
  const prices = await listBookPrices(tx, [id], [...models.values()]);
  const periods = await lockPeriods(tx, [id], first.occurred_at, last.occurred_at);
  return { calls, repriced: deriveRepricing(calls, prices, ceiling, periods) };
}

async function commitPart(
  ctx: Ctx,
  tx: LedgerTransaction,
  { from, to, model }: RepriceInput,
  organisation_id: string,
  repricingId: string,
  { calls, repriced }: Part,
): Promise<void> {
  const { adjustments, usage, late, statistics } = bookRepricing(repriced, ctx.now);
  const books = rollupTransaction(tx);
  await setCosts(tx, repriced);
  if (adjustments.length > 0) await insertCostAdjustments(tx, repricingId, adjustments, ctx.now);
  if (usage.length > 0) await books.addUsage(usage, ctx.now);
  if (late.length > 0) await books.insertAdjustments(late, ctx.now);
  await books.addStatistics(statistics, ctx.now);
  const sums: RepricingSums = new Map();
  sumRepricing(sums, calls, repriced);
  await appendAudit(tx, ctx, {
    organisation_id,
    entity_type: 'ai_repricing',
    entity_id: repricingId,
    action: 'ai_generation.reprice',
    changes: {
      from: formatInstant(from),
      to: formatInstant(to),
      model: model ?? null,
      ...totalOf([...sums.values()]),
    },
  });
}

const describe = ({ organisation_id, provider, model, ...sums }: ModelRepricing) => ({
  organisation_id,
  provider,
  model,
  ...textsOf(sums),
});

type Counted = Omit<ModelRepricing, 'organisation_id' | 'provider' | 'model'>;

const textsOf = ({ before, after, late, ...counts }: Counted): Sums => ({
  ...counts,
  before: formatQuantity(before),
  after: formatQuantity(after),
  difference: formatQuantity(after - before),
  late: formatQuantity(late),
});

function totalOf(models: readonly ModelRepricing[]): Sums {
  const total = { calls: 0, changed: 0, newly_priced: 0, unpriced: 0, before: 0n, after: 0n, late: 0n };
  for (const each of models) {
    total.calls += each.calls;
    total.changed += each.changed;
    total.newly_priced += each.newly_priced;
    total.unpriced += each.unpriced;
    total.before += each.before;
    total.after += each.after;
    total.late += each.late;
  }
  return textsOf(total);
}
