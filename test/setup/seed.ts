/**
 * Runs around each test file: starts its random sequence, gives its properties the cases of the seed, and
 * restores its spies.
 */
import { relative } from 'node:path';
import { configureGlobal } from 'fast-check';
import { afterAll, expect, vi } from 'vitest';
import { SEED, startSequence } from './seeded.ts';

configureGlobal({ seed: SEED });
startSequence(relative(import.meta.dirname, expect.getState().testPath ?? ''));
afterAll(() => {
  vi.restoreAllMocks();
});
