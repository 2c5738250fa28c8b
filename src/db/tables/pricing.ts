/** Plans, taxes, discounts and exchange rates as dated data. */
import { sql } from 'drizzle-orm';
import {
  boolean,
  check,
  date,
  index,
  jsonb,
  pgTable,
  primaryKey,
  text,
  unique,
  uuid,
} from 'drizzle-orm/pg-core';
import { decimalText, instant, ofOrganisation, policies, timestamps } from './columns.ts';
import { organisations } from './tenants.ts';

export const pricingPlans = pgTable(
  'pricing_plans',
  {
    id: uuid().primaryKey(),
    /** Null: the plan applies to every organisation without one of its own. */
    organisation_id: uuid().references(() => organisations.id),
    metric_name: text().notNull(),
    unit: text().notNull(),
    currency: text().notNull(),
    charge_model: text().notNull(),
    price_per_unit: decimalText(),
    tiers: jsonb().$type<{ up_to: string | null; price_per_unit: string; flat_fee?: string }[]>(),
    package_size: decimalText(),
    package_price: decimalText(),
    amount: decimalText(),
    /** Percent: 120 is the cost plus a fifth. */
    rate: decimalText(),
    /** Per event. */
    fixed_amount: decimalText(),
    included_units: decimalText(),
    minimum_amount: decimalText(),
    maximum_amount: decimalText(),
    /** The name on invoices, in place of the metric's name. */
    display_name: text(),
    tax_category: text().notNull().default('standard'),
    hsn_sac: text(),
    /**
     * If the prices were entered in another currency: that currency, the rate of the conversion and its day.
     */
    original_currency: text(),
    exchange_rate: decimalText(),
    conversion_date: date({ mode: 'string' }),
    effective_from: date({ mode: 'string' }).notNull(),
    effective_to: date({ mode: 'string' }),
    is_active: boolean().notNull().default(true),
    ...timestamps,
  },
  (table) => [
    index('pricing_plans_organisation').on(table.organisation_id, table.metric_name, table.unit),
    check('pricing_plans_range', sql`effective_to IS NULL OR effective_from < effective_to`),
    check(
      'pricing_plans_charge_model',
      sql`charge_model IN ('per_unit', 'graduated', 'volume', 'package', 'flat', 'percentage')`,
    ),
    ...policies('pricing_plans', sql`organisation_id IS NULL OR ${ofOrganisation}`, ofOrganisation),
  ],
);

/** Percent by country and category, effective from a day: taxes are data. */
export const taxRates = pgTable(
  'tax_rates',
  {
    id: uuid().primaryKey(),
    /** ISO 3166-1 alpha-2. */
    country: text().notNull(),
    category: text().notNull(),
    rate: decimalText().notNull(),
    effective_from: date({ mode: 'string' }).notNull(),
    effective_to: date({ mode: 'string' }),
    source: text().notNull(),
    ...timestamps,
  },
  () => [
    check('tax_rates_range', sql`effective_to IS NULL OR effective_from < effective_to`),
    check('tax_rates_rate', sql`rate >= 0 AND rate <= 100`),
  ],
);

/** A reduction of an organisation's invoices before tax: a percentage, or an amount per month. */
export const discounts = pgTable(
  'discounts',
  {
    organisation_id: uuid()
      .notNull()
      .references(() => organisations.id),
    id: uuid().notNull(),
    description: text().notNull(),
    percentage: decimalText(),
    amount: decimalText(),
    currency: text(),
    /** Null: applies to everything on the invoice. */
    metric_name: text(),
    effective_from: date({ mode: 'string' }).notNull(),
    effective_to: date({ mode: 'string' }),
    ...timestamps,
  },
  (table) => [
    primaryKey({ columns: [table.organisation_id, table.id] }),
    unique('discounts_id').on(table.id),
    check('discounts_one_kind', sql`(percentage IS NULL) <> (amount IS NULL)`),
    check('discounts_currency', sql`(amount IS NULL) = (currency IS NULL)`),
    check('discounts_range', sql`effective_to IS NULL OR effective_from < effective_to`),
    ...policies('discounts'),
  ],
);

/** 1 `base_currency` = `rate` `target_currency` while it is in force. */
export const exchangeRates = pgTable(
  'exchange_rates',
  {
    id: uuid().primaryKey(),
    base_currency: text().notNull(),
    target_currency: text().notNull(),
    rate: decimalText().notNull(),
    effective_from: instant().notNull(),
    effective_to: instant(),
    source: text().notNull(),
    metadata: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    ...timestamps,
  },
  (table) => [
    index('exchange_rates_pair').on(table.base_currency, table.target_currency, table.effective_from),
    check('exchange_rates_range', sql`effective_to IS NULL OR effective_from < effective_to`),
    check('exchange_rates_rate', sql`rate > 0`),
    check('exchange_rates_two', sql`base_currency <> target_currency`),
    check('exchange_rates_source', sql`source IN ('manual', 'api', 'razorpay')`),
  ],
);
