/** Invoices, credit notes, and their documents. */
import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  check,
  date,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  unique,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import { created, decimalText, instant, ofOrganisation, policies, timestamps } from './columns.ts';
import { pricingPlans } from './pricing.ts';
import { billingEntities, organisations } from './tenants.ts';

export const invoices = pgTable(
  'invoices',
  {
    organisation_id: uuid()
      .notNull()
      .references(() => organisations.id),
    id: uuid().notNull(),
    billing_entity_id: uuid()
      .notNull()
      .references(() => billingEntities.id),
    invoice_number: text(),
    status: text().notNull().default('draft'),
    year: smallint().notNull(),
    month: smallint().notNull(),
    period_start: instant().notNull(),
    period_end: instant().notNull(),
    timezone: text().notNull(),
    currency: text().notNull(),
    /** total = subtotal - discount_total + tax_total, each a sum of amounts already rounded (law 5). */
    subtotal: decimalText().notNull(),
    discount_total: decimalText().notNull(),
    tax_total: decimalText().notNull(),
    total: decimalText().notNull(),
    discounts: jsonb().notNull().default([]),
    taxes: jsonb().notNull().default([]),
    reverse_charge: boolean().notNull().default(false),
    unpriced: jsonb().$type<readonly { metric_name: string; unit: string; quantity: string }[]>().notNull(),
    /** Each converted currency with its rate; if there is exactly one, the next three columns hold it. */
    conversions: jsonb().notNull().default([]),
    original_currency: text(),
    exchange_rate: decimalText(),
    conversion_date: date({ mode: 'string' }),
    template_id: uuid(),
    pdf_url: text(),
    pdf_sha256: text(),
    pdf_generated_at: instant(),
    issued_at: instant(),
    due_date: date({ mode: 'string' }),
    paid_at: instant(),
    cancelled_at: instant(),
    ...timestamps,
  },
  (table) => [
    primaryKey({ columns: [table.organisation_id, table.id] }),
    unique('invoices_id').on(table.id),
    uniqueIndex('invoices_one_live_per_period')
      .on(table.organisation_id, table.year, table.month)
      .where(sql`status <> 'cancelled'`),
    uniqueIndex('invoices_number').on(table.billing_entity_id, table.invoice_number),
    check('invoices_status', sql`status IN ('draft', 'finalized', 'paid', 'refunded', 'cancelled')`),
    check('invoices_total_not_negative', sql`total >= 0`),
    check('invoices_total_is_sum', sql`total = subtotal - discount_total + tax_total`),
    check(
      'invoices_number_from_finalization',
      sql`(status = 'draft' AND invoice_number IS NULL) OR status = 'cancelled' OR invoice_number IS NOT NULL`,
    ),
    ...policies('invoices'),
  ],
);

export const invoiceLineItems = pgTable(
  'invoice_line_items',
  {
    organisation_id: uuid().notNull(),
    id: uuid().notNull(),
    invoice_id: uuid().notNull(),
    line_number: integer().notNull(),
    kind: text().notNull(),
    description: text().notNull(),
    metric_name: text().notNull(),
    unit: text().notNull(),
    quantity: decimalText().notNull(),
    unit_price: decimalText(),
    total: decimalText().notNull(),
    currency: text().notNull(),
    /**
     * If the plan is in another currency: that currency, the exact amount in it, and the rate; the rate is
     * null until one is in force.
     */
    original_currency: text(),
    original_amount: decimalText(),
    exchange_rate: decimalText(),
    display_name: text(),
    hsn_sac: text(),
    tax_category: text().notNull().default('standard'),
    discount_amount: decimalText().notNull(),
    tax_amount: decimalText().notNull(),
    /** The components of `tax_amount`, which sum to it. */
    taxes: jsonb().notNull().default([]),
    pricing_plan_id: uuid()
      .notNull()
      .references(() => pricingPlans.id),
    /** The period and the days of usage that the line prices: of an earlier period for an adjustment. */
    year: smallint().notNull(),
    month: smallint().notNull(),
    first_day: date({ mode: 'string' }).notNull(),
    last_day: date({ mode: 'string' }).notNull(),
    /** The part of `quantity`, zero or negative, that this invoice carries over to the next period. */
    carried_quantity: decimalText().notNull(),
    tiers: jsonb(),
    by_project: jsonb().notNull(),
    event_count: bigint({ mode: 'number' }).notNull(),
    /** SHA-256 over the keys of the counted events, per day and project; null on a draft. */
    events_hash: text(),
  },
  (table) => [
    primaryKey({ columns: [table.organisation_id, table.id] }),
    unique('invoice_line_items_number').on(table.organisation_id, table.invoice_id, table.line_number),
    check('invoice_line_items_kind', sql`kind IN ('usage', 'flat', 'late', 'carried')`),
    foreignKey({
      columns: [table.organisation_id, table.invoice_id],
      foreignColumns: [invoices.organisation_id, invoices.id],
    }),
    ...policies('invoice_line_items'),
  ],
);

