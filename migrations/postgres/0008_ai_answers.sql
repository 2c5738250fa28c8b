CREATE TABLE "ai_cost_adjustments" (
	"organisation_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"repricing_id" uuid NOT NULL,
	"generation_id" uuid NOT NULL,
	"project_id" uuid NOT NULL,
	"idempotency_key" text NOT NULL,
	"cost_usd" numeric(38, 12) NOT NULL,
	"event_count" smallint NOT NULL,
	"occurred_at" timestamptz NOT NULL,
	"ingested_at" timestamptz NOT NULL,
	"hour" timestamptz NOT NULL,
	"day" date NOT NULL,
	"adjustment_id" uuid,
	"created_at" timestamptz DEFAULT now() NOT NULL,
	CONSTRAINT "ai_cost_adjustments_organisation_id_id_pk" PRIMARY KEY("organisation_id","id"),
	CONSTRAINT "ai_cost_adjustments_event_count" CHECK (event_count IN (0, 1))
);
--> statement-breakpoint
ALTER TABLE "ai_cost_adjustments" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "ai_payload_archives" (
	"organisation_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"status" text DEFAULT 'writing' NOT NULL,
	"file_key" text NOT NULL,
	"rows" integer NOT NULL,
	"bytes" integer NOT NULL,
	"sha256" text NOT NULL,
	"first_occurred_at" timestamptz NOT NULL,
	"last_occurred_at" timestamptz NOT NULL,
	"last_received_at" timestamptz NOT NULL,
	"input_tokens" numeric NOT NULL,
	"output_tokens" numeric NOT NULL,
	"cache_read_tokens" numeric NOT NULL,
	"cache_write_5m_tokens" numeric NOT NULL,
	"cache_write_1h_tokens" numeric NOT NULL,
	"reasoning_tokens" numeric NOT NULL,
	"cost_usd" numeric NOT NULL,
	"replaced_by" uuid,
	"verified_at" timestamptz,
	"deleted_at" timestamptz,
	"created_at" timestamptz DEFAULT now() NOT NULL,
	CONSTRAINT "ai_payload_archives_organisation_id_id_pk" PRIMARY KEY("organisation_id","id"),
	CONSTRAINT "ai_payload_archives_status" CHECK (status IN ('writing', 'kept', 'deleting', 'deleted')),
	CONSTRAINT "ai_payload_archives_verified" CHECK (status NOT IN ('kept', 'deleted') OR verified_at IS NOT NULL),
	CONSTRAINT "ai_payload_archives_deleted" CHECK ((status = 'deleted') = (deleted_at IS NOT NULL))
);
--> statement-breakpoint
ALTER TABLE "ai_payload_archives" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "user_erasures" (
	"organisation_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"user_id" text,
	"pseudonym" text NOT NULL,
	"events_seq" bigint NOT NULL,
	"conflicts_seq" bigint NOT NULL,
	"done_at" timestamptz,
	"created_at" timestamptz DEFAULT now() NOT NULL,
	CONSTRAINT "user_erasures_organisation_id_id_pk" PRIMARY KEY("organisation_id","id"),
	CONSTRAINT "user_erasures_forgotten" CHECK ((done_at IS NULL) = (user_id IS NOT NULL))
);
--> statement-breakpoint
ALTER TABLE "user_erasures" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "user_identities" (
	"organisation_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"user_row_id" uuid NOT NULL,
	"provider" text NOT NULL,
	"external_id" text NOT NULL,
	"label" text,
	"created_at" timestamptz DEFAULT now() NOT NULL,
	CONSTRAINT "user_identities_organisation_id_id_pk" PRIMARY KEY("organisation_id","id"),
	CONSTRAINT "user_identities_external_id" UNIQUE("organisation_id","provider","external_id")
);
--> statement-breakpoint
ALTER TABLE "user_identities" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "users" (
	"organisation_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"user_id" text NOT NULL,
	"email" text,
	"first_name" text,
	"last_name" text,
	"full_name" text,
	"avatar_url" text,
	"department" text,
	"role" text,
	"is_active" boolean DEFAULT true NOT NULL,
	"created_at" timestamptz DEFAULT now() NOT NULL,
	"updated_at" timestamptz DEFAULT now() NOT NULL,
	CONSTRAINT "users_organisation_id_id_pk" PRIMARY KEY("organisation_id","id"),
	CONSTRAINT "users_id" UNIQUE("id"),
	CONSTRAINT "users_user_id" UNIQUE("organisation_id","user_id")
);
--> statement-breakpoint
ALTER TABLE "users" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
DROP INDEX "ai_statistics_daily_updated";--> statement-breakpoint
ALTER TABLE "ai_generations" ADD COLUMN "first_cost_usd" numeric(38, 12);--> statement-breakpoint
ALTER TABLE "ai_generations" ADD COLUMN "archive_id" uuid;--> statement-breakpoint
ALTER TABLE "ai_generations" ADD COLUMN "erased_at" timestamptz;--> statement-breakpoint
ALTER TABLE "ai_statistics_daily" ADD COLUMN "cost_count" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "model_prices" ADD COLUMN "revision" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "organisations" ADD COLUMN "ai_payload_archive_days" integer DEFAULT 90;--> statement-breakpoint
ALTER TABLE "organisations" ADD COLUMN "ai_payload_delete_days" integer DEFAULT 365;--> statement-breakpoint
ALTER TABLE "user_identities" ADD CONSTRAINT "user_identities_organisation_id_user_row_id_users_organisation_id_id_fk" FOREIGN KEY ("organisation_id","user_row_id") REFERENCES "public"."users"("organisation_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "users" ADD CONSTRAINT "users_organisation_id_organisations_id_fk" FOREIGN KEY ("organisation_id") REFERENCES "public"."organisations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "ai_cost_adjustments_organisation_project_occurred" ON "ai_cost_adjustments" USING btree ("organisation_id","project_id","occurred_at");--> statement-breakpoint
CREATE INDEX "ai_cost_adjustments_generation" ON "ai_cost_adjustments" USING btree ("organisation_id","generation_id");--> statement-breakpoint
CREATE INDEX "ai_payload_archives_kept" ON "ai_payload_archives" USING btree ("organisation_id","last_received_at") WHERE status = 'kept';--> statement-breakpoint
CREATE INDEX "ai_payload_archives_unsettled" ON "ai_payload_archives" USING btree ("status","created_at") WHERE status IN ('writing', 'deleting');--> statement-breakpoint
CREATE UNIQUE INDEX "user_erasures_open" ON "user_erasures" USING btree ("organisation_id","user_id") WHERE done_at IS NULL;--> statement-breakpoint
CREATE INDEX "user_identities_user" ON "user_identities" USING btree ("organisation_id","user_row_id");--> statement-breakpoint
CREATE INDEX "ai_generations_organisation_user_occurred" ON "ai_generations" USING btree ("organisation_id","user_id","occurred_at") WHERE user_id IS NOT NULL;--> statement-breakpoint
CREATE INDEX "ai_generations_failed" ON "ai_generations" USING btree ("organisation_id","occurred_at") WHERE status <> 'success';--> statement-breakpoint
CREATE INDEX "ai_generations_payload" ON "ai_generations" USING btree ("organisation_id","ingested_at") WHERE archive_id IS NULL AND (input_summary IS NOT NULL OR output_summary IS NOT NULL OR request_data IS NOT NULL OR response_data IS NOT NULL);--> statement-breakpoint
CREATE INDEX "ai_generations_erased_archive" ON "ai_generations" USING btree ("organisation_id","archive_id") WHERE erased_at IS NOT NULL AND archive_id IS NOT NULL;--> statement-breakpoint
CREATE INDEX "event_conflicts_payload" ON "event_conflicts" USING btree ("organisation_id","received_at") WHERE event -> 'generation' ?| ARRAY['input_summary', 'output_summary', 'request_data', 'response_data'];--> statement-breakpoint
CREATE INDEX "ai_statistics_daily_updated" ON "ai_statistics_daily" USING brin ("updated_at");--> statement-breakpoint
ALTER TABLE "ai_generations" ADD CONSTRAINT "ai_generations_payload_gone" CHECK ((archive_id IS NULL AND erased_at IS NULL) OR (input_summary IS NULL AND output_summary IS NULL AND request_data IS NULL AND response_data IS NULL));--> statement-breakpoint
ALTER TABLE "ai_generations" ADD CONSTRAINT "ai_generations_erased" CHECK (erased_at IS NULL OR (scene_description IS NULL AND session_id IS NULL AND error_message IS NULL AND ip_address IS NULL AND user_agent IS NULL));--> statement-breakpoint
ALTER TABLE "organisations" ADD CONSTRAINT "organisations_ai_payload_days" CHECK (ai_payload_archive_days >= 1 AND ai_payload_delete_days >= 1 AND ai_payload_archive_days <= ai_payload_delete_days);--> statement-breakpoint
CREATE POLICY "ai_cost_adjustments_tenant" ON "ai_cost_adjustments" AS PERMISSIVE FOR ALL TO "meterbook_tenant" USING (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid) WITH CHECK (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "ai_cost_adjustments_platform" ON "ai_cost_adjustments" AS PERMISSIVE FOR ALL TO "meterbook_platform" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "ai_payload_archives_tenant" ON "ai_payload_archives" AS PERMISSIVE FOR ALL TO "meterbook_tenant" USING (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid) WITH CHECK (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "ai_payload_archives_platform" ON "ai_payload_archives" AS PERMISSIVE FOR ALL TO "meterbook_platform" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "user_erasures_tenant" ON "user_erasures" AS PERMISSIVE FOR ALL TO "meterbook_tenant" USING (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid) WITH CHECK (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "user_erasures_platform" ON "user_erasures" AS PERMISSIVE FOR ALL TO "meterbook_platform" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "user_identities_tenant" ON "user_identities" AS PERMISSIVE FOR ALL TO "meterbook_tenant" USING (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid) WITH CHECK (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "user_identities_platform" ON "user_identities" AS PERMISSIVE FOR ALL TO "meterbook_platform" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "users_tenant" ON "users" AS PERMISSIVE FOR ALL TO "meterbook_tenant" USING (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid) WITH CHECK (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "users_platform" ON "users" AS PERMISSIVE FOR ALL TO "meterbook_platform" USING (true) WITH CHECK (true);