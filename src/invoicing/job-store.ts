/** The SQL by which the invoicing job finds its work across all organisations: use it with platform reach. */
import type { Month } from '../core/time.ts';
import { columns, type RowOf } from '../db/columns.ts';
import type { LedgerTransaction } from '../db/ledger.ts';
import type { Cutoff, PeriodKey } from '../rollup/close-period.ts';

/** A month that may need a draft. `adjustment`: only because late usage of an earlier month is open. */
export interface MissingMonth extends PeriodKey {
  readonly reason: 'usage' | 'flat' | 'adjustment';
}

const MONTH = columns('usage_aggregates', ['organisation_id', 'year', 'month']);

/**
 * The months up to `last` that have no invoice, not even a cancelled one, and have usage, a flat fee, or late usage
 * of an earlier month whose own invoice is issued and not cancelled. A flat fee is not billed automatically for
 * months before the organisation was created, however early the plan starts: that takes a draft by hand. Sorted by
 * organisation and month; a month may be listed for several reasons.
 */
export const listMissingMonths = (tx: LedgerTransaction, last: Month): Promise<MissingMonth[]> =>
  tx.query<MissingMonth>(
    `WITH late AS (
       SELECT a.organisation_id, min(make_date(a.year, a.month, 1)) AS first FROM usage_adjustments a
       JOIN invoices i ON i.organisation_id = a.organisation_id AND i.year = a.year AND i.month = a.month
         AND i.status IN ('finalized', 'paid', 'refunded')
       WHERE a.invoice_id IS NULL AND a.credit_note_id IS NULL AND a.kind = 'late' GROUP BY a.organisation_id
     ), flat AS (
       SELECT p.organisation_id,
         date_trunc('month', greatest(p.effective_from::timestamp, o.created_at AT TIME ZONE 'UTC')) AS first,
         least(coalesce(p.effective_to - 1, $1::date), $1::date)::timestamp AS last
       FROM pricing_plans p JOIN organisations o ON o.id = p.organisation_id
       WHERE p.charge_model = 'flat' AND p.is_active
     ), months AS (
       SELECT DISTINCT ${MONTH}, 'usage' AS reason FROM usage_aggregates
       WHERE make_date(year, month, 1) <= $1::date
       UNION
       SELECT organisation_id, extract(year FROM start), extract(month FROM start), 'flat'
       FROM flat, generate_series(flat.first, flat.last, interval '1 month') AS start
       UNION
       SELECT organisation_id, extract(year FROM start), extract(month FROM start), 'adjustment'
       FROM late, generate_series(late.first + interval '1 month', $1::date::timestamp, interval '1 month') AS start
     )
     SELECT organisation_id, year::int, month::int, reason FROM months
     WHERE NOT EXISTS (SELECT 1 FROM invoices i
       WHERE i.organisation_id = months.organisation_id AND i.year = months.year AND i.month = months.month)
     ORDER BY organisation_id, year, month`,
    [`${last.year}-${String(last.month).padStart(2, '0')}-01`],
  );

const OWNER = columns('usage_adjustments', ['organisation_id'], 'a');

/** Organisations with open late usage of a month before this one, whose own invoice is issued and not cancelled. */
export const listLateOrganisations = (
  tx: LedgerTransaction,
  { year, month }: Month,
): Promise<RowOf<typeof OWNER>[]> =>
  tx.query<RowOf<typeof OWNER>>(
    `SELECT DISTINCT ${OWNER} FROM usage_adjustments a
     JOIN invoices i ON i.organisation_id = a.organisation_id AND i.year = a.year AND i.month = a.month
       AND i.status IN ('finalized', 'paid', 'refunded')
     WHERE a.invoice_id IS NULL AND a.credit_note_id IS NULL AND a.kind = 'late'
       AND (a.year < $1::int OR (a.year = $1::int AND a.month < $2::int)) ORDER BY 1`,
    [year, month],
  );

export interface DueDraft extends PeriodKey {
  readonly id: string;
  readonly cutoff: Cutoff | null;
}

const DRAFT = columns('invoices', ['id', 'organisation_id', 'year', 'month'], 'i');
const CUTOFF = columns('billing_periods', ['cutoff_seq', 'cutoff_epoch'], 'p');

/** The drafts whose period and grace period have ended, oldest first within each organisation. */
export async function listDueDrafts(tx: LedgerTransaction, asOf: string): Promise<DueDraft[]> {
  const rows = await tx.query<RowOf<typeof DRAFT> & RowOf<typeof CUTOFF>>(
    `SELECT ${DRAFT}, ${CUTOFF}
     FROM invoices i JOIN organisations o ON o.id = i.organisation_id
     JOIN billing_periods p ON p.organisation_id = i.organisation_id AND p.year = i.year AND p.month = i.month
     WHERE i.status = 'draft' AND i.period_end + o.grace_hours * interval '1 hour' <= $1
     ORDER BY i.organisation_id, i.year, i.month`,
    [asOf],
  );
  return rows.map(({ cutoff_seq: seq, cutoff_epoch: epoch, ...draft }) => ({
    ...draft,
    cutoff: seq !== null && epoch !== null ? { seq, epoch } : null,
  }));
}
