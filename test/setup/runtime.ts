/** One runtime for all engine tests of a run: real workerd, D1 and Postgres on a state that is thrown away. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startRuntime } from '../../src/platform/local/runtime.ts';
import { type Control, startControl } from './control.ts';

export interface TestRuntime {
  readonly url: string;
  readonly adminKey: string;
  readonly ownerDatabaseUrl: string;
  /** As the Workers connect. */
  readonly databaseUrl: string;
  readonly control: Control;
}

declare module 'vitest' {
  interface ProvidedContext {
    runtime: TestRuntime;
  }
}

const ADMIN_KEY = 'mb_admin_for_the_tests_of_this_run_only';

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stateDir = mkdtempSync(join(tmpdir(), 'meterbook-test-'));
  const remove = (): void => rmSync(stateDir, { recursive: true, force: true });
  const runtime = await startRuntime({
    stateDir,
    port: 0,
    crons: false,
    testClock: true,
    bootstrapAdminKey: ADMIN_KEY,
    onLog: (level, message) => process.stderr.write(`[${level}] ${message}\n`),
  }).catch((error: unknown) => {
    remove();
    throw error;
  });
  const control = await startControl(runtime);
  const { url, ownerDatabaseUrl, databaseUrl } = runtime;
  project.provide('runtime', {
    url,
    adminKey: ADMIN_KEY,
    ownerDatabaseUrl,
    databaseUrl,
    control: control.address,
  });
  return async () => {
    control.stop();
    await runtime.stop();
    remove();
  };
}
