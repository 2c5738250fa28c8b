import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const root = resolve(import.meta.dirname, '..');
const reportFile = process.env.METERBOOK_REPORT;

const never = ['**/node_modules/**'];
const ENGINE = 'test/**/*.engine.test.ts';

/** Begun last, the longest would run alone for minutes; a machine that never ran them knows no more than their sizes. */
const LONGEST = [
  'faults/simulation',
  'platform/lifecycle',
  'faults/guards',
  'access/key-stops',
  'operations/retention/retention-sweep',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rankOf = ({ moduleId }: TestSpecification): number => {
      const rank = LONGEST.findIndex((name) => moduleId.endsWith(`/${name}.engine.test.ts`));
      return rank < 0 ? LONGEST.length : rank;
    };
    return (await super.sort(files)).sort((a, b) => rankOf(a) - rankOf(b));
  }
}

export default defineConfig({
  root,
  test: {
    // Two cores are what a small CI machine has; more workers only wait for each other.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    reporters: reportFile ? ['default', ['json', { outputFile: reportFile }]] : ['default'],
    projects: [
      {
        root,
        test: {
          name: 'pure',
          include: ['test/**/*.test.ts'],
          exclude: [...never, ENGINE],
          pool: 'threads',
          isolate: false,
          testTimeout: 120_000,
        },
      },
      {
        root,
        test: {
          name: 'engine',
          include: [ENGINE],
          exclude: never,
          pool: 'forks',
          globalSetup: ['test/setup/runtime.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
