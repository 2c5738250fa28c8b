import { resolve } from 'node:path';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { HANG_MS, LONG_HANG_MS } from './setup/limits.ts';
import { FileReporter } from './setup/report.ts';

const root = resolve(import.meta.dirname, '..');
const reportFile = process.env.METERBOOK_REPORT;

const never = ['**/node_modules/**'];
const ENGINE = 'test/**/*.engine.test.ts';
/** What `npm test` has in short: more seeds, more rounds, each fault of each call. */
const LONG = 'test/**/*.long.test.ts';

/** Begun last, the longest would run alone for minutes; a machine that never ran them knows no more than their sizes. */
const LONGEST = [
  'platform/lifecycle',
  'faults/simulation',
  'reports/ai/plans.d1-stand-in',
  'invoicing/finalize-races.d1-stand-in',
  'faults/kill/kill',
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

const setupFiles = ['test/setup/seed.ts'];

/** On the real runtime. One process has many files: what they import of the product and of its tools is read once. */
const engineProject = (name: string, include: string, limit: number): TestProjectInlineConfiguration => ({
  root,
  test: {
    name,
    include: [include],
    exclude: never,
    pool: 'forks',
    isolate: false,
    globalSetup: ['test/setup/runtime.ts'],
    setupFiles,
    testTimeout: limit,
    hookTimeout: limit,
  },
});

export default defineConfig({
  root,
  test: {
    // Two cores are what a small CI machine has; more workers only wait for each other.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    reporters: reportFile ? [new FileReporter(), ['json', { outputFile: reportFile }]] : [new FileReporter()],
    projects: [
      {
        root,
        test: {
          name: 'pure',
          include: ['test/**/*.test.ts'],
          exclude: [...never, ENGINE, LONG],
          pool: 'threads',
          isolate: false,
          setupFiles,
          testTimeout: HANG_MS,
          hookTimeout: HANG_MS,
        },
      },
      engineProject('engine', ENGINE, HANG_MS),
      engineProject('long', LONG, LONG_HANG_MS),
    ],
  },
});
