import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FAULTS, noFaults } from './faults.ts';
import { MUTANTS, SQL_MUTANTS } from './mutants.ts';
import { isAsExpected, runMutant } from './run-mutants.ts';
import { simulate } from './simulate.ts';

const SEEDS = 10_000;
const MET_MIN = 1_000;

test('10,000 seeds of faults break no law, and every fault is met a thousand times', {
  timeout: 600_000,
}, async () => {
  const counts = noFaults();
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { broken } = await simulate(seed, counts);
    expect(broken, `seed ${seed}: npm run faults -- --replay ${seed}`).toBeNull();
  }
  expect(FAULTS.filter((fault) => counts[fault] < MET_MIN)).toEqual([]);
});

test('the same seed takes the same steps', async () => {
  const [first, second] = [await simulate(7, noFaults()), await simulate(7, noFaults())];
  expect(second.steps).toBe(first.steps);
});

const QUICK_SEEDS_MAX = 1_500;

test.each(MUTANTS)('without its guard a law breaks: $name', { timeout: 60_000 }, async (mutant) => {
  const result = await runMutant(mutant, mutant.equivalent ? 50 : QUICK_SEEDS_MAX);
  expect(result).toSatisfy(isAsExpected);
});

test.each(SQL_MUTANTS)('the guard is in its file just once: $name', async ({ file, find }) => {
  const text = await readFile(join(import.meta.dirname, '../..', file), 'utf8');
  expect(text.split(find)).toHaveLength(2);
});
