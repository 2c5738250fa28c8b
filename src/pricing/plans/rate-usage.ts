import { compare, type Decimal, decimal, maximum, minimum, subtract, ZERO } from '../../core/decimal.ts';
import { unreachable } from '../../core/error.ts';
import type { Charge, PlanVersion } from './charge-model.ts';
import { rateFlat } from './flat.ts';
import { rateGraduated } from './graduated.ts';
import { ratePackage } from './package.ts';
import { ratePerUnit } from './per-unit.ts';
import { ratePercentage } from './percentage.ts';
import { rateVolume } from './volume.ts';

/**
 * The cost of a quantity in the plan's unit under one plan version, exact and in the plan's currency; the line
 * rounds it, once (law 5). The billable quantity is what exceeds included_units. Its charge is raised to
 * minimum_amount and then capped at maximum_amount. A quantity of zero or less costs nothing, not even the minimum;
 * a flat plan always costs its amount. The event count matters only to a percentage plan with a fixed_amount.
 * Throws only for a row that findPlanFaults would have refused.
 *
 * per_unit at 0.0025 with included_units 1000, minimum_amount 1, maximum_amount 50: 0 units → 0, 1,000 → 1, 3,000 →
 * 2,000 × 0.0025 = 5, 30,000 → 50.
 */
export function rateUsage(plan: PlanVersion, quantity: Decimal, eventCount = 0): Charge {
  const used = compare(quantity, ZERO) > 0;
  const included = decimal(plan.included_units ?? '0');
  const billable = used ? maximum(subtract(quantity, included), ZERO) : ZERO;
  const charge = rateBillable(plan, billable, used ? eventCount : 0);
  return used ? { ...charge, amount: clampAmount(plan, charge.amount) } : charge;
}

function rateBillable(plan: PlanVersion, billable: Decimal, eventCount: number): Charge {
  switch (plan.charge_model) {
    case 'per_unit':
      return ratePerUnit(plan, billable);
    case 'graduated':
      return rateGraduated(plan, billable);
    case 'volume':
      return rateVolume(plan, billable);
    case 'package':
      return ratePackage(plan, billable);
    case 'flat':
      return rateFlat(plan);
    case 'percentage':
      return ratePercentage(plan, billable, eventCount);
    default:
      return unreachable(plan.charge_model);
  }
}

function clampAmount(plan: PlanVersion, amount: Decimal): Decimal {
  const raised = plan.minimum_amount === null ? amount : maximum(amount, decimal(plan.minimum_amount));
  return plan.maximum_amount === null ? raised : minimum(raised, decimal(plan.maximum_amount));
}
