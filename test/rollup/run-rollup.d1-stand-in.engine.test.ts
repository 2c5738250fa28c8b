/** A run of the roll-up over rows that the ledger refuses. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Ledger } from '../../src/db/ledger.ts';
import { runRollup } from '../../src/rollup/run-rollup.ts';
import { openSuite, type Suite } from '../invoicing/ledger-of-suite.ts';

const NOW = '2026-03-10T12:00:00.000Z';
let suite: Suite;
beforeAll(async () => {
  suite = await openSuite('run_rollup');
});
afterAll(() => suite?.close());

test('rows that the ledger refuses by the hundred go to the quarantine one by one, and do not hold up the rest', async () => {
  const [bad, good] = [await suite.addOrganisation(), await suite.addOrganisation()];
  const send = ({ organisation_id, projects }: typeof bad, key: string, count: number): void =>
    suite.sendEvents(
      organisation_id,
      Array.from({ length: count }, (_, index) => ({
        project_id: projects[0] ?? '',
        metric_value: '1',
        timestamp: '2026-03-10T10:00:00Z',
        idempotency_key: `${key} ${index}`,
      })),
    );
  send(bad, 'bad', 200);
  send(good, 'good', 3_000);
  send(bad, 'bad again', 1);
  send(good, 'last', 10);
  suite.sqlite.exec(
    `UPDATE usage_events SET metric_name = 'a' || char(0) || 'b' WHERE idempotency_key LIKE 'bad%'`,
  );

  let transactions = 0;
  const { shards, openLedger } = suite.ctx(NOW);
  const counted = (): Ledger => {
    const ledger = openLedger();
    return {
      ...ledger,
      close: () => ledger.close(),
      transaction: (reach, work) => {
        transactions += 1;
        return ledger.transaction(reach, work);
      },
    };
  };
  const run = await runRollup({ shards, openLedger: counted, now: Date.parse(NOW), hasTime: () => true });
  expect(run).toMatchObject({ status: 'succeeded', n_in: 3_211, n_counted: 3_010, n_quarantined: 201 });
  // Finding each row by halving the whole would take 12 attempts of 3,000 rows each, and as many reads of the cursor.
  expect(transactions).toBeLessThan(201 * 8);
  const { rows } = await suite.owner.query('SELECT DISTINCT reason FROM event_quarantine');
  expect(rows).toEqual([{ reason: 'refused_by_ledger' }]);
}, 60_000);
