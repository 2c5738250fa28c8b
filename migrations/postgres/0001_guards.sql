CREATE EXTENSION IF NOT EXISTS btree_gist;
--> statement-breakpoint
-- Versions of a price never overlap: one per organisation (or for all), metric, unit and currency on any day.
ALTER TABLE pricing_plans ADD CONSTRAINT pricing_plans_no_overlap EXCLUDE USING gist (
  coalesce(organisation_id, '00000000-0000-0000-0000-000000000000'::uuid) WITH =,
  metric_name WITH =,
  unit WITH =,
  currency WITH =,
  daterange(effective_from, effective_to) WITH &&
) WHERE (is_active);
--> statement-breakpoint
DO $$
BEGIN
  FOR i IN 0..15 LOOP
    EXECUTE format(
      'CREATE TABLE event_keys_%s PARTITION OF event_keys FOR VALUES WITH (MODULUS 16, REMAINDER %s)',
      lpad(i::text, 2, '0'), i);
  END LOOP;
END $$;
--> statement-breakpoint
-- Makes the months of [first, last] that are missing. The application owns no table, so it asks this function of the
-- owner; a month is filled and indexed apart and then attached, which locks the parent only for a moment.
CREATE FUNCTION ensure_usage_event_partitions(first timestamptz, last timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
  start timestamptz := date_trunc('month', first, 'UTC');
  name text;
  made integer := 0;
BEGIN
  IF last - first > interval '120 months' THEN
    RAISE EXCEPTION 'more than 120 months of partitions asked for at once';
  END IF;
  WHILE start <= last LOOP
    name := 'usage_events_' || to_char(start, 'YYYY_MM');
    IF to_regclass(name) IS NULL THEN
      -- The lock that attaching takes anyway: it lets events in and keeps a second maker out.
      LOCK TABLE usage_events IN SHARE UPDATE EXCLUSIVE MODE;
      IF to_regclass(name) IS NULL THEN
        EXECUTE format('CREATE TABLE %I (LIKE usage_events INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name);
        EXECUTE format('ALTER TABLE usage_events ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
          name, start, start + interval '1 month');
        made := made + 1;
      END IF;
    END IF;
    start := start + interval '1 month';
  END LOOP;
  RETURN made;
END $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION ensure_usage_event_partitions FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION ensure_usage_event_partitions TO meterbook_platform;
--> statement-breakpoint
-- Law 6: an issued invoice changes its status and the dates of it, nothing else, and never goes back to a draft.
CREATE FUNCTION refuse_change_of_issued_invoice() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF OLD.status <> 'draft' THEN RAISE EXCEPTION 'an issued invoice is never deleted'; END IF;
    RETURN OLD;
  END IF;
  IF OLD.status = 'cancelled' OR (OLD.status <> 'draft' AND (
    NEW.status = 'draft'
    OR (NEW.organisation_id, NEW.id, NEW.billing_entity_id, NEW.invoice_number, NEW.year, NEW.month, NEW.period_start,
        NEW.period_end, NEW.timezone, NEW.currency, NEW.total, NEW.unpriced, NEW.issued_at, NEW.due_date, NEW.created_at)
       IS DISTINCT FROM
       (OLD.organisation_id, OLD.id, OLD.billing_entity_id, OLD.invoice_number, OLD.year, OLD.month, OLD.period_start,
        OLD.period_end, OLD.timezone, OLD.currency, OLD.total, OLD.unpriced, OLD.issued_at, OLD.due_date, OLD.created_at)
  )) THEN
    RAISE EXCEPTION 'an issued invoice never changes';
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER invoices_issued_never_change BEFORE UPDATE OR DELETE ON invoices
  FOR EACH ROW EXECUTE FUNCTION refuse_change_of_issued_invoice();
--> statement-breakpoint
CREATE FUNCTION refuse_change_of_issued_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- Of an update both: a line is moved neither out of an issued invoice nor into one.
  IF EXISTS (SELECT 1 FROM invoices WHERE status <> 'draft' AND (
    (TG_OP <> 'INSERT' AND organisation_id = OLD.organisation_id AND id = OLD.invoice_id)
    OR (TG_OP <> 'DELETE' AND organisation_id = NEW.organisation_id AND id = NEW.invoice_id))) THEN
    RAISE EXCEPTION 'the lines of an issued invoice never change';
  END IF;
  RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
--> statement-breakpoint
CREATE TRIGGER invoice_line_items_issued_never_change BEFORE INSERT OR UPDATE OR DELETE ON invoice_line_items
  FOR EACH ROW EXECUTE FUNCTION refuse_change_of_issued_line();
--> statement-breakpoint
-- Prices never change: a version is ended or withdrawn before use, never edited.
CREATE FUNCTION refuse_change_of_price() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF to_jsonb(NEW) - ARRAY['effective_to', 'is_active', 'updated_at']
     <> to_jsonb(OLD) - ARRAY['effective_to', 'is_active', 'updated_at'] THEN
    RAISE EXCEPTION 'a price never changes';
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER pricing_plans_never_change BEFORE UPDATE ON pricing_plans
  FOR EACH ROW EXECUTE FUNCTION refuse_change_of_price();
--> statement-breakpoint
-- The login role of the application belongs to both roles, inherits from neither and owns nothing: outside a
-- transaction that takes one of them it can read no table at all. Partitions get no grant, so none passes the policies.
GRANT USAGE ON SCHEMA public TO meterbook_tenant, meterbook_platform;
--> statement-breakpoint
GRANT SELECT, INSERT ON usage_events, event_keys, audit_logs TO meterbook_tenant, meterbook_platform;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE ON
  organisations, billing_calendars, projects, api_keys, usage_hourly, usage_daily, usage_aggregates, billing_periods,
  usage_adjustments, event_conflicts, event_quarantine, pricing_plans, invoices, invoice_line_items, invoice_counters,
  outbox, audit_chains
TO meterbook_tenant, meterbook_platform;
--> statement-breakpoint
GRANT DELETE ON invoice_line_items TO meterbook_tenant, meterbook_platform;
--> statement-breakpoint
GRANT SELECT ON billing_entities, rollup_cursors, rollup_batches TO meterbook_tenant;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE ON
  billing_entities, rollup_cursors, rollup_batches, job_runs, admin_users, admin_api_keys
TO meterbook_platform;
--> statement-breakpoint
INSERT INTO billing_entities (id, legal_name, is_default)
VALUES ('00000000-0000-7000-8000-000000000001', 'Default seller', true);
--> statement-breakpoint
-- /ready compares what is applied with what the Workers were built from.
GRANT USAGE ON SCHEMA drizzle TO meterbook_platform;
--> statement-breakpoint
GRANT SELECT ON drizzle.__drizzle_migrations TO meterbook_platform;
