/** What `npm test` does in short and `npm run test:long` at length. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'vitest';
import { FAULTS, noFaults } from './faults.ts';
import { simulate } from './simulate.ts';

const ROOT = join(import.meta.dirname, '../..');

/** A fault that is met by fewer than a tenth of the seeds proves little. */
const SEEDS_PER_MEETING = 10;

/** Seeds from 1 on: every law holds in each, and every fault is met often enough to count. */
export async function expectLaws(seeds: number): Promise<void> {
  const counts = noFaults();
  for (let seed = 1; seed <= seeds; seed++) {
    const { broken } = await simulate(seed, counts);
    expect(broken, `seed ${seed}: npm run faults -- --replay ${seed}`).toBeNull();
  }
  expect(FAULTS.filter((fault) => counts[fault] < seeds / SEEDS_PER_MEETING)).toEqual([]);
}

/** The kill rounds as a process of their own: what dies in them is not the test's. */
export async function expectKillsSurvived({
  rounds,
  events,
}: {
  rounds: number;
  events: number;
}): Promise<void> {
  const args = ['test/faults/main.ts', '--kill', '--rounds', `${rounds}`, '--events', `${events}`];
  const { code, said } = await new Promise<{ code: unknown; said: string }>((resolve) => {
    execFile(process.execPath, args, { cwd: ROOT }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, said: `${stdout}${stderr}` }),
    );
  });
  expect(code, said).toBe(0);
}
