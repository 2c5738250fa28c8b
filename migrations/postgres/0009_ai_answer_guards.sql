-- An AI call stands in the ledger once, as its generation: the event of one ai.calls that used to stand beside it says no
-- more. Of a call that came late it named its adjustment, which the generation's own row takes over first.
UPDATE ai_generations g SET adjustment_ids = coalesce(g.adjustment_ids, '{}') || jsonb_build_object('ai.calls', e.adjustment_id)
FROM usage_events e
WHERE e.organisation_id = g.organisation_id AND e.id = g.id AND e.ingested_at = g.ingested_at AND e.adjustment_id IS NOT NULL;
--> statement-breakpoint
DELETE FROM usage_events e USING ai_generations g
WHERE e.organisation_id = g.organisation_id AND e.id = g.id AND e.ingested_at = g.ingested_at;
--> statement-breakpoint
-- Every counted event once, an AI call as one of ai.calls. As a tenant it shows the tenant's rows, for it reads the tables as
-- whoever asks.
CREATE OR REPLACE VIEW counted_events WITH (security_invoker = true) AS
SELECT organisation_id, id, project_id, metric_name, metric_value::numeric AS metric_value, unit, timestamp, user_id, metadata,
  idempotency_key, ingested_at, hour, day, adjustment_id
FROM usage_events
UNION ALL
SELECT organisation_id, id, project_id, 'ai.calls', 1::numeric, 'call', occurred_at, user_id, '{}'::jsonb, idempotency_key,
  ingested_at, hour, day, (adjustment_ids ->> 'ai.calls')::uuid
FROM ai_generations;
--> statement-breakpoint
GRANT SELECT ON counted_events TO meterbook_tenant, meterbook_platform;
--> statement-breakpoint
-- Whoever adds up events reads this: each event with its own quantity, each quantity that a generation is metered by, and
-- what repricing changed of its cost later. `event_count` is how many events a row stands for: a change of a cost that was
-- counted before is none of its own.
CREATE OR REPLACE VIEW metered_events WITH (security_invoker = true) AS
SELECT organisation_id, id, project_id, metric_name, metric_value::numeric AS metric_value, unit, timestamp, user_id, metadata,
  idempotency_key, ingested_at, hour, day, adjustment_id, 1::smallint AS event_count
FROM usage_events
UNION ALL
SELECT g.organisation_id, g.id, g.project_id, m.metric_name, m.metric_value, m.unit, g.occurred_at, g.user_id, '{}'::jsonb,
  g.idempotency_key, g.ingested_at, g.hour, g.day, (g.adjustment_ids ->> m.metric_name)::uuid, 1::smallint
FROM ai_generations g CROSS JOIN LATERAL (VALUES
  ('ai.calls', 'call', 1::numeric),
  ('ai.input_tokens', 'token', g.input_tokens::numeric),
  ('ai.output_tokens', 'token', (g.output_tokens + g.reasoning_tokens)::numeric),
  ('ai.cache_read_tokens', 'token', g.cache_read_tokens::numeric),
  ('ai.cache_write_tokens', 'token', (g.cache_write_5m_tokens + g.cache_write_1h_tokens)::numeric),
  ('ai.cost_usd', 'usd', coalesce(g.first_cost_usd, g.cost_usd)::numeric)
) AS m(metric_name, unit, metric_value)
WHERE m.metric_value <> 0
UNION ALL
SELECT a.organisation_id, a.id, a.project_id, 'ai.cost_usd', a.cost_usd::numeric, 'usd', a.occurred_at,
  (SELECT g.user_id FROM ai_generations g
   WHERE g.organisation_id = a.organisation_id AND g.id = a.generation_id AND g.ingested_at = a.ingested_at),
  '{}'::jsonb, 'repricing/' || a.repricing_id || '/' || a.idempotency_key, a.ingested_at, a.hour, a.day, a.adjustment_id, a.event_count
FROM ai_cost_adjustments a;
--> statement-breakpoint
GRANT SELECT, INSERT ON ai_cost_adjustments TO meterbook_tenant, meterbook_platform;
--> statement-breakpoint
-- A deleted user has a pseudonym; all else of an event never changes. Where a later arrival says whose a call was, the
-- statistics of the day follow, and a row that has no call left goes.
GRANT UPDATE (user_id) ON usage_events TO meterbook_tenant, meterbook_platform;
--> statement-breakpoint
GRANT DELETE ON ai_statistics_daily TO meterbook_tenant, meterbook_platform;
--> statement-breakpoint
-- As before; how often a price was ended is counted too.
CREATE OR REPLACE FUNCTION refuse_change_of_price() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF to_jsonb(NEW) - ARRAY['effective_to', 'is_active', 'updated_at', 'revision']
     <> to_jsonb(OLD) - ARRAY['effective_to', 'is_active', 'updated_at', 'revision'] THEN
    RAISE EXCEPTION 'a price never changes';
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
-- How many calls of each day kept so far have a cost.
UPDATE ai_statistics_daily s SET cost_count = g.cost_count
FROM (
  SELECT organisation_id, day, coalesce(user_id, '') AS user_id, generation_type, provider, model, count(cost_usd) AS cost_count
  FROM ai_generations GROUP BY 1, 2, 3, 4, 5, 6
) g
WHERE (s.organisation_id, s.day, s.user_id, s.generation_type, s.provider, s.model)
  = (g.organisation_id, g.day, g.user_id, g.generation_type, g.provider, g.model) AND g.cost_count > 0;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON users, user_identities, ai_payload_archives TO meterbook_tenant, meterbook_platform;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE ON user_erasures TO meterbook_tenant, meterbook_platform;
--> statement-breakpoint
-- Each batch changes the rows of its day: room for the new ones beside the old.
ALTER TABLE ai_statistics_daily SET (fillfactor = 70);
