/** Long runs of the simulation and the kill rounds. */
import { expect, test } from 'vitest';
import { MUTANTS } from './mutants.ts';
import { isAsExpected, runMutant } from './run-mutants.ts';
import { expectKillsSurvived, expectLaws } from './shortened.ts';

test('10,000 seeds of faults, on stand-ins for D1 and Postgres, break no law, and every fault is met a thousand times', () =>
  expectLaws(10_000));

const EQUIVALENT_SEEDS = 300;

test.each(MUTANTS.filter(({ equivalent }) => equivalent !== undefined))(
  `what is said to be equivalent breaks no law in ${EQUIVALENT_SEEDS} seeds: $name`,
  async (mutant) => {
    expect(await runMutant(mutant, EQUIVALENT_SEEDS)).toSatisfy(isAsExpected);
  },
);

test('10 rounds of kill -9 of Postgres and of workerd over 20,000 events lose and double nothing', () =>
  expectKillsSurvived({ rounds: 10, events: 20_000 }));
