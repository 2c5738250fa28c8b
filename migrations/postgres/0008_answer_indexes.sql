ALTER TABLE "ai_statistics_daily" ADD COLUMN "cost_count" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX "ai_generations_organisation_occurred" ON "ai_generations" USING btree ("organisation_id","occurred_at");--> statement-breakpoint
CREATE INDEX "ai_generations_organisation_user_occurred" ON "ai_generations" USING btree ("organisation_id","user_id","occurred_at") WHERE user_id IS NOT NULL;--> statement-breakpoint
CREATE INDEX "ai_generations_failed" ON "ai_generations" USING btree ("organisation_id","occurred_at") WHERE status <> 'success';