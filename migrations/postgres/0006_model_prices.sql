CREATE TABLE "model_prices" (
	"id" uuid PRIMARY KEY NOT NULL,
	"organisation_id" uuid,
	"provider" text NOT NULL,
	"model" text NOT NULL,
	"token_kind" text NOT NULL,
	"price_per_million" numeric NOT NULL,
	"service_tier" text DEFAULT 'standard' NOT NULL,
	"min_prompt_tokens" integer DEFAULT 0 NOT NULL,
	"effective_from" timestamptz NOT NULL,
	"effective_to" timestamptz,
	"source" text NOT NULL,
	"source_version" text,
	"created_at" timestamptz DEFAULT now() NOT NULL,
	"updated_at" timestamptz DEFAULT now() NOT NULL,
	CONSTRAINT "model_prices_token_kind" CHECK (token_kind IN ('input', 'output', 'cache_read', 'cache_write_5m', 'cache_write_1h', 'reasoning')),
	CONSTRAINT "model_prices_range" CHECK (effective_to IS NULL OR effective_from < effective_to),
	CONSTRAINT "model_prices_price" CHECK (price_per_million >= 0 AND scale(price_per_million) <= 6),
	CONSTRAINT "model_prices_prompt" CHECK (min_prompt_tokens >= 0)
);
--> statement-breakpoint
ALTER TABLE "model_prices" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "ai_generations" DROP CONSTRAINT "ai_generations_cost_source";--> statement-breakpoint
ALTER TABLE "organisations" ADD COLUMN "ai_ceiling_price_per_million" numeric;--> statement-breakpoint
ALTER TABLE "model_prices" ADD CONSTRAINT "model_prices_organisation_id_organisations_id_fk" FOREIGN KEY ("organisation_id") REFERENCES "public"."organisations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "model_prices_model" ON "model_prices" USING btree ("provider","model");--> statement-breakpoint
CREATE INDEX "model_prices_organisation" ON "model_prices" USING btree ("organisation_id");--> statement-breakpoint
CREATE INDEX "ai_generations_unpriced" ON "ai_generations" USING btree ("organisation_id","provider","model") WHERE cost_source IN ('unpriced', 'ceiling');--> statement-breakpoint
ALTER TABLE "ai_generations" ADD CONSTRAINT "ai_generations_cost_source" CHECK (cost_source IN ('reported', 'priced', 'ceiling', 'unpriced'));--> statement-breakpoint
ALTER TABLE "organisations" ADD CONSTRAINT "organisations_ai_ceiling_price" CHECK (ai_ceiling_price_per_million > 0 AND scale(ai_ceiling_price_per_million) <= 6);--> statement-breakpoint
CREATE POLICY "model_prices_tenant" ON "model_prices" AS PERMISSIVE FOR ALL TO "meterbook_tenant" USING (organisation_id IS NULL OR organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid) WITH CHECK (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "model_prices_platform" ON "model_prices" AS PERMISSIVE FOR ALL TO "meterbook_platform" USING (true) WITH CHECK (true);