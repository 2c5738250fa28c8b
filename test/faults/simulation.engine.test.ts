import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { noFaults } from './faults.ts';
import { MUTANTS, SQL_MUTANTS } from './mutants.ts';
import { isAsExpected, runMutant } from './run-mutants.ts';
import { expectLaws } from './shortened.ts';
import { simulate } from './simulate.ts';

test('1,000 seeds of faults, on stand-ins for D1 and Postgres, break no law, and every fault is met a hundred times', () =>
  expectLaws(1_000));

test('the same seed takes the same steps', async () => {
  const [first, second] = [await simulate(7, noFaults()), await simulate(7, noFaults())];
  expect(second.steps).toBe(first.steps);
});

const QUICK_SEEDS_MAX = 1_500;

test.each(MUTANTS)('without its guard a law breaks: $name', async (mutant) => {
  const result = await runMutant(mutant, mutant.equivalent ? 50 : QUICK_SEEDS_MAX);
  expect(result).toSatisfy(isAsExpected);
});

test.each(SQL_MUTANTS)('the guard is in its file just once: $name', async ({ file, find }) => {
  const text = await readFile(join(import.meta.dirname, '../..', file), 'utf8');
  expect(text.split(find)).toHaveLength(2);
});
