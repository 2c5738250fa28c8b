/** The SQL of pricing plans. */
import type { Page, PageInput } from '../../core/page.ts';
import { bareArray } from '../../db/array-literal.ts';
import { insertOf, matching, NOW, updateOf } from '../../db/columns.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import { listRows } from '../../db/list-rows.ts';
import type { Row } from '../../db/rows.ts';
import type { ChargeModel, PlanVersion } from './charge-model.ts';
import type { PlanConversion } from './convert-plan.ts';
import type { PlanInput } from './plan-rules.ts';

export interface PricingPlan extends PlanVersion {
  /** The name on invoices, in place of the metric's name. */
  readonly display_name: string | null;
  /** Selects the tax rate, together with the country and the day. */
  readonly tax_category: string;
  readonly hsn_sac: string | null;
  /** Set if the prices were converted: the original currency, the rate, and the rate's day. */
  readonly original_currency: string | null;
  readonly exchange_rate: string | null;
  readonly conversion_date: string | null;
  readonly is_active: boolean;
  readonly created_at: string;
  readonly updated_at: string;
}

type PlanRow = Row<'pricing_plans'> & { charge_model: ChargeModel };

export async function insertPlan(
  tx: LedgerTransaction,
  row: PlanInput &
    Partial<PlanConversion> & {
      id: string;
      organisation_id: string | null;
      metric_name: string;
      unit: string;
    },
): Promise<PricingPlan> {
  const { text, values } = insertOf('pricing_plans', {
    id: row.id,
    organisation_id: row.organisation_id,
    metric_name: row.metric_name,
    unit: row.unit,
    currency: row.currency,
    charge_model: row.charge_model,
    price_per_unit: row.price_per_unit ?? null,
    tiers: row.tiers?.map(({ up_to, price_per_unit, flat_fee }) => ({
      up_to,
      price_per_unit,
      ...(flat_fee === undefined ? {} : { flat_fee }),
    })),
    package_size: row.package_size ?? null,
    package_price: row.package_price ?? null,
    amount: row.amount ?? null,
    rate: row.rate ?? null,
    fixed_amount: row.fixed_amount ?? null,
    included_units: row.included_units ?? null,
    minimum_amount: row.minimum_amount ?? null,
    maximum_amount: row.maximum_amount ?? null,
    display_name: row.display_name ?? null,
    tax_category: row.tax_category ?? 'standard',
    hsn_sac: row.hsn_sac ?? null,
    original_currency: row.original_currency ?? null,
    exchange_rate: row.exchange_rate ?? null,
    conversion_date: row.conversion_date ?? null,
    effective_from: row.effective_from,
    effective_to: row.effective_to ?? null,
  });
  const [inserted] = await tx.query<PlanRow>(`${text} RETURNING *`, values);
  if (!inserted) throw new Error('the plan was not inserted');
  return inserted;
}

export async function findPlan(tx: LedgerTransaction, id: string): Promise<PricingPlan | null> {
  const [row] = await tx.query<PlanRow>('SELECT * FROM pricing_plans WHERE id = $1', [id]);
  return row ?? null;
}

export async function findPlanLocked(tx: LedgerTransaction, id: string): Promise<PricingPlan | null> {
  const [row] = await tx.query<PlanRow>('SELECT * FROM pricing_plans WHERE id = $1 FOR UPDATE', [id]);
  return row ?? null;
}

export async function setPlanEnd(
  tx: LedgerTransaction,
  id: string,
  effectiveTo: string,
): Promise<PricingPlan> {
  const { text, values } = updateOf('pricing_plans', { effective_to: effectiveTo, updated_at: NOW }, { id });
  const [row] = await tx.query<PlanRow>(`${text} RETURNING *`, values);
  if (!row) throw new Error('the plan was not ended');
  return row;
}

/** The last day priced with this version on an issued invoice; null if there is none. */
export async function findLastInvoicedDay(tx: LedgerTransaction, planId: string): Promise<string | null> {
  const [row] = await tx.query<{ day: Row<'invoice_line_items'>['last_day'] | null }>(
    `SELECT max(line.last_day) AS day FROM invoice_line_items line
     JOIN invoices i ON i.organisation_id = line.organisation_id AND i.id = line.invoice_id
     WHERE line.pricing_plan_id = $1 AND i.status NOT IN ('draft', 'cancelled')`,
    [planId],
  );
  return row?.day ?? null;
}

export const listPlans = (
  tx: LedgerTransaction,
  filter: {
    organisation_id?: string | undefined;
    metric_name?: string | undefined;
    unit?: string | undefined;
    currency?: string | undefined;
  },
  page: PageInput,
): Promise<Page<PricingPlan>> =>
  listRows<PlanRow>(
    tx,
    {
      select: '*',
      from: 'pricing_plans',
      filters: matching('pricing_plans', filter, ['organisation_id', 'metric_name', 'unit', 'currency']),
      key: 'id',
      order: 'asc',
    },
    page,
  );

/**
 * Every version that may be in force for an organisation on a day from first_day to last_day: its own and the
 * global ones, of all metrics, units and currencies.
 */
export const listPlansFor = (
  tx: LedgerTransaction,
  organisationId: string,
  firstDay: string,
  lastDay: string,
  lock: 'share' | 'none',
): Promise<PricingPlan[]> =>
  tx.query<PlanRow>(
    `SELECT * FROM pricing_plans
     WHERE (organisation_id = $1 OR organisation_id IS NULL) AND is_active
       AND effective_from <= $3 AND (effective_to IS NULL OR effective_to > $2)
     ORDER BY id ${lock === 'share' ? 'FOR SHARE' : ''}`,
    [organisationId, firstDay, lastDay],
  );

export const listPlansById = (tx: LedgerTransaction, ids: readonly string[]): Promise<PricingPlan[]> =>
  tx.query<PlanRow>('SELECT * FROM pricing_plans WHERE id = ANY ($1::uuid[]) ORDER BY id', [bareArray(ids)]);
