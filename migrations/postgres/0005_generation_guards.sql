-- As before, and for what the events of AI generations are beside: both tables have the same months.
CREATE OR REPLACE FUNCTION ensure_usage_event_partitions(first timestamptz, last timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
  start timestamptz := date_trunc('month', first, 'UTC');
  parent text;
  name text;
  made integer := 0;
BEGIN
  IF last - first > interval '120 months' THEN
    RAISE EXCEPTION 'more than 120 months of partitions asked for at once';
  END IF;
  WHILE start <= last LOOP
    FOREACH parent IN ARRAY ARRAY['usage_events', 'ai_generations'] LOOP
      name := parent || to_char(start, '_YYYY_MM');
      IF to_regclass(name) IS NULL THEN
        -- The lock that attaching takes anyway: it lets events in and keeps a second maker out.
        EXECUTE format('LOCK TABLE %I IN SHARE UPDATE EXCLUSIVE MODE', parent);
        IF to_regclass(name) IS NULL THEN
          EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name, parent);
          EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
            parent, name, start, start + interval '1 month');
          made := made + 1;
        END IF;
      END IF;
    END LOOP;
    start := start + interval '1 month';
  END LOOP;
  RETURN made;
END $$;
--> statement-breakpoint
-- Whoever adds up events reads this: each event with its own quantity, and each quantity that a generation is metered by.
-- As a tenant it shows the tenant's rows, for it reads the tables as whoever asks.
CREATE VIEW metered_events WITH (security_invoker = true) AS
SELECT organisation_id, id, project_id, metric_name, metric_value::numeric AS metric_value, unit, timestamp, user_id, metadata,
  idempotency_key, ingested_at, hour, day, adjustment_id
FROM usage_events
UNION ALL
SELECT g.organisation_id, g.id, g.project_id, m.metric_name, m.metric_value, m.unit, g.occurred_at, g.user_id, '{}'::jsonb,
  g.idempotency_key, g.ingested_at, g.hour, g.day, (g.adjustment_ids ->> m.metric_name)::uuid
FROM ai_generations g CROSS JOIN LATERAL (VALUES
  ('ai.input_tokens', 'token', g.input_tokens::numeric),
  ('ai.output_tokens', 'token', (g.output_tokens + g.reasoning_tokens)::numeric),
  ('ai.cache_read_tokens', 'token', g.cache_read_tokens::numeric),
  ('ai.cache_write_tokens', 'token', (g.cache_write_5m_tokens + g.cache_write_1h_tokens)::numeric),
  ('ai.cost_usd', 'usd', g.cost_usd::numeric)
) AS m(metric_name, unit, metric_value)
WHERE m.metric_value <> 0;
--> statement-breakpoint
GRANT SELECT ON metered_events TO meterbook_tenant, meterbook_platform;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE ON ai_generations, ai_statistics_daily TO meterbook_tenant, meterbook_platform;
