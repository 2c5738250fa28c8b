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
ALTER TABLE "ai_generations" ADD COLUMN "first_cost_usd" numeric(38, 12);--> statement-breakpoint
ALTER TABLE "ai_statistics_daily" ADD COLUMN "cost_count" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "model_prices" ADD COLUMN "revision" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
CREATE INDEX "ai_cost_adjustments_organisation_project_occurred" ON "ai_cost_adjustments" USING btree ("organisation_id","project_id","occurred_at");--> statement-breakpoint
CREATE INDEX "ai_cost_adjustments_generation" ON "ai_cost_adjustments" USING btree ("organisation_id","generation_id");--> statement-breakpoint
CREATE INDEX "ai_generations_organisation_user_occurred" ON "ai_generations" USING btree ("organisation_id","user_id","occurred_at") WHERE user_id IS NOT NULL;--> statement-breakpoint
CREATE INDEX "ai_generations_failed" ON "ai_generations" USING btree ("organisation_id","occurred_at") WHERE status <> 'success';--> statement-breakpoint
CREATE POLICY "ai_cost_adjustments_tenant" ON "ai_cost_adjustments" AS PERMISSIVE FOR ALL TO "meterbook_tenant" USING (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid) WITH CHECK (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "ai_cost_adjustments_platform" ON "ai_cost_adjustments" AS PERMISSIVE FOR ALL TO "meterbook_platform" USING (true) WITH CHECK (true);