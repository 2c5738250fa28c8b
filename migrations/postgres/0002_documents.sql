CREATE TABLE "credit_note_lines" (
	"organisation_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"credit_note_id" uuid NOT NULL,
	"line_number" integer NOT NULL,
	"invoice_line_number" integer NOT NULL,
	"description" text NOT NULL,
	"quantity" numeric,
	"carried_quantity" numeric DEFAULT '0' NOT NULL,
	"original_amount" numeric,
	"total" numeric NOT NULL,
	"discount_amount" numeric NOT NULL,
	"tax_amount" numeric NOT NULL,
	"taxes" jsonb DEFAULT '[]'::jsonb NOT NULL,
	CONSTRAINT "credit_note_lines_organisation_id_id_pk" PRIMARY KEY("organisation_id","id"),
	CONSTRAINT "credit_note_lines_number" UNIQUE("organisation_id","credit_note_id","line_number")
);
--> statement-breakpoint
ALTER TABLE "credit_note_lines" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "credit_notes" (
	"organisation_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"invoice_id" uuid NOT NULL,
	"billing_entity_id" uuid NOT NULL,
	"credit_note_number" text,
	"status" text NOT NULL,
	"origin" text NOT NULL,
	"reason" text,
	"currency" text NOT NULL,
	"subtotal" numeric NOT NULL,
	"discount_total" numeric NOT NULL,
	"tax_total" numeric NOT NULL,
	"total" numeric NOT NULL,
	"taxes" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"pdf_url" text,
	"pdf_sha256" text,
	"pdf_generated_at" timestamptz,
	"issued_at" timestamptz,
	"idempotency_key" text,
	"created_at" timestamptz DEFAULT now() NOT NULL,
	"updated_at" timestamptz DEFAULT now() NOT NULL,
	CONSTRAINT "credit_notes_organisation_id_id_pk" PRIMARY KEY("organisation_id","id"),
	CONSTRAINT "credit_notes_id" UNIQUE("id"),
	CONSTRAINT "credit_notes_status" CHECK (status IN ('proposed', 'issued', 'dismissed')),
	CONSTRAINT "credit_notes_origin" CHECK (origin IN ('manual', 'late_usage')),
	CONSTRAINT "credit_notes_number_from_issue" CHECK ((status = 'issued') = (credit_note_number IS NOT NULL)),
	CONSTRAINT "credit_notes_total_is_sum" CHECK (total = subtotal - discount_total + tax_total)
);
--> statement-breakpoint
ALTER TABLE "credit_notes" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "discounts" (
	"organisation_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"description" text NOT NULL,
	"percentage" numeric,
	"amount" numeric,
	"currency" text,
	"metric_name" text,
	"effective_from" date NOT NULL,
	"effective_to" date,
	"created_at" timestamptz DEFAULT now() NOT NULL,
	"updated_at" timestamptz DEFAULT now() NOT NULL,
	CONSTRAINT "discounts_organisation_id_id_pk" PRIMARY KEY("organisation_id","id"),
	CONSTRAINT "discounts_id" UNIQUE("id"),
	CONSTRAINT "discounts_one_kind" CHECK ((percentage IS NULL) <> (amount IS NULL)),
	CONSTRAINT "discounts_currency" CHECK ((amount IS NULL) = (currency IS NULL)),
	CONSTRAINT "discounts_range" CHECK (effective_to IS NULL OR effective_from < effective_to)
);
--> statement-breakpoint
ALTER TABLE "discounts" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "documents" (
	"organisation_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"kind" text NOT NULL,
	"subject_id" uuid NOT NULL,
	"model" jsonb NOT NULL,
	"render_error" text,
	"created_at" timestamptz DEFAULT now() NOT NULL,
	CONSTRAINT "documents_organisation_id_id_pk" PRIMARY KEY("organisation_id","id"),
	CONSTRAINT "documents_subject" UNIQUE("organisation_id","subject_id"),
	CONSTRAINT "documents_kind" CHECK (kind IN ('invoice', 'credit_note'))
);
--> statement-breakpoint
ALTER TABLE "documents" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "email_notifications" (
	"organisation_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"outbox_id" uuid NOT NULL,
	"kind" text NOT NULL,
	"invoice_id" uuid,
	"credit_note_id" uuid,
	"payment_id" uuid,
	"recipient_email" text NOT NULL,
	"subject" text NOT NULL,
	"message_id" text NOT NULL,
	"status" text NOT NULL,
	"error_message" text,
	"sent_at" timestamptz,
	"created_at" timestamptz DEFAULT now() NOT NULL,
	CONSTRAINT "email_notifications_organisation_id_id_pk" PRIMARY KEY("organisation_id","id"),
	CONSTRAINT "email_notifications_status" CHECK (status IN ('sent', 'failed', 'pending'))
);
--> statement-breakpoint
ALTER TABLE "email_notifications" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "exchange_rates" (
	"id" uuid PRIMARY KEY NOT NULL,
	"base_currency" text NOT NULL,
	"target_currency" text NOT NULL,
	"rate" numeric NOT NULL,
	"effective_from" timestamptz NOT NULL,
	"effective_to" timestamptz,
	"source" text NOT NULL,
	"metadata" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"created_at" timestamptz DEFAULT now() NOT NULL,
	"updated_at" timestamptz DEFAULT now() NOT NULL,
	CONSTRAINT "exchange_rates_range" CHECK (effective_to IS NULL OR effective_from < effective_to),
	CONSTRAINT "exchange_rates_rate" CHECK (rate > 0),
	CONSTRAINT "exchange_rates_two" CHECK (base_currency <> target_currency),
	CONSTRAINT "exchange_rates_source" CHECK (source IN ('manual', 'api', 'razorpay'))
);
--> statement-breakpoint
CREATE TABLE "idempotency_keys" (
	"actor" text NOT NULL,
	"key" text NOT NULL,
	"fingerprint" text NOT NULL,
	"locked_until" timestamptz,
	"status" smallint,
	"body" text,
	"created_at" timestamptz DEFAULT now() NOT NULL,
	CONSTRAINT "idempotency_keys_actor_key_pk" PRIMARY KEY("actor","key")
);
--> statement-breakpoint
CREATE TABLE "invoice_links" (
	"organisation_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"invoice_id" uuid NOT NULL,
	"expires_at" timestamptz NOT NULL,
	"revoked_at" timestamptz,
	"created_at" timestamptz DEFAULT now() NOT NULL,
	CONSTRAINT "invoice_links_organisation_id_id_pk" PRIMARY KEY("organisation_id","id"),
	CONSTRAINT "invoice_links_id" UNIQUE("id")
);
--> statement-breakpoint
ALTER TABLE "invoice_links" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "invoice_templates" (
	"id" uuid PRIMARY KEY NOT NULL,
	"organisation_id" uuid,
	"name" text NOT NULL,
	"description" text,
	"template_type" text NOT NULL,
	"is_default" boolean DEFAULT false NOT NULL,
	"is_active" boolean DEFAULT true NOT NULL,
	"html_content" text,
	"css_content" text,
	"settings" jsonb,
	"variables" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"preview_data" jsonb,
	"created_by" text NOT NULL,
	"created_at" timestamptz DEFAULT now() NOT NULL,
	"updated_at" timestamptz DEFAULT now() NOT NULL,
	CONSTRAINT "invoice_templates_type" CHECK (template_type IN ('html', 'pdf'))
);
--> statement-breakpoint
ALTER TABLE "invoice_templates" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "payments" (
	"organisation_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"invoice_id" uuid NOT NULL,
	"razorpay_order_id" text,
	"razorpay_payment_id" text,
	"amount" numeric NOT NULL,
	"currency" text NOT NULL,
	"status" text NOT NULL,
	"payment_method" text NOT NULL,
	"reference" text,
	"applied_amount" numeric NOT NULL,
	"paid_at" timestamptz,
	"reconciled_at" timestamptz,
	"refund_amount" numeric DEFAULT '0' NOT NULL,
	"refunded_at" timestamptz,
	"retry_count" integer DEFAULT 0 NOT NULL,
	"max_retries" integer DEFAULT 0 NOT NULL,
	"next_retry_at" timestamptz,
	"last_retry_at" timestamptz,
	"retry_history" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"idempotency_key" text,
	"created_at" timestamptz DEFAULT now() NOT NULL,
	"updated_at" timestamptz DEFAULT now() NOT NULL,
	CONSTRAINT "payments_organisation_id_id_pk" PRIMARY KEY("organisation_id","id"),
	CONSTRAINT "payments_razorpay_payment_id" UNIQUE("razorpay_payment_id"),
	CONSTRAINT "payments_id" UNIQUE("id"),
	CONSTRAINT "payments_status" CHECK (status IN ('pending', 'authorized', 'captured', 'failed', 'refunded', 'partially_refunded')),
	CONSTRAINT "payments_applied" CHECK (applied_amount >= 0 AND applied_amount <= amount),
	CONSTRAINT "payments_refunded" CHECK (refund_amount >= 0 AND refund_amount <= amount)
);
--> statement-breakpoint
ALTER TABLE "payments" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "signing_keys" (
	"id" uuid PRIMARY KEY NOT NULL,
	"purpose" text NOT NULL,
	"secret" text NOT NULL,
	"retired_at" timestamptz,
	"created_at" timestamptz DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "tax_rates" (
	"id" uuid PRIMARY KEY NOT NULL,
	"country" text NOT NULL,
	"category" text NOT NULL,
	"rate" numeric NOT NULL,
	"effective_from" date NOT NULL,
	"effective_to" date,
	"source" text NOT NULL,
	"created_at" timestamptz DEFAULT now() NOT NULL,
	"updated_at" timestamptz DEFAULT now() NOT NULL,
	CONSTRAINT "tax_rates_range" CHECK (effective_to IS NULL OR effective_from < effective_to),
	CONSTRAINT "tax_rates_rate" CHECK (rate >= 0 AND rate <= 100)
);
--> statement-breakpoint
DROP INDEX "outbox_undelivered";--> statement-breakpoint
DROP INDEX "usage_adjustments_open";--> statement-breakpoint
ALTER TABLE "billing_entities" ADD COLUMN "credit_note_series" text DEFAULT 'CN' NOT NULL;--> statement-breakpoint
ALTER TABLE "billing_entities" ADD COLUMN "address" jsonb;--> statement-breakpoint
ALTER TABLE "billing_entities" ADD COLUMN "tax_ids" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "billing_entities" ADD COLUMN "email" text;--> statement-breakpoint
ALTER TABLE "billing_entities" ADD COLUMN "hsn_sac" text;--> statement-breakpoint
ALTER TABLE "billing_entities" ADD COLUMN "payment_instructions" text;--> statement-breakpoint
ALTER TABLE "billing_entities" ADD COLUMN "logo_sha256" text;--> statement-breakpoint
ALTER TABLE "billing_entities" ADD COLUMN "logo_media_type" text;--> statement-breakpoint
ALTER TABLE "invoice_line_items" ADD COLUMN "original_currency" text;--> statement-breakpoint
ALTER TABLE "invoice_line_items" ADD COLUMN "original_amount" numeric;--> statement-breakpoint
ALTER TABLE "invoice_line_items" ADD COLUMN "exchange_rate" numeric;--> statement-breakpoint
ALTER TABLE "invoice_line_items" ADD COLUMN "display_name" text;--> statement-breakpoint
ALTER TABLE "invoice_line_items" ADD COLUMN "hsn_sac" text;--> statement-breakpoint
ALTER TABLE "invoice_line_items" ADD COLUMN "tax_category" text DEFAULT 'standard' NOT NULL;--> statement-breakpoint
ALTER TABLE "invoice_line_items" ADD COLUMN "discount_amount" numeric;--> statement-breakpoint
ALTER TABLE "invoice_line_items" ADD COLUMN "tax_amount" numeric;--> statement-breakpoint
ALTER TABLE "invoice_line_items" ADD COLUMN "taxes" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "invoices" ADD COLUMN "subtotal" numeric;--> statement-breakpoint
ALTER TABLE "invoices" ADD COLUMN "discount_total" numeric;--> statement-breakpoint
ALTER TABLE "invoices" ADD COLUMN "tax_total" numeric;--> statement-breakpoint
-- Invoices from before had neither discount nor tax; a zero takes the decimals of the total.
ALTER TABLE invoices DISABLE TRIGGER invoices_issued_never_change;--> statement-breakpoint
UPDATE invoices SET subtotal = total, discount_total = total - total, tax_total = total - total;--> statement-breakpoint
ALTER TABLE invoices ENABLE TRIGGER invoices_issued_never_change;--> statement-breakpoint
ALTER TABLE invoices ALTER COLUMN subtotal SET NOT NULL, ALTER COLUMN discount_total SET NOT NULL, ALTER COLUMN tax_total SET NOT NULL;--> statement-breakpoint
ALTER TABLE invoice_line_items DISABLE TRIGGER invoice_line_items_issued_never_change;--> statement-breakpoint
UPDATE invoice_line_items SET discount_amount = total - total, tax_amount = total - total;--> statement-breakpoint
ALTER TABLE invoice_line_items ENABLE TRIGGER invoice_line_items_issued_never_change;--> statement-breakpoint
ALTER TABLE invoice_line_items ALTER COLUMN discount_amount SET NOT NULL, ALTER COLUMN tax_amount SET NOT NULL;--> statement-breakpoint
ALTER TABLE "invoices" ADD COLUMN "discounts" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "invoices" ADD COLUMN "taxes" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "invoices" ADD COLUMN "reverse_charge" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "invoices" ADD COLUMN "conversions" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "invoices" ADD COLUMN "original_currency" text;--> statement-breakpoint
ALTER TABLE "invoices" ADD COLUMN "exchange_rate" numeric;--> statement-breakpoint
ALTER TABLE "invoices" ADD COLUMN "conversion_date" date;--> statement-breakpoint
ALTER TABLE "invoices" ADD COLUMN "template_id" uuid;--> statement-breakpoint
ALTER TABLE "invoices" ADD COLUMN "pdf_url" text;--> statement-breakpoint
ALTER TABLE "invoices" ADD COLUMN "pdf_sha256" text;--> statement-breakpoint
ALTER TABLE "invoices" ADD COLUMN "pdf_generated_at" timestamptz;--> statement-breakpoint
ALTER TABLE "organisations" ADD COLUMN "legal_name" text;--> statement-breakpoint
ALTER TABLE "organisations" ADD COLUMN "address" jsonb;--> statement-breakpoint
ALTER TABLE "organisations" ADD COLUMN "tax_id" text;--> statement-breakpoint
ALTER TABLE "organisations" ADD COLUMN "place_of_supply" text;--> statement-breakpoint
ALTER TABLE "organisations" ADD COLUMN "language" text DEFAULT 'en' NOT NULL;--> statement-breakpoint
ALTER TABLE "organisations" ADD COLUMN "tax_regime" text DEFAULT 'none' NOT NULL;--> statement-breakpoint
ALTER TABLE "organisations" ADD COLUMN "exchange_rate_max_age_days" integer;--> statement-breakpoint
ALTER TABLE "organisations" ADD COLUMN "reminder_days_before" integer DEFAULT 3;--> statement-breakpoint
ALTER TABLE "organisations" ADD COLUMN "reminder_days_after" integer DEFAULT 7;--> statement-breakpoint
ALTER TABLE "outbox" ADD COLUMN "dedupe_key" text;--> statement-breakpoint
ALTER TABLE "outbox" ADD COLUMN "attempts" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "outbox" ADD COLUMN "next_attempt_at" timestamptz DEFAULT now() NOT NULL;--> statement-breakpoint
ALTER TABLE "outbox" ADD COLUMN "last_error" text;--> statement-breakpoint
ALTER TABLE "outbox" ADD COLUMN "failed_at" timestamptz;--> statement-breakpoint
ALTER TABLE "pricing_plans" ADD COLUMN "display_name" text;--> statement-breakpoint
ALTER TABLE "pricing_plans" ADD COLUMN "tax_category" text DEFAULT 'standard' NOT NULL;--> statement-breakpoint
ALTER TABLE "pricing_plans" ADD COLUMN "hsn_sac" text;--> statement-breakpoint
ALTER TABLE "pricing_plans" ADD COLUMN "original_currency" text;--> statement-breakpoint
ALTER TABLE "pricing_plans" ADD COLUMN "exchange_rate" numeric;--> statement-breakpoint
ALTER TABLE "pricing_plans" ADD COLUMN "conversion_date" date;--> statement-breakpoint
ALTER TABLE "usage_adjustments" ADD COLUMN "source_credit_note_id" uuid;--> statement-breakpoint
ALTER TABLE "usage_adjustments" ADD COLUMN "credit_note_id" uuid;--> statement-breakpoint
ALTER TABLE "credit_note_lines" ADD CONSTRAINT "credit_note_lines_organisation_id_credit_note_id_credit_notes_organisation_id_id_fk" FOREIGN KEY ("organisation_id","credit_note_id") REFERENCES "public"."credit_notes"("organisation_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "credit_notes" ADD CONSTRAINT "credit_notes_billing_entity_id_billing_entities_id_fk" FOREIGN KEY ("billing_entity_id") REFERENCES "public"."billing_entities"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "credit_notes" ADD CONSTRAINT "credit_notes_organisation_id_invoice_id_invoices_organisation_id_id_fk" FOREIGN KEY ("organisation_id","invoice_id") REFERENCES "public"."invoices"("organisation_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "discounts" ADD CONSTRAINT "discounts_organisation_id_organisations_id_fk" FOREIGN KEY ("organisation_id") REFERENCES "public"."organisations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invoice_links" ADD CONSTRAINT "invoice_links_organisation_id_invoice_id_invoices_organisation_id_id_fk" FOREIGN KEY ("organisation_id","invoice_id") REFERENCES "public"."invoices"("organisation_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invoice_templates" ADD CONSTRAINT "invoice_templates_organisation_id_organisations_id_fk" FOREIGN KEY ("organisation_id") REFERENCES "public"."organisations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "payments" ADD CONSTRAINT "payments_organisation_id_invoice_id_invoices_organisation_id_id_fk" FOREIGN KEY ("organisation_id","invoice_id") REFERENCES "public"."invoices"("organisation_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "credit_notes_number" ON "credit_notes" USING btree ("billing_entity_id","credit_note_number");--> statement-breakpoint
CREATE UNIQUE INDEX "credit_notes_idempotency_key" ON "credit_notes" USING btree ("organisation_id","idempotency_key");--> statement-breakpoint
CREATE UNIQUE INDEX "credit_notes_one_proposal" ON "credit_notes" USING btree ("organisation_id","invoice_id") WHERE status = 'proposed' AND origin = 'late_usage';--> statement-breakpoint
CREATE INDEX "credit_notes_invoice" ON "credit_notes" USING btree ("organisation_id","invoice_id");--> statement-breakpoint
CREATE INDEX "email_notifications_invoice" ON "email_notifications" USING btree ("organisation_id","invoice_id");--> statement-breakpoint
CREATE INDEX "exchange_rates_pair" ON "exchange_rates" USING btree ("base_currency","target_currency","effective_from");--> statement-breakpoint
CREATE INDEX "idempotency_keys_created" ON "idempotency_keys" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "invoice_links_invoice" ON "invoice_links" USING btree ("organisation_id","invoice_id");--> statement-breakpoint
CREATE UNIQUE INDEX "invoice_templates_one_default" ON "invoice_templates" USING btree (coalesce(organisation_id, '00000000-0000-0000-0000-000000000000'::uuid),"template_type") WHERE is_default AND is_active;--> statement-breakpoint
CREATE UNIQUE INDEX "payments_idempotency_key" ON "payments" USING btree ("organisation_id","idempotency_key");--> statement-breakpoint
CREATE INDEX "payments_invoice" ON "payments" USING btree ("organisation_id","invoice_id");--> statement-breakpoint
CREATE UNIQUE INDEX "outbox_dedupe_key" ON "outbox" USING btree ("organisation_id","dedupe_key");--> statement-breakpoint
CREATE INDEX "outbox_due" ON "outbox" USING btree ("topic","next_attempt_at") WHERE delivered_at IS NULL AND failed_at IS NULL;--> statement-breakpoint
CREATE INDEX "usage_adjustments_unclaimed" ON "usage_adjustments" USING btree ("organisation_id") WHERE invoice_id IS NULL AND credit_note_id IS NULL;--> statement-breakpoint
CREATE INDEX "usage_adjustments_credit_note" ON "usage_adjustments" USING btree ("organisation_id","credit_note_id");--> statement-breakpoint
ALTER TABLE "invoices" ADD CONSTRAINT "invoices_total_is_sum" CHECK (total = subtotal - discount_total + tax_total);--> statement-breakpoint
ALTER TABLE "organisations" ADD CONSTRAINT "organisations_tax_regime" CHECK (tax_regime IN ('none', 'in', 'eu'));--> statement-breakpoint
ALTER TABLE "usage_adjustments" ADD CONSTRAINT "usage_adjustments_one_claimant" CHECK (invoice_id IS NULL OR credit_note_id IS NULL);--> statement-breakpoint
CREATE POLICY "credit_note_lines_tenant" ON "credit_note_lines" AS PERMISSIVE FOR ALL TO "meterbook_tenant" USING (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid) WITH CHECK (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "credit_note_lines_platform" ON "credit_note_lines" AS PERMISSIVE FOR ALL TO "meterbook_platform" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "credit_notes_tenant" ON "credit_notes" AS PERMISSIVE FOR ALL TO "meterbook_tenant" USING (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid) WITH CHECK (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "credit_notes_platform" ON "credit_notes" AS PERMISSIVE FOR ALL TO "meterbook_platform" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "discounts_tenant" ON "discounts" AS PERMISSIVE FOR ALL TO "meterbook_tenant" USING (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid) WITH CHECK (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "discounts_platform" ON "discounts" AS PERMISSIVE FOR ALL TO "meterbook_platform" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "documents_tenant" ON "documents" AS PERMISSIVE FOR ALL TO "meterbook_tenant" USING (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid) WITH CHECK (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "documents_platform" ON "documents" AS PERMISSIVE FOR ALL TO "meterbook_platform" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "email_notifications_tenant" ON "email_notifications" AS PERMISSIVE FOR ALL TO "meterbook_tenant" USING (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid) WITH CHECK (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "email_notifications_platform" ON "email_notifications" AS PERMISSIVE FOR ALL TO "meterbook_platform" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "invoice_links_tenant" ON "invoice_links" AS PERMISSIVE FOR ALL TO "meterbook_tenant" USING (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid) WITH CHECK (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "invoice_links_platform" ON "invoice_links" AS PERMISSIVE FOR ALL TO "meterbook_platform" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "invoice_templates_tenant" ON "invoice_templates" AS PERMISSIVE FOR ALL TO "meterbook_tenant" USING (organisation_id IS NULL OR organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid) WITH CHECK (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "invoice_templates_platform" ON "invoice_templates" AS PERMISSIVE FOR ALL TO "meterbook_platform" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "payments_tenant" ON "payments" AS PERMISSIVE FOR ALL TO "meterbook_tenant" USING (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid) WITH CHECK (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "payments_platform" ON "payments" AS PERMISSIVE FOR ALL TO "meterbook_platform" USING (true) WITH CHECK (true);