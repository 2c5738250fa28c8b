/** Pure: compares the cost of calls under the current price book with the cost they were counted with. */

import type { GenerationRow } from '../../ai/generation-row.ts';
import { COST_METRIC, COST_UNIT } from '../../ai/metered-quantities.ts';
import { type BookPrice, ceilingCostOf, makePriceBook, priceCall } from '../../ai/prices/price-book.ts';
import { assert } from '../../core/error.ts';
import { uuidv7 } from '../../core/id.ts';
import { type BillingPeriod, holds } from '../../tenants/billing-period.ts';
import { sumOf } from '../calls/sum-statistics.ts';
import type { StatisticSum, UsageSum } from '../ports.ts';

/** A call as stored in the ledger. Costs are in units of 10^-12 USD, instants in epoch milliseconds. */
export interface CountedCall
  extends Pick<
    GenerationRow,
    'provider' | 'model' | 'generation_type' | 'user_id' | 'service_tier' | 'tokens'
  > {
  readonly organisation_id: string;
  readonly id: string;
  readonly project_id: string;
  readonly idempotency_key: string;
  readonly cost_usd: bigint | null;
  readonly cost_source: GenerationRow['cost_source'];
  readonly price_ids: readonly string[] | null;
  /** Whether its cost was metered before, so that it is already counted as an event of the cost metric. */
  readonly is_metered: boolean;
  readonly occurred_at: number;
  readonly ingested_at: number;
  readonly hour: number;
  readonly day: string;
}

export interface RepricedCall {
  readonly call: CountedCall;
  readonly cost_usd: bigint;
  readonly cost_source: 'priced' | 'ceiling';
  readonly price_ids: readonly string[] | null;
  /** Added to its cost. */
  readonly difference: bigint;
  readonly period: BillingPeriod;
}

/**
 * The calls that get a different cost, different prices or a first cost from the book, or else from the organisation's
 * ceiling. A call without a price keeps its cost: a cost is replaced, never removed.
 */
export function deriveRepricing(
  calls: readonly CountedCall[],
  prices: readonly BookPrice[],
  ceiling: string | null,
  periods: readonly BillingPeriod[],
): RepricedCall[] {
  const book = makePriceBook(prices);
  return calls.flatMap((call): RepricedCall[] => {
    const priced = priceCall(book, call);
    const limit =
      priced || ceiling === null || call.cost_source === 'priced'
        ? null
        : ceilingCostOf(call.tokens, ceiling);
    const cost_usd = priced?.cost_usd ?? limit;
    if (cost_usd === null) return [];
    const price_ids = priced?.price_ids ?? null;
    const cost_source = priced ? 'priced' : 'ceiling';
    const difference = cost_usd - (call.cost_usd ?? 0n);
    const isSame =
      difference === 0n && cost_source === call.cost_source && String(price_ids) === String(call.price_ids);
    if (isSame) return [];
    const period = periods.find((each) => holds(each, call.occurred_at));
    assert(period, 'a counted call has its period');
    return [{ call, cost_usd, cost_source, price_ids, difference, period }];
  });
}

/** A change of a call's metered cost. */
export interface CostAdjustment {
  readonly id: string;
  readonly call: CountedCall;
  readonly difference: bigint;
  readonly event_count: 0 | 1;
  /** For a closed period: the adjustment that includes the change. */
  readonly adjustment_id: string | null;
}

export interface RepricingBooks {
  readonly adjustments: readonly CostAdjustment[];
  /** Added to the aggregates of open periods. */
  readonly usage: readonly UsageSum[];
  /** For closed periods: billed by the next invoice, or credited by a proposed credit note. */
  readonly late: readonly UsageSum[];
  readonly statistics: readonly StatisticSum[];
}

/** The bookings for repriced calls. Each difference is booked on the call's own hour and day. */
export function bookRepricing(repriced: readonly RepricedCall[], now: number): RepricingBooks {
  const sums = new Map<string, UsageSum>();
  const statistics = new Map<string, StatisticSum>();
  const adjustments: CostAdjustment[] = [];
  for (const { call, difference, period } of repriced) {
    const statistic = sumOf(statistics, call);
    statistic.cost_usd += difference;
    if (call.cost_usd === null) statistic.cost_count += 1;
    if (difference === 0n) continue;
    const { organisation_id, project_id, hour, day } = call;
    const { year, month, status } = period;
    const key = [project_id, hour, year, month].join(' ');
    let sum = sums.get(key);
    if (!sum) {
      const of = { organisation_id, project_id, metric_name: COST_METRIC, unit: COST_UNIT };
      sum = { id: uuidv7(now), ...of, hour, day, year, month, total: 0n, count: 0 };
      sums.set(key, sum);
    }
    const event_count = call.is_metered ? 0 : 1;
    sum.total += difference;
    sum.count += event_count;
    const adjustment_id = status === 'closed' ? sum.id : null;
    adjustments.push({ id: uuidv7(now), call, difference, event_count, adjustment_id });
  }
  const late = new Set(adjustments.map(({ adjustment_id }) => adjustment_id));
  const all = [...sums.values()];
  return {
    adjustments,
    usage: all.filter(({ id }) => !late.has(id)),
    late: all.filter(({ id }) => late.has(id)),
    statistics: [...statistics.values()],
  };
}

/** The totals of repricing for one model of one organisation. Costs are in units of 10^-12 USD. */
export interface ModelRepricing {
  readonly organisation_id: string;
  readonly provider: string;
  readonly model: string;
  /** Calls examined: those whose sender reported no cost. */
  calls: number;
  /** How many of these change their cost. */
  changed: number;
  /** How many of these had no cost before. */
  newly_priced: number;
  unpriced: number;
  before: bigint;
  after: bigint;
  /** The part of the difference that falls into closed periods. */
  late: bigint;
}

export type RepricingSums = Map<string, ModelRepricing>;

export function sumRepricing(
  sums: RepricingSums,
  calls: readonly CountedCall[],
  repriced: readonly RepricedCall[],
): void {
  const changes = new Map(repriced.map((each) => [each.call.id, each]));
  for (const call of calls) {
    const { organisation_id, provider, model } = call;
    const key: string = [organisation_id, provider, model].join('\0');
    let sum = sums.get(key);
    if (!sum) {
      const none = { calls: 0, changed: 0, newly_priced: 0, unpriced: 0, before: 0n, after: 0n, late: 0n };
      sum = { organisation_id, provider, model, ...none };
      sums.set(key, sum);
    }
    const change = changes.get(call.id);
    const before = call.cost_usd;
    const after = change ? change.cost_usd : before;
    sum.calls += 1;
    sum.before += before ?? 0n;
    sum.after += after ?? 0n;
    if (after === null) sum.unpriced += 1;
    if (before !== after) sum.changed += 1;
    if (before === null && after !== null) sum.newly_priced += 1;
    if (change?.period.status === 'closed') sum.late += change.difference;
  }
}
