import type { Cutoff, PeriodKey } from '../../rollup/close-period.ts';

export interface FinalizeInvoiceInput {
  readonly id: string;
  /** The total that the caller saw. A different total is refused. */
  readonly expected_total?: string | undefined;
  /** Issue although the organisation's quarantine is not empty; recorded in the audit row. */
  readonly allow_quarantined?: boolean | undefined;
}

/** Throws `not_drained` if events from before the cutoff are not in the ledger yet. */
export type DrainedCheck = (period: PeriodKey, shard: number) => Promise<Cutoff>;

export interface FinalizeDraftInput extends FinalizeInvoiceInput {
  readonly organisation_id: string;
  /** The instant of issue. Must be past the end of the period. */
  readonly now: number;
  readonly assertDrained: DrainedCheck;
}
