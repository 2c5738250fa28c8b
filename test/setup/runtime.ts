/** One runtime for all engine tests of a run: real workerd, D1 and Postgres on a temporary state. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startRuntime } from '../../src/platform/local/runtime.ts';
import { onStopSignal } from '../../src/platform/local/signals.ts';
import { type Control, startControl } from './control.ts';
import { makeTemplate, withClient } from './template.ts';

export interface TestRuntime {
  readonly url: string;
  readonly adminKey: string;
  readonly ownerDatabaseUrl: string;
  /** The URL with which the Workers connect. */
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
  const starting = startRuntime({
    stateDir,
    port: 0,
    crons: false,
    testClock: true,
    bootstrapAdminKey: ADMIN_KEY,
    onLog: (level, message) => process.stderr.write(`[${level}] ${message}\n`),
  });
  stopOnSignal(async () => {
    await starting.then((runtime) => runtime.stop()).catch(() => undefined);
    remove();
  });
  const runtime = await starting.catch((error: unknown) => {
    remove();
    throw error;
  });
  const { url, ownerDatabaseUrl, databaseUrl } = runtime;
  await forgetOnPowerLoss(ownerDatabaseUrl);
  await makeTemplate(ownerDatabaseUrl);
  const control = await startControl(runtime);
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

/** No test cuts the power, and waiting for the disk is most of a commit's time. */
const forgetOnPowerLoss = (ownerUrl: string): Promise<void> =>
  withClient(ownerUrl, async (owner) => {
    for (const setting of ['fsync', 'full_page_writes'])
      await owner.query(`ALTER SYSTEM SET ${setting} = off`);
    await owner.query('SELECT pg_reload_conf()');
  });

const INTERRUPTED = 130;

/** Vitest exits at once when it is interrupted, and the engines would keep running. */
function stopOnSignal(stop: () => Promise<void>): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeAllListeners(signal);
  onStopSignal(stop, INTERRUPTED);
}
