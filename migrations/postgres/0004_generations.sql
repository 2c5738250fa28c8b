CREATE TABLE "ai_generations" (
	"organisation_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"project_id" uuid NOT NULL,
	"idempotency_key" text NOT NULL,
	"client_key" text,
	"provider" text NOT NULL,
	"model" text NOT NULL,
	"generation_type" text NOT NULL,
	"scene_description" text,
	"user_id" text,
	"session_id" text,
	"application_id" text,
	"sku" text,
	"request_id" text,
	"response_id" text,
	"status" text NOT NULL,
	"error_code" text,
	"error_message" text,
	"duration_ms" bigint,
	"service_tier" text,
	"input_tokens" bigint NOT NULL,
	"output_tokens" bigint NOT NULL,
	"cache_read_tokens" bigint NOT NULL,
	"cache_write_5m_tokens" bigint NOT NULL,
	"cache_write_1h_tokens" bigint NOT NULL,
	"reasoning_tokens" bigint NOT NULL,
	"cost_usd" numeric(38, 12),
	"cost_source" text NOT NULL,
	"price_ids" uuid[],
	"input_summary" text,
	"output_summary" text,
	"request_data" jsonb,
	"response_data" jsonb,
	"ip_address" text,
	"user_agent" text,
	"occurred_at" timestamptz NOT NULL,
	"ingested_at" timestamptz NOT NULL,
	"hour" timestamptz NOT NULL,
	"day" date NOT NULL,
	"adjustment_ids" jsonb,
	CONSTRAINT "ai_generations_organisation_id_id_ingested_at_pk" PRIMARY KEY("organisation_id","id","ingested_at"),
	CONSTRAINT "ai_generations_status" CHECK (status IN ('success', 'failed', 'timeout', 'cancelled')),
	CONSTRAINT "ai_generations_cost_source" CHECK (cost_source IN ('reported', 'priced', 'unpriced'))
) PARTITION BY RANGE ("ingested_at");
--> statement-breakpoint
ALTER TABLE "ai_generations" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "ai_statistics_daily" (
	"organisation_id" uuid NOT NULL,
	"day" date NOT NULL,
	"user_id" text NOT NULL,
	"generation_type" text NOT NULL,
	"provider" text NOT NULL,
	"model" text NOT NULL,
	"total_requests" bigint NOT NULL,
	"success_requests" bigint NOT NULL,
	"failed_requests" bigint NOT NULL,
	"input_tokens" numeric NOT NULL,
	"output_tokens" numeric NOT NULL,
	"cache_read_tokens" numeric NOT NULL,
	"cache_write_5m_tokens" numeric NOT NULL,
	"cache_write_1h_tokens" numeric NOT NULL,
	"reasoning_tokens" numeric NOT NULL,
	"cost_usd" numeric NOT NULL,
	"duration_ms_sum" numeric NOT NULL,
	"duration_count" bigint NOT NULL,
	"updated_at" timestamptz DEFAULT now() NOT NULL,
	CONSTRAINT "ai_statistics_daily_organisation_id_day_user_id_generation_type_provider_model_pk" PRIMARY KEY("organisation_id","day","user_id","generation_type","provider","model")
);
--> statement-breakpoint
ALTER TABLE "ai_statistics_daily" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "event_conflicts" DROP CONSTRAINT "event_conflicts_kind";--> statement-breakpoint
ALTER TABLE "pricing_plans" DROP CONSTRAINT "pricing_plans_charge_model";--> statement-breakpoint
ALTER TABLE "credit_note_lines" ADD COLUMN "event_count" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "organisations" ADD COLUMN "store_ai_payloads" boolean DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE "pricing_plans" ADD COLUMN "rate" numeric;--> statement-breakpoint
ALTER TABLE "pricing_plans" ADD COLUMN "fixed_amount" numeric;--> statement-breakpoint
CREATE INDEX "ai_generations_organisation_project_occurred" ON "ai_generations" USING btree ("organisation_id","project_id","occurred_at");--> statement-breakpoint
CREATE INDEX "ai_statistics_daily_updated" ON "ai_statistics_daily" USING btree ("updated_at");--> statement-breakpoint
CREATE INDEX "event_conflicts_fill" ON "event_conflicts" USING btree ("project_id","idempotency_key") WHERE kind = 'fill';--> statement-breakpoint
ALTER TABLE "event_conflicts" ADD CONSTRAINT "event_conflicts_kind" CHECK (kind IN ('conflict', 'duplicate', 'fill'));--> statement-breakpoint
ALTER TABLE "pricing_plans" ADD CONSTRAINT "pricing_plans_charge_model" CHECK (charge_model IN ('per_unit', 'graduated', 'volume', 'package', 'flat', 'percentage'));--> statement-breakpoint
CREATE POLICY "ai_generations_tenant" ON "ai_generations" AS PERMISSIVE FOR ALL TO "meterbook_tenant" USING (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid) WITH CHECK (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "ai_generations_platform" ON "ai_generations" AS PERMISSIVE FOR ALL TO "meterbook_platform" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "ai_statistics_daily_tenant" ON "ai_statistics_daily" AS PERMISSIVE FOR ALL TO "meterbook_tenant" USING (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid) WITH CHECK (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "ai_statistics_daily_platform" ON "ai_statistics_daily" AS PERMISSIVE FOR ALL TO "meterbook_platform" USING (true) WITH CHECK (true);