DO $$ BEGIN CREATE ROLE "meterbook_platform" NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;--> statement-breakpoint
DO $$ BEGIN CREATE ROLE "meterbook_tenant" NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;--> statement-breakpoint
CREATE TABLE "admin_api_keys" (
	"id" uuid PRIMARY KEY NOT NULL,
	"user_id" uuid NOT NULL,
	"key_hash" text NOT NULL,
	"prefix" text NOT NULL,
	"name" text NOT NULL,
	"is_active" boolean DEFAULT true NOT NULL,
	"expires_at" timestamptz,
	"revoked_at" timestamptz,
	"last_used_at" timestamptz,
	"created_at" timestamptz DEFAULT now() NOT NULL,
	"updated_at" timestamptz DEFAULT now() NOT NULL,
	CONSTRAINT "admin_api_keys_key_hash_unique" UNIQUE("key_hash")
);
--> statement-breakpoint
CREATE TABLE "admin_users" (
	"id" uuid PRIMARY KEY NOT NULL,
	"email" text NOT NULL,
	"role" text NOT NULL,
	"permissions" jsonb NOT NULL,
	"created_at" timestamptz DEFAULT now() NOT NULL,
	"updated_at" timestamptz DEFAULT now() NOT NULL,
	CONSTRAINT "admin_users_email_unique" UNIQUE("email")
);
--> statement-breakpoint
CREATE TABLE "api_keys" (
	"organisation_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"project_id" uuid NOT NULL,
	"key_hash" text NOT NULL,
	"prefix" text NOT NULL,
	"name" text NOT NULL,
	"is_active" boolean DEFAULT true NOT NULL,
	"expires_at" timestamptz,
	"revoked_at" timestamptz,
	"last_used_at" timestamptz,
	"created_at" timestamptz DEFAULT now() NOT NULL,
	"updated_at" timestamptz DEFAULT now() NOT NULL,
	CONSTRAINT "api_keys_organisation_id_id_pk" PRIMARY KEY("organisation_id","id"),
	CONSTRAINT "api_keys_id" UNIQUE("id"),
	CONSTRAINT "api_keys_key_hash" UNIQUE("key_hash")
);
--> statement-breakpoint
ALTER TABLE "api_keys" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "audit_chains" (
	"organisation_id" uuid PRIMARY KEY NOT NULL,
	"last_seq" bigint NOT NULL,
	"last_hash" text NOT NULL
);
--> statement-breakpoint
ALTER TABLE "audit_chains" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "audit_logs" (
	"organisation_id" uuid NOT NULL,
	"seq" bigint NOT NULL,
	"id" uuid NOT NULL,
	"entity_type" text NOT NULL,
	"entity_id" text NOT NULL,
	"action" text NOT NULL,
	"user_id" uuid,
	"actor" text NOT NULL,
	"changes" jsonb NOT NULL,
	"ip_address" text,
	"user_agent" text,
	"request_id" text,
	"created_at" timestamptz NOT NULL,
	"prev_hash" text NOT NULL,
	"row_hash" text NOT NULL,
	CONSTRAINT "audit_logs_organisation_id_seq_pk" PRIMARY KEY("organisation_id","seq")
);
--> statement-breakpoint
ALTER TABLE "audit_logs" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "billing_calendars" (
	"organisation_id" uuid NOT NULL,
	"from_year" smallint NOT NULL,
	"from_month" smallint NOT NULL,
	"timezone" text NOT NULL,
	"currency" text NOT NULL,
	"created_at" timestamptz DEFAULT now() NOT NULL,
	CONSTRAINT "billing_calendars_organisation_id_from_year_from_month_pk" PRIMARY KEY("organisation_id","from_year","from_month")
);
--> statement-breakpoint
ALTER TABLE "billing_calendars" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "billing_entities" (
	"id" uuid PRIMARY KEY NOT NULL,
	"legal_name" text NOT NULL,
	"series" text DEFAULT 'INV' NOT NULL,
	"number_format" text DEFAULT '{series}-{fy}-{seq}' NOT NULL,
	"financial_year_start_month" smallint DEFAULT 1 NOT NULL,
	"timezone" text DEFAULT 'UTC' NOT NULL,
	"is_default" boolean DEFAULT false NOT NULL,
	"created_at" timestamptz DEFAULT now() NOT NULL,
	"updated_at" timestamptz DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "billing_periods" (
	"organisation_id" uuid NOT NULL,
	"year" smallint NOT NULL,
	"month" smallint NOT NULL,
	"starts_at" timestamptz NOT NULL,
	"ends_at" timestamptz NOT NULL,
	"timezone" text NOT NULL,
	"currency" text NOT NULL,
	"status" text DEFAULT 'open' NOT NULL,
	"closed_at" timestamptz,
	"cutoff_seq" bigint,
	"cutoff_epoch" integer,
	"created_at" timestamptz DEFAULT now() NOT NULL,
	CONSTRAINT "billing_periods_organisation_id_year_month_pk" PRIMARY KEY("organisation_id","year","month"),
	CONSTRAINT "billing_periods_status" CHECK (status IN ('open', 'closed')),
	CONSTRAINT "billing_periods_half_open" CHECK (starts_at < ends_at)
);
--> statement-breakpoint
ALTER TABLE "billing_periods" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "event_conflicts" (
	"organisation_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"project_id" uuid NOT NULL,
	"idempotency_key" text NOT NULL,
	"kind" text NOT NULL,
	"fingerprint" text NOT NULL,
	"event" jsonb NOT NULL,
	"first_event_id" uuid NOT NULL,
	"received_at" timestamptz NOT NULL,
	"created_at" timestamptz DEFAULT now() NOT NULL,
	CONSTRAINT "event_conflicts_organisation_id_id_pk" PRIMARY KEY("organisation_id","id"),
	CONSTRAINT "event_conflicts_kind" CHECK (kind IN ('conflict', 'duplicate'))
);
--> statement-breakpoint
ALTER TABLE "event_conflicts" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "event_keys" (
	"organisation_id" uuid NOT NULL,
	"project_id" uuid NOT NULL,
	"idempotency_key" text NOT NULL,
	"event_id" uuid NOT NULL,
	"fingerprint" text NOT NULL,
	"occurred_at" timestamptz NOT NULL,
	"ingested_at" timestamptz NOT NULL,
	CONSTRAINT "event_keys_project_id_idempotency_key_pk" PRIMARY KEY("project_id","idempotency_key")
) PARTITION BY HASH ("project_id");
--> statement-breakpoint
ALTER TABLE "event_keys" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "event_quarantine" (
	"id" text PRIMARY KEY NOT NULL,
	"shard" smallint NOT NULL,
	"organisation_id" uuid,
	"project_id" uuid,
	"idempotency_key" text,
	"event" text NOT NULL,
	"keyed" boolean NOT NULL,
	"reason" text NOT NULL,
	"detail" text NOT NULL,
	"received_at" timestamptz NOT NULL,
	"resolved_at" timestamptz,
	"created_at" timestamptz DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "event_quarantine" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "invoice_counters" (
	"billing_entity_id" uuid NOT NULL,
	"series" text NOT NULL,
	"financial_year" text NOT NULL,
	"last_number" integer NOT NULL,
	CONSTRAINT "invoice_counters_billing_entity_id_series_financial_year_pk" PRIMARY KEY("billing_entity_id","series","financial_year")
);
--> statement-breakpoint
CREATE TABLE "invoice_line_items" (
	"organisation_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"invoice_id" uuid NOT NULL,
	"line_number" integer NOT NULL,
	"kind" text NOT NULL,
	"description" text NOT NULL,
	"metric_name" text NOT NULL,
	"unit" text NOT NULL,
	"quantity" numeric NOT NULL,
	"unit_price" numeric,
	"total" numeric NOT NULL,
	"currency" text NOT NULL,
	"pricing_plan_id" uuid NOT NULL,
	"year" smallint NOT NULL,
	"month" smallint NOT NULL,
	"first_day" date NOT NULL,
	"last_day" date NOT NULL,
	"carried_quantity" numeric NOT NULL,
	"tiers" jsonb,
	"by_project" jsonb NOT NULL,
	"event_count" bigint NOT NULL,
	"events_hash" text,
	CONSTRAINT "invoice_line_items_organisation_id_id_pk" PRIMARY KEY("organisation_id","id"),
	CONSTRAINT "invoice_line_items_number" UNIQUE("organisation_id","invoice_id","line_number"),
	CONSTRAINT "invoice_line_items_kind" CHECK (kind IN ('usage', 'flat', 'late', 'carried'))
);
--> statement-breakpoint
ALTER TABLE "invoice_line_items" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "invoices" (
	"organisation_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"billing_entity_id" uuid NOT NULL,
	"invoice_number" text,
	"status" text DEFAULT 'draft' NOT NULL,
	"year" smallint NOT NULL,
	"month" smallint NOT NULL,
	"period_start" timestamptz NOT NULL,
	"period_end" timestamptz NOT NULL,
	"timezone" text NOT NULL,
	"currency" text NOT NULL,
	"total" numeric NOT NULL,
	"unpriced" jsonb NOT NULL,
	"issued_at" timestamptz,
	"due_date" date,
	"paid_at" timestamptz,
	"cancelled_at" timestamptz,
	"created_at" timestamptz DEFAULT now() NOT NULL,
	"updated_at" timestamptz DEFAULT now() NOT NULL,
	CONSTRAINT "invoices_organisation_id_id_pk" PRIMARY KEY("organisation_id","id"),
	CONSTRAINT "invoices_id" UNIQUE("id"),
	CONSTRAINT "invoices_status" CHECK (status IN ('draft', 'finalized', 'paid', 'refunded', 'cancelled')),
	CONSTRAINT "invoices_total_not_negative" CHECK (total >= 0),
	CONSTRAINT "invoices_number_from_finalization" CHECK ((status = 'draft' AND invoice_number IS NULL) OR status = 'cancelled' OR invoice_number IS NOT NULL)
);
--> statement-breakpoint
ALTER TABLE "invoices" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "job_runs" (
	"id" uuid PRIMARY KEY NOT NULL,
	"job" text NOT NULL,
	"started_by" text NOT NULL,
	"as_of" timestamptz NOT NULL,
	"status" text NOT NULL,
	"started_at" timestamptz NOT NULL,
	"finished_at" timestamptz,
	"counts" jsonb NOT NULL,
	"error" text,
	CONSTRAINT "job_runs_status" CHECK (status IN ('running', 'succeeded', 'partial', 'failed'))
);
--> statement-breakpoint
CREATE TABLE "organisations" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"billing_email" text NOT NULL,
	"currency" text NOT NULL,
	"timezone" text DEFAULT 'UTC' NOT NULL,
	"payment_terms_days" integer DEFAULT 14 NOT NULL,
	"grace_hours" integer DEFAULT 48 NOT NULL,
	"billing_entity_id" uuid NOT NULL,
	"block_unpriced" boolean DEFAULT false NOT NULL,
	"shard" smallint NOT NULL,
	"is_active" boolean DEFAULT true NOT NULL,
	"publication_version" bigint DEFAULT 1 NOT NULL,
	"created_at" timestamptz DEFAULT now() NOT NULL,
	"updated_at" timestamptz DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "organisations" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "outbox" (
	"organisation_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"topic" text NOT NULL,
	"payload" jsonb NOT NULL,
	"delivered_at" timestamptz,
	"created_at" timestamptz DEFAULT now() NOT NULL,
	CONSTRAINT "outbox_organisation_id_id_pk" PRIMARY KEY("organisation_id","id")
);
--> statement-breakpoint
ALTER TABLE "outbox" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "pricing_plans" (
	"id" uuid PRIMARY KEY NOT NULL,
	"organisation_id" uuid,
	"metric_name" text NOT NULL,
	"unit" text NOT NULL,
	"currency" text NOT NULL,
	"charge_model" text NOT NULL,
	"price_per_unit" numeric,
	"tiers" jsonb,
	"package_size" numeric,
	"package_price" numeric,
	"amount" numeric,
	"included_units" numeric,
	"minimum_amount" numeric,
	"maximum_amount" numeric,
	"effective_from" date NOT NULL,
	"effective_to" date,
	"is_active" boolean DEFAULT true NOT NULL,
	"created_at" timestamptz DEFAULT now() NOT NULL,
	"updated_at" timestamptz DEFAULT now() NOT NULL,
	CONSTRAINT "pricing_plans_range" CHECK (effective_to IS NULL OR effective_from < effective_to),
	CONSTRAINT "pricing_plans_charge_model" CHECK (charge_model IN ('per_unit', 'graduated', 'volume', 'package', 'flat'))
);
--> statement-breakpoint
ALTER TABLE "pricing_plans" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "projects" (
	"organisation_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"name" text NOT NULL,
	"description" text,
	"external_key" text,
	"is_active" boolean DEFAULT true NOT NULL,
	"created_at" timestamptz DEFAULT now() NOT NULL,
	"updated_at" timestamptz DEFAULT now() NOT NULL,
	CONSTRAINT "projects_organisation_id_id_pk" PRIMARY KEY("organisation_id","id"),
	CONSTRAINT "projects_id" UNIQUE("id"),
	CONSTRAINT "projects_external_key" UNIQUE("organisation_id","external_key")
);
--> statement-breakpoint
ALTER TABLE "projects" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "rollup_batches" (
	"shard" smallint NOT NULL,
	"stream" text NOT NULL,
	"epoch" integer NOT NULL,
	"from_seq" bigint NOT NULL,
	"to_seq" bigint NOT NULL,
	"n_in" integer NOT NULL,
	"n_counted" integer NOT NULL,
	"n_duplicate" integer NOT NULL,
	"n_conflict" integer NOT NULL,
	"n_quarantined" integer NOT NULL,
	"committed_at" timestamptz NOT NULL,
	"purged_at" timestamptz,
	CONSTRAINT "rollup_batches_shard_stream_epoch_to_seq_pk" PRIMARY KEY("shard","stream","epoch","to_seq"),
	CONSTRAINT "rollup_batches_sum" CHECK (n_in = n_counted + n_duplicate + n_conflict + n_quarantined),
	CONSTRAINT "rollup_batches_range" CHECK (from_seq < to_seq)
);
--> statement-breakpoint
CREATE TABLE "rollup_cursors" (
	"shard" smallint NOT NULL,
	"stream" text NOT NULL,
	"epoch" integer DEFAULT 1 NOT NULL,
	"last_seq" bigint DEFAULT 0 NOT NULL,
	"last_id" text DEFAULT '' NOT NULL,
	"halted_at" timestamptz,
	"halt_reason" text,
	"updated_at" timestamptz DEFAULT now() NOT NULL,
	CONSTRAINT "rollup_cursors_shard_stream_pk" PRIMARY KEY("shard","stream"),
	CONSTRAINT "rollup_cursors_stream" CHECK (stream IN ('events', 'conflicts'))
);
--> statement-breakpoint
CREATE TABLE "usage_adjustments" (
	"organisation_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"project_id" uuid,
	"metric_name" text NOT NULL,
	"unit" text NOT NULL,
	"kind" text NOT NULL,
	"year" smallint NOT NULL,
	"month" smallint NOT NULL,
	"hour" timestamptz,
	"day" date NOT NULL,
	"quantity" numeric NOT NULL,
	"event_count" bigint NOT NULL,
	"source_invoice_id" uuid,
	"invoice_id" uuid,
	"created_at" timestamptz DEFAULT now() NOT NULL,
	CONSTRAINT "usage_adjustments_organisation_id_id_pk" PRIMARY KEY("organisation_id","id"),
	CONSTRAINT "usage_adjustments_kind" CHECK (kind IN ('late', 'carried'))
);
--> statement-breakpoint
ALTER TABLE "usage_adjustments" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "usage_aggregates" (
	"organisation_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"project_id" uuid NOT NULL,
	"metric_name" text NOT NULL,
	"unit" text NOT NULL,
	"total_value" numeric NOT NULL,
	"event_count" bigint NOT NULL,
	"year" smallint NOT NULL,
	"month" smallint NOT NULL,
	"created_at" timestamptz DEFAULT now() NOT NULL,
	"updated_at" timestamptz DEFAULT now() NOT NULL,
	CONSTRAINT "usage_aggregates_organisation_id_id_pk" PRIMARY KEY("organisation_id","id"),
	CONSTRAINT "usage_aggregates_key" UNIQUE("organisation_id","project_id","metric_name","unit","year","month")
);
--> statement-breakpoint
ALTER TABLE "usage_aggregates" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "usage_daily" (
	"organisation_id" uuid NOT NULL,
	"project_id" uuid NOT NULL,
	"metric_name" text NOT NULL,
	"unit" text NOT NULL,
	"day" date NOT NULL,
	"total_value" numeric NOT NULL,
	"event_count" bigint NOT NULL,
	"version" bigint DEFAULT 1 NOT NULL,
	"updated_at" timestamptz DEFAULT now() NOT NULL,
	CONSTRAINT "usage_daily_organisation_id_project_id_metric_name_unit_day_pk" PRIMARY KEY("organisation_id","project_id","metric_name","unit","day")
);
--> statement-breakpoint
ALTER TABLE "usage_daily" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "usage_events" (
	"organisation_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"project_id" uuid NOT NULL,
	"metric_name" text NOT NULL,
	"metric_value" numeric(38, 12) NOT NULL,
	"unit" text NOT NULL,
	"timestamp" timestamptz NOT NULL,
	"user_id" text,
	"metadata" jsonb NOT NULL,
	"idempotency_key" text NOT NULL,
	"ingested_at" timestamptz NOT NULL,
	"hour" timestamptz NOT NULL,
	"day" date NOT NULL,
	"adjustment_id" uuid,
	CONSTRAINT "usage_events_organisation_id_id_ingested_at_pk" PRIMARY KEY("organisation_id","id","ingested_at")
) PARTITION BY RANGE ("ingested_at");
--> statement-breakpoint
ALTER TABLE "usage_events" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "usage_hourly" (
	"organisation_id" uuid NOT NULL,
	"project_id" uuid NOT NULL,
	"metric_name" text NOT NULL,
	"unit" text NOT NULL,
	"hour" timestamptz NOT NULL,
	"day" date NOT NULL,
	"total_value" numeric NOT NULL,
	"event_count" bigint NOT NULL,
	CONSTRAINT "usage_hourly_organisation_id_project_id_metric_name_unit_hour_day_pk" PRIMARY KEY("organisation_id","project_id","metric_name","unit","hour","day")
);
--> statement-breakpoint
ALTER TABLE "usage_hourly" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "admin_api_keys" ADD CONSTRAINT "admin_api_keys_user_id_admin_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."admin_users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_organisation_id_project_id_projects_organisation_id_id_fk" FOREIGN KEY ("organisation_id","project_id") REFERENCES "public"."projects"("organisation_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "billing_calendars" ADD CONSTRAINT "billing_calendars_organisation_id_organisations_id_fk" FOREIGN KEY ("organisation_id") REFERENCES "public"."organisations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "billing_periods" ADD CONSTRAINT "billing_periods_organisation_id_organisations_id_fk" FOREIGN KEY ("organisation_id") REFERENCES "public"."organisations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invoice_counters" ADD CONSTRAINT "invoice_counters_billing_entity_id_billing_entities_id_fk" FOREIGN KEY ("billing_entity_id") REFERENCES "public"."billing_entities"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invoice_line_items" ADD CONSTRAINT "invoice_line_items_pricing_plan_id_pricing_plans_id_fk" FOREIGN KEY ("pricing_plan_id") REFERENCES "public"."pricing_plans"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invoice_line_items" ADD CONSTRAINT "invoice_line_items_organisation_id_invoice_id_invoices_organisation_id_id_fk" FOREIGN KEY ("organisation_id","invoice_id") REFERENCES "public"."invoices"("organisation_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invoices" ADD CONSTRAINT "invoices_organisation_id_organisations_id_fk" FOREIGN KEY ("organisation_id") REFERENCES "public"."organisations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "invoices" ADD CONSTRAINT "invoices_billing_entity_id_billing_entities_id_fk" FOREIGN KEY ("billing_entity_id") REFERENCES "public"."billing_entities"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "organisations" ADD CONSTRAINT "organisations_billing_entity_id_billing_entities_id_fk" FOREIGN KEY ("billing_entity_id") REFERENCES "public"."billing_entities"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "pricing_plans" ADD CONSTRAINT "pricing_plans_organisation_id_organisations_id_fk" FOREIGN KEY ("organisation_id") REFERENCES "public"."organisations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "projects" ADD CONSTRAINT "projects_organisation_id_organisations_id_fk" FOREIGN KEY ("organisation_id") REFERENCES "public"."organisations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "usage_adjustments" ADD CONSTRAINT "usage_adjustments_organisation_id_project_id_projects_organisation_id_id_fk" FOREIGN KEY ("organisation_id","project_id") REFERENCES "public"."projects"("organisation_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "usage_aggregates" ADD CONSTRAINT "usage_aggregates_organisation_id_project_id_projects_organisation_id_id_fk" FOREIGN KEY ("organisation_id","project_id") REFERENCES "public"."projects"("organisation_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "event_conflicts_key" ON "event_conflicts" USING btree ("organisation_id","project_id","idempotency_key");--> statement-breakpoint
CREATE INDEX "event_quarantine_organisation" ON "event_quarantine" USING btree ("organisation_id") WHERE resolved_at IS NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "invoices_one_live_per_period" ON "invoices" USING btree ("organisation_id","year","month") WHERE status <> 'cancelled';--> statement-breakpoint
CREATE UNIQUE INDEX "invoices_number" ON "invoices" USING btree ("billing_entity_id","invoice_number");--> statement-breakpoint
CREATE INDEX "job_runs_job_started" ON "job_runs" USING btree ("job","started_at");--> statement-breakpoint
CREATE INDEX "outbox_undelivered" ON "outbox" USING btree ("created_at") WHERE delivered_at IS NULL;--> statement-breakpoint
CREATE INDEX "pricing_plans_organisation" ON "pricing_plans" USING btree ("organisation_id","metric_name","unit");--> statement-breakpoint
CREATE INDEX "rollup_batches_unpurged" ON "rollup_batches" USING btree ("committed_at") WHERE purged_at IS NULL;--> statement-breakpoint
CREATE INDEX "usage_adjustments_open" ON "usage_adjustments" USING btree ("organisation_id") WHERE invoice_id IS NULL;--> statement-breakpoint
CREATE INDEX "usage_adjustments_invoice" ON "usage_adjustments" USING btree ("organisation_id","invoice_id");--> statement-breakpoint
CREATE INDEX "usage_aggregates_organisation_month" ON "usage_aggregates" USING btree ("organisation_id","year","month");--> statement-breakpoint
CREATE INDEX "usage_daily_updated" ON "usage_daily" USING btree ("updated_at");--> statement-breakpoint
CREATE INDEX "usage_events_organisation_project_timestamp" ON "usage_events" USING btree ("organisation_id","project_id","timestamp");--> statement-breakpoint
CREATE POLICY "api_keys_tenant" ON "api_keys" AS PERMISSIVE FOR ALL TO "meterbook_tenant" USING (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid) WITH CHECK (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "api_keys_platform" ON "api_keys" AS PERMISSIVE FOR ALL TO "meterbook_platform" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "audit_chains_tenant" ON "audit_chains" AS PERMISSIVE FOR ALL TO "meterbook_tenant" USING (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid) WITH CHECK (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "audit_chains_platform" ON "audit_chains" AS PERMISSIVE FOR ALL TO "meterbook_platform" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "audit_logs_tenant" ON "audit_logs" AS PERMISSIVE FOR ALL TO "meterbook_tenant" USING (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid) WITH CHECK (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "audit_logs_platform" ON "audit_logs" AS PERMISSIVE FOR ALL TO "meterbook_platform" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "billing_calendars_tenant" ON "billing_calendars" AS PERMISSIVE FOR ALL TO "meterbook_tenant" USING (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid) WITH CHECK (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "billing_calendars_platform" ON "billing_calendars" AS PERMISSIVE FOR ALL TO "meterbook_platform" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "billing_periods_tenant" ON "billing_periods" AS PERMISSIVE FOR ALL TO "meterbook_tenant" USING (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid) WITH CHECK (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "billing_periods_platform" ON "billing_periods" AS PERMISSIVE FOR ALL TO "meterbook_platform" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "event_conflicts_tenant" ON "event_conflicts" AS PERMISSIVE FOR ALL TO "meterbook_tenant" USING (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid) WITH CHECK (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "event_conflicts_platform" ON "event_conflicts" AS PERMISSIVE FOR ALL TO "meterbook_platform" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "event_keys_tenant" ON "event_keys" AS PERMISSIVE FOR ALL TO "meterbook_tenant" USING (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid) WITH CHECK (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "event_keys_platform" ON "event_keys" AS PERMISSIVE FOR ALL TO "meterbook_platform" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "event_quarantine_tenant" ON "event_quarantine" AS PERMISSIVE FOR ALL TO "meterbook_tenant" USING (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid) WITH CHECK (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "event_quarantine_platform" ON "event_quarantine" AS PERMISSIVE FOR ALL TO "meterbook_platform" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "invoice_line_items_tenant" ON "invoice_line_items" AS PERMISSIVE FOR ALL TO "meterbook_tenant" USING (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid) WITH CHECK (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "invoice_line_items_platform" ON "invoice_line_items" AS PERMISSIVE FOR ALL TO "meterbook_platform" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "invoices_tenant" ON "invoices" AS PERMISSIVE FOR ALL TO "meterbook_tenant" USING (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid) WITH CHECK (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "invoices_platform" ON "invoices" AS PERMISSIVE FOR ALL TO "meterbook_platform" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "organisations_tenant" ON "organisations" AS PERMISSIVE FOR ALL TO "meterbook_tenant" USING (id = NULLIF(current_setting('app.organisation_id', true), '')::uuid) WITH CHECK (id = NULLIF(current_setting('app.organisation_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "organisations_platform" ON "organisations" AS PERMISSIVE FOR ALL TO "meterbook_platform" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "outbox_tenant" ON "outbox" AS PERMISSIVE FOR ALL TO "meterbook_tenant" USING (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid) WITH CHECK (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "outbox_platform" ON "outbox" AS PERMISSIVE FOR ALL TO "meterbook_platform" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "pricing_plans_tenant" ON "pricing_plans" AS PERMISSIVE FOR ALL TO "meterbook_tenant" USING (organisation_id IS NULL OR organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid) WITH CHECK (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "pricing_plans_platform" ON "pricing_plans" AS PERMISSIVE FOR ALL TO "meterbook_platform" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "projects_tenant" ON "projects" AS PERMISSIVE FOR ALL TO "meterbook_tenant" USING (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid) WITH CHECK (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "projects_platform" ON "projects" AS PERMISSIVE FOR ALL TO "meterbook_platform" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "usage_adjustments_tenant" ON "usage_adjustments" AS PERMISSIVE FOR ALL TO "meterbook_tenant" USING (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid) WITH CHECK (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "usage_adjustments_platform" ON "usage_adjustments" AS PERMISSIVE FOR ALL TO "meterbook_platform" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "usage_aggregates_tenant" ON "usage_aggregates" AS PERMISSIVE FOR ALL TO "meterbook_tenant" USING (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid) WITH CHECK (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "usage_aggregates_platform" ON "usage_aggregates" AS PERMISSIVE FOR ALL TO "meterbook_platform" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "usage_daily_tenant" ON "usage_daily" AS PERMISSIVE FOR ALL TO "meterbook_tenant" USING (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid) WITH CHECK (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "usage_daily_platform" ON "usage_daily" AS PERMISSIVE FOR ALL TO "meterbook_platform" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "usage_events_tenant" ON "usage_events" AS PERMISSIVE FOR ALL TO "meterbook_tenant" USING (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid) WITH CHECK (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "usage_events_platform" ON "usage_events" AS PERMISSIVE FOR ALL TO "meterbook_platform" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "usage_hourly_tenant" ON "usage_hourly" AS PERMISSIVE FOR ALL TO "meterbook_tenant" USING (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid) WITH CHECK (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "usage_hourly_platform" ON "usage_hourly" AS PERMISSIVE FOR ALL TO "meterbook_platform" USING (true) WITH CHECK (true);