CREATE TABLE "refunds" (
	"organisation_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"payment_id" uuid NOT NULL,
	"amount" numeric NOT NULL,
	"status" text NOT NULL,
	"created_at" timestamptz DEFAULT now() NOT NULL,
	CONSTRAINT "refunds_organisation_id_id_pk" PRIMARY KEY("organisation_id","id"),
	CONSTRAINT "refunds_status" CHECK (status IN ('pending', 'processed', 'failed')),
	CONSTRAINT "refunds_positive" CHECK (amount > 0)
);
--> statement-breakpoint
ALTER TABLE "refunds" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "refunds" ADD CONSTRAINT "refunds_organisation_id_payment_id_payments_organisation_id_id_fk" FOREIGN KEY ("organisation_id","payment_id") REFERENCES "public"."payments"("organisation_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "refunds_payment" ON "refunds" USING btree ("organisation_id","payment_id");--> statement-breakpoint
CREATE POLICY "refunds_tenant" ON "refunds" AS PERMISSIVE FOR ALL TO "meterbook_tenant" USING (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid) WITH CHECK (organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid);--> statement-breakpoint
CREATE POLICY "refunds_platform" ON "refunds" AS PERMISSIVE FOR ALL TO "meterbook_platform" USING (true) WITH CHECK (true);--> statement-breakpoint
GRANT SELECT ON refunds TO meterbook_tenant, meterbook_platform;
--> statement-breakpoint
-- What a payment that came in is still worth. A refund takes first what settles no invoice. As a tenant it shows the
-- tenant's rows, for it reads the tables as its caller.
CREATE VIEW payment_balances WITH (security_invoker = true) AS
SELECT p.organisation_id, p.id AS payment_id, p.invoice_id, p.paid_at, p.amount - p.amount + r.refunded AS refunded_amount,
  least(p.applied_amount, p.amount - r.refunded) AS applied_amount,
  p.amount - r.refunded - least(p.applied_amount, p.amount - r.refunded) AS unapplied_amount
FROM payments p CROSS JOIN LATERAL (
  SELECT coalesce(sum(amount), 0) AS refunded FROM refunds
  WHERE organisation_id = p.organisation_id AND payment_id = p.id AND status <> 'failed') r
WHERE p.status IN ('captured', 'partially_refunded', 'refunded');
--> statement-breakpoint
-- What is owed on each invoice, defined once. total - total is a zero with the currency's decimals.
--   credited_total    by issued credit notes
--   creditable_total  what no credit note takes yet, proposals included; null where nothing can be credited
--   paid_total        what payments settle; unapplied_total and refunded_total are the rest of what came in
--   amount_due        null where nothing is owed yet or any longer: on drafts and cancelled invoices
--   excess_total      what was credited and paid beyond the total
CREATE VIEW invoice_balances WITH (security_invoker = true) AS
SELECT i.organisation_id, i.id AS invoice_id,
  i.total - i.total + c.issued AS credited_total,
  CASE WHEN i.status IN ('finalized', 'paid', 'refunded') THEN i.total - c.taken END AS creditable_total,
  i.total - i.total + p.applied AS paid_total,
  i.total - i.total + p.unapplied AS unapplied_total,
  i.total - i.total + p.refunded AS refunded_total,
  CASE WHEN i.status IN ('finalized', 'paid', 'refunded')
    THEN greatest(i.total - c.issued - p.applied, i.total - i.total) END AS amount_due,
  greatest(c.issued + p.applied - i.total, i.total - i.total) AS excess_total,
  p.last_paid_at
FROM invoices i CROSS JOIN LATERAL (
  SELECT coalesce(sum(total) FILTER (WHERE status = 'issued'), 0) AS issued,
    coalesce(sum(total) FILTER (WHERE status <> 'dismissed'), 0) AS taken
  FROM credit_notes WHERE organisation_id = i.organisation_id AND invoice_id = i.id) c
CROSS JOIN LATERAL (
  SELECT coalesce(sum(applied_amount), 0) AS applied, coalesce(sum(unapplied_amount), 0) AS unapplied,
    coalesce(sum(refunded_amount), 0) AS refunded,
    max(paid_at) FILTER (WHERE applied_amount + unapplied_amount > 0) AS last_paid_at
  FROM payment_balances WHERE organisation_id = i.organisation_id AND invoice_id = i.id) p;
--> statement-breakpoint
GRANT SELECT ON payment_balances, invoice_balances TO meterbook_tenant, meterbook_platform;
