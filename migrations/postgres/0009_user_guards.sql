GRANT SELECT, INSERT, UPDATE, DELETE ON users, user_identities, ai_payload_archives TO meterbook_tenant, meterbook_platform;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE ON user_erasures TO meterbook_tenant, meterbook_platform;
--> statement-breakpoint
-- Deleting a user puts a pseudonym in place of the id. All else of an event never changes.
GRANT UPDATE (user_id) ON usage_events TO meterbook_tenant, meterbook_platform;
--> statement-breakpoint
-- The statistics of a deleted user move to the pseudonym.
GRANT DELETE ON ai_statistics_daily TO meterbook_tenant, meterbook_platform;
