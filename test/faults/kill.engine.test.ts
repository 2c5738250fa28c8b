/** The real thing beside the simulation: processes are killed while two drains overlap, and the sums are exact. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');

test('10 rounds of kill -9 of Postgres and of workerd over 20,000 events lose and double nothing', {
  timeout: 300_000,
}, () => {
  const run = spawnSync(
    process.execPath,
    ['test/faults/main.ts', '--kill', '--rounds', '10', '--events', '20000'],
    { cwd: ROOT, encoding: 'utf8' },
  );
  expect(run.status, `${run.stdout}${run.stderr}`).toBe(0);
});
