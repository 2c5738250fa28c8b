import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

const root = resolve(import.meta.dirname, '..');
const reportFile = process.env.METERBOOK_REPORT;

const never = ['**/node_modules/**'];
const ENGINE = 'test/**/*.engine.test.ts';

export default defineConfig({
  root,
  test: {
    // Two cores are what a small CI machine has; more workers only wait for each other.
    maxWorkers: 2,
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
