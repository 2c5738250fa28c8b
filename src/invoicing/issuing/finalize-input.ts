import type { Cutoff, PeriodKey } from '../../rollup/close-period.ts';

export interface FinalizeInvoiceInput {
  readonly id: string;
  /** What the caller saw: another total is refused. */
  readonly expected_total?: string | undefined;
  /** Issue it although the organisation's quarantine is not empty; the audit row says so. */
  readonly allow_quarantined?: boolean | undefined;
}

/** Throws `not_drained` where events from before the cutoff are not in the ledger yet. */
export type DrainedCheck = (period: PeriodKey, shard: number) => Promise<Cutoff>;

export interface FinalizeDraftInput extends FinalizeInvoiceInput {
  readonly organisation_id: string;
  /** The moment that must be past the period's end, and at which the invoice is issued. */
  readonly now: number;
  readonly assertDrained: DrainedCheck;
}