/**
 * One row per seller, series and financial year; updated inside the finalizing transaction, so a rollback
 * leaves no gap.
 */
export const invoiceCounters = pgTable(
  'invoice_counters',
  {
    billing_entity_id: uuid()
      .notNull()
      .references(() => billingEntities.id),
    series: text().notNull(),
    financial_year: text().notNull(),
    last_number: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.billing_entity_id, table.series, table.financial_year] })],
);

/**
 * A correction of an issued invoice. `proposed`: created from late usage, and not yet a document.
 * `dismissed`: a proposal that a person declined; its usage stays settled, and no money is returned.
 */
export const creditNotes = pgTable(
  'credit_notes',
  {
    organisation_id: uuid().notNull(),
    id: uuid().notNull(),
    invoice_id: uuid().notNull(),
    billing_entity_id: uuid()
      .notNull()
      .references(() => billingEntities.id),
    credit_note_number: text(),
    status: text().notNull(),
    origin: text().notNull(),
    reason: text(),
    currency: text().notNull(),
    subtotal: decimalText().notNull(),
    discount_total: decimalText().notNull(),
    tax_total: decimalText().notNull(),
    total: decimalText().notNull(),
    taxes: jsonb().notNull().default([]),
    pdf_url: text(),
    pdf_sha256: text(),
    pdf_generated_at: instant(),
    issued_at: instant(),
    /** The key of the request that created it, so that a retry finds it. */
    idempotency_key: text(),
    ...timestamps,
  },
  (table) => [
    primaryKey({ columns: [table.organisation_id, table.id] }),
    unique('credit_notes_id').on(table.id),
    uniqueIndex('credit_notes_number').on(table.billing_entity_id, table.credit_note_number),
    uniqueIndex('credit_notes_idempotency_key').on(table.organisation_id, table.idempotency_key),
    uniqueIndex('credit_notes_one_proposal')
      .on(table.organisation_id, table.invoice_id)
      .where(sql`status = 'proposed' AND origin = 'late_usage'`),
    index('credit_notes_invoice').on(table.organisation_id, table.invoice_id),
    check('credit_notes_status', sql`status IN ('proposed', 'issued', 'dismissed')`),
    check('credit_notes_origin', sql`origin IN ('manual', 'late_usage')`),
    check('credit_notes_number_from_issue', sql`(status = 'issued') = (credit_note_number IS NOT NULL)`),
    check('credit_notes_total_is_sum', sql`total = subtotal - discount_total + tax_total`),
    foreignKey({
      columns: [table.organisation_id, table.invoice_id],
      foreignColumns: [invoices.organisation_id, invoices.id],
    }),
    ...policies('credit_notes'),
  ],
);

