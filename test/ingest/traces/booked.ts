/** Reads a tenant's calls from the ledger after a roll-up. */

import { world } from '../../http/wire.ts';
import { connectOwner } from '../../setup/client.ts';
import type { Json, Tenant } from '../../setup/world.ts';

export interface Booked {
  readonly calls: readonly Json[];
  /** Totals by metric, as decimal text. */
  readonly usage: Readonly<Record<string, string>>;
}

/** The rows of the calls, ordered by time, and their metered usage. */
export async function bookedOf({ organisation_id }: Tenant): Promise<Booked> {
  await world.job('rollup');
  const owner = await connectOwner();
  try {
    const calls = await owner.query(
      'SELECT * FROM ai_generations WHERE organisation_id = $1 ORDER BY occurred_at, id',
      [organisation_id],
    );
    const usage = await owner.query(
      `SELECT metric_name, trim_scale(sum(total_value))::text AS total FROM usage_aggregates WHERE organisation_id = $1
       GROUP BY metric_name`,
      [organisation_id],
    );
    return {
      calls: calls.rows,
      usage: Object.fromEntries(usage.rows.map(({ metric_name, total }) => [metric_name, total])),
    };
  } finally {
    await owner.end();
  }
}
