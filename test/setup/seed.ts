/** Around each test file: its random sequence begins, its properties run over the cases of the seed, no spy outlives it. */
import { relative } from 'node:path';
import { configureGlobal } from 'fast-check';
import { afterAll, expect, vi } from 'vitest';
import { SEED, startSequence } from './seeded.ts';

configureGlobal({ seed: SEED });
startSequence(relative(import.meta.dirname, expect.getState().testPath ?? ''));
afterAll(() => {
  vi.restoreAllMocks();
});