export const creditNoteLines = pgTable(
  'credit_note_lines',
  {
    organisation_id: uuid().notNull(),
    id: uuid().notNull(),
    credit_note_id: uuid().notNull(),
    line_number: integer().notNull(),
    /** The line of the invoice that is corrected. */
    invoice_line_number: integer().notNull(),
    description: text().notNull(),
    /** The late usage behind it, below zero except for volume prices; null if a person chose the amount. */
    quantity: decimalText(),
    /** The part of `quantity`, zero or negative, that is carried over to the next period. */
    carried_quantity: decimalText().notNull().default('0'),
    /** Events of the late usage behind it. */
    event_count: bigint({ mode: 'number' }).notNull().default(0),
    /** The amount of the late usage, in the plan's currency. */
    original_amount: decimalText(),
    total: decimalText().notNull(),
    discount_amount: decimalText().notNull(),
    tax_amount: decimalText().notNull(),
    taxes: jsonb().notNull().default([]),
  },
  (table) => [
    primaryKey({ columns: [table.organisation_id, table.id] }),
    unique('credit_note_lines_number').on(table.organisation_id, table.credit_note_id, table.line_number),
    foreignKey({
      columns: [table.organisation_id, table.credit_note_id],
      foreignColumns: [creditNotes.organisation_id, creditNotes.id],
    }),
    ...policies('credit_note_lines'),
  ],
);

/** The frozen content of each issued document: its HTML and PDF are rendered from this alone. */
export const documents = pgTable(
  'documents',
  {
    organisation_id: uuid().notNull(),
    id: uuid().notNull(),
    kind: text().notNull(),
    /** The invoice or the credit note. */
    subject_id: uuid().notNull(),
    model: jsonb().notNull(),
    /** Why the last attempt to render it failed. */
    render_error: text(),
    ...created,
  },
  (table) => [
    primaryKey({ columns: [table.organisation_id, table.id] }),
    unique('documents_subject').on(table.organisation_id, table.subject_id),
    check('documents_kind', sql`kind IN ('invoice', 'credit_note')`),
    ...policies('documents'),
  ],
);

export const invoiceTemplates = pgTable(
  'invoice_templates',
  {
    id: uuid().primaryKey(),
    /** Null: for every organisation without one of its own. */
    organisation_id: uuid().references(() => organisations.id),
    name: text().notNull(),
    description: text(),
    template_type: text().notNull(),
    is_default: boolean().notNull().default(false),
    is_active: boolean().notNull().default(true),
    html_content: text(),
    css_content: text(),
    /** For `pdf`: colour, logo, blocks and texts. */
    settings: jsonb(),
    /** The value of each variable that the template uses. */
    variables: jsonb().$type<Record<string, string>>().notNull().default({}),
    preview_data: jsonb().$type<Record<string, unknown>>(),
    created_by: text().notNull(),
    ...timestamps,
  },
  (table) => [
    uniqueIndex('invoice_templates_one_default')
      .on(sql`coalesce(organisation_id, '00000000-0000-0000-0000-000000000000'::uuid)`, table.template_type)
      .where(sql`is_default AND is_active`),
    check('invoice_templates_type', sql`template_type IN ('html', 'pdf')`),
    ...policies('invoice_templates', sql`organisation_id IS NULL OR ${ofOrganisation}`, ofOrganisation),
  ],
);

/** The links with which a customer opens an invoice. The token itself is signed, not stored. */
export const invoiceLinks = pgTable(
  'invoice_links',
  {
    organisation_id: uuid().notNull(),
    id: uuid().notNull(),
    invoice_id: uuid().notNull(),
    expires_at: instant().notNull(),
    revoked_at: instant(),
    ...created,
  },
  (table) => [
    primaryKey({ columns: [table.organisation_id, table.id] }),
    unique('invoice_links_id').on(table.id),
    index('invoice_links_invoice').on(table.organisation_id, table.invoice_id),
    foreignKey({
      columns: [table.organisation_id, table.invoice_id],
      foreignColumns: [invoices.organisation_id, invoices.id],
    }),
    ...policies('invoice_links'),
  ],
);
