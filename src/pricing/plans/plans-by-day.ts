import { addDays } from '../../core/time.ts';
import type { PlanVersion } from './charge-model.ts';

/** One metric and unit of an organisation, in its currency, on the days from first_day to last_day. */
export interface PlanQuery {
  readonly organisation_id: string;
  readonly metric_name: string;
  readonly unit: string;
  readonly currency: string;
  readonly first_day: string;
  readonly last_day: string;
}

export type PlanRule =
  | { readonly kind: 'priced'; readonly plan: PlanVersion }
  /** No plan in the organisation's currency, but plans in several others (sorted). None of them is chosen. */
  | { readonly kind: 'currency_mismatch'; readonly currencies: readonly string[] }
  | { readonly kind: 'unpriced' };

/** Consecutive days with one rule, both ends included. */
export type PlanSegment = PlanRule & { readonly first_day: string; readonly last_day: string };

/**
 * Which plan version applies on which days. On each day it is the organisation's own version, else the global one,
 * in the organisation's currency; if there is none, the version in another currency, which is then converted. A
 * version is in force from effective_from to the day before effective_to. The segments run without gaps from
 * first_day to last_day; the list is empty if last_day is before first_day. A global version interrupted by an own
 * version has a segment on either side. Plans of other organisations, metrics and units are ignored. Days are
 * `YYYY-MM-DD` in the organisation's time zone.
 */
export function listPlanSegments(plans: readonly PlanVersion[], query: PlanQuery): PlanSegment[] {
  const candidates = plans.filter(
    (plan) =>
      plan.metric_name === query.metric_name &&
      plan.unit === query.unit &&
      (plan.organisation_id === null || plan.organisation_id === query.organisation_id),
  );
  const segments: PlanSegment[] = [];
  const starts = listStarts(candidates, query);
  starts.forEach((first_day, index) => {
    const next = starts[index + 1];
    const last_day = next === undefined ? query.last_day : addDays(next, -1);
    const rule = ruleOn(first_day, candidates, query.currency);
    const previous = segments.at(-1);
    if (previous !== undefined && isSameRule(previous, rule)) {
      segments[segments.length - 1] = { ...previous, last_day };
    } else {
      segments.push({ ...rule, first_day, last_day });
    }
  });
  return segments;
}

/** The days in the range on which the rule may change, sorted. */
function listStarts(plans: readonly PlanVersion[], { first_day, last_day }: PlanQuery): string[] {
  if (last_day < first_day) return [];
  const changes = plans.flatMap((plan) => [plan.effective_from, plan.effective_to ?? '']);
  const inside = changes.filter((day) => day > first_day && day <= last_day);
  return [...new Set([first_day, ...inside])].sort();
}

function ruleOn(day: string, candidates: readonly PlanVersion[], currency: string): PlanRule {
  const ruling = candidates.filter(
    (plan) => plan.effective_from <= day && (plan.effective_to === null || day < plan.effective_to),
  );
  if (ruling.length === 0) return { kind: 'unpriced' };
  const inCurrency = ownFirst(ruling.filter((plan) => plan.currency === currency));
  const [plan, ...others] = inCurrency.length > 0 ? inCurrency : ownFirst(ruling);
  if (plan !== undefined && others.every((other) => other.currency === plan.currency)) {
    return { kind: 'priced', plan };
  }
  return {
    kind: 'currency_mismatch',
    currencies: [...new Set(ruling.map((other) => other.currency))].sort(),
  };
}

/** The organisation's own plans if there are any, else the global ones. */
function ownFirst(plans: readonly PlanVersion[]): readonly PlanVersion[] {
  const own = plans.filter((plan) => plan.organisation_id !== null);
  return own.length > 0 ? own : plans;
}

function isSameRule(a: PlanRule, b: PlanRule): boolean {
  if (a.kind === 'priced' && b.kind === 'priced') return a.plan.id === b.plan.id;
  if (a.kind === 'currency_mismatch' && b.kind === 'currency_mismatch') {
    return a.currencies.join() === b.currencies.join();
  }
  return a.kind === b.kind;
}
