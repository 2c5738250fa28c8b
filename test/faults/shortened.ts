/** Checks that `npm test` runs in short form and `npm run test:long` in full. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'vitest';
import { FAULTS, noFaults } from './faults.ts';
import { simulate } from './simulate.ts';

const ROOT = join(import.meta.dirname, '../..');

/** A fault that occurs in fewer than a tenth of the seeds proves little. */
const SEEDS_PER_MEETING = 10;

/** Runs seeds from 1: every law holds in each, and every fault occurs often enough to be meaningful. */
export async function expectLaws(seeds: number): Promise<void> {
  const counts = noFaults();
  for (let seed = 1; seed <= seeds; seed++) {
    const { broken } = await simulate(seed, counts);
    expect(broken, `seed ${seed}: npm run faults -- --replay ${seed}`).toBeNull();
  }
  expect(FAULTS.filter((fault) => counts[fault] < seeds / SEEDS_PER_MEETING)).toEqual([]);
}

/** Runs the kill rounds in a separate process, so that they cannot kill anything of the test's own. */
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
