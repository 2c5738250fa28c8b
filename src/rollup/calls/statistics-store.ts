/** The SQL of the statistics of a user's day. */
import { TOKEN_KINDS } from '../../ai/generation-row.ts';
import { formatQuantity } from '../../core/decimal.ts';
import { formatInstant } from '../../core/time.ts';
import { bareArray, textArray } from '../../db/array-literal.ts';
import { columns } from '../../db/columns.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import type { StatisticSum } from '../ports.ts';

const KEY = columns('ai_statistics_daily', [
  'organisation_id',
  'day',
  'user_id',
  'generation_type',
  'provider',
  'model',
]);
const NAMES = [
  'total_requests',
  'success_requests',
  'failed_requests',
  ...TOKEN_KINDS.map((kind) => `${kind}_tokens` as const),
  'cost_usd',
  'cost_count',
  'duration_ms_sum',
  'duration_count',
] as const;
const FIGURES = columns('ai_statistics_daily', NAMES);

export async function addStatistics(
  tx: LedgerTransaction,
  sums: readonly StatisticSum[],
  now: number,
): Promise<void> {
  const types = NAMES.map((_, index) => `$${index + 8}::numeric[]`).join(', ');
  const added = NAMES.map((name) => `${name} = ai_statistics_daily.${name} + excluded.${name}`).join(', ');
  await tx.execute(
    `INSERT INTO ai_statistics_daily (${KEY}, ${FIGURES}, updated_at)
     SELECT r.*, $1::timestamptz
     FROM unnest($2::uuid[], $3::date[], $4::text[], $5::text[], $6::text[], $7::text[], ${types}) AS r
     ON CONFLICT (${KEY}) DO UPDATE SET ${added}, updated_at = excluded.updated_at`,
    [
      formatInstant(now),
      bareArray(sums.map((sum) => sum.organisation_id)),
      bareArray(sums.map((sum) => sum.day)),
      textArray(sums.map((sum) => sum.user_id)),
      textArray(sums.map((sum) => sum.generation_type)),
      textArray(sums.map((sum) => sum.provider)),
      textArray(sums.map((sum) => sum.model)),
      bareArray(sums.map((sum) => sum.total_requests)),
      bareArray(sums.map((sum) => sum.success_requests)),
      bareArray(sums.map((sum) => sum.failed_requests)),
      ...TOKEN_KINDS.map((kind) => bareArray(sums.map((sum) => sum.tokens[kind].toString()))),
      bareArray(sums.map((sum) => formatQuantity(sum.cost_usd))),
      bareArray(sums.map((sum) => sum.cost_count)),
      bareArray(sums.map((sum) => sum.duration_ms_sum.toString())),
      bareArray(sums.map((sum) => sum.duration_count)),
    ],
  );
  if (sums.some(({ total_requests }) => total_requests < 0)) await deleteEmptyStatistics(tx, sums);
}

// Once all calls of a day without a user have moved to users, that day's row is deleted.
async function deleteEmptyStatistics(tx: LedgerTransaction, sums: readonly StatisticSum[]): Promise<void> {
  await tx.execute(
    `DELETE FROM ai_statistics_daily WHERE total_requests = 0 AND (organisation_id, day, user_id) IN (
       SELECT * FROM unnest($1::uuid[], $2::date[], $3::text[]))`,
    [
      bareArray(sums.map((sum) => sum.organisation_id)),
      bareArray(sums.map((sum) => sum.day)),
      textArray(sums.map((sum) => sum.user_id)),
    ],
  );
}
