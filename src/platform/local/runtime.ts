/** All of Meterbook on one machine: Postgres, workerd with the three Workers, migrations, schedules. */
import type { D1Database } from '@cloudflare/workers-types';
import type { Plugin } from 'esbuild';
import { openBuildCache } from './build/build-cache.ts';
import { loadWorkers } from './build/load-workers.ts';
import { type Closers, makeClosers } from './closers.ts';
import { startCron } from './cron.ts';
import { assertBootstrapKey, createFirstAdmin, hasAdmin, loadBootstrap } from './first-admin.ts';
import { takeLock } from './lock.ts';
import {
  clearScratch,
  LEDGER_MIGRATIONS,
  openState,
  REPOSITORY_CACHE,
  type StatePaths,
  WRANGLER_TOML,
} from './paths.ts';
import { assertPortFree, findFreePort } from './ports.ts';
import { reapSurvivors } from './reap.ts';
import { refusal, sentenceOf } from './refusal.ts';
import { appUrlOf, ensureAppLogin } from './stores/app-login.ts';
import { assertDatabaseUrl, connectLedger } from './stores/ledger.ts';
import { isHotMigrated, migrateHot } from './stores/migrate-hot.ts';
import { migrateLedger } from './stores/migrate-ledger.ts';
import { type EmbeddedPostgres, startPostgres } from './stores/postgres.ts';
import { type RunningWorkers, runWorkers } from './workers.ts';

export interface RuntimeOptions {
  readonly stateDir: string;
  /** 0: any free one. */
  readonly port: number;
  /** The owner's URL of an external Postgres, in place of the embedded one. */
  readonly databaseUrl?: string;
  readonly crons: boolean;
  readonly testClock: boolean;
  readonly bootstrapAdminKey?: string;
  readonly configPath?: string;
  readonly esbuildPlugins?: readonly Plugin[];
  /** Aborts a start in progress; `stop` ends a running runtime. */
  readonly signal?: AbortSignal;
  /** Progress of the start, and later the restarts of engines. */
  readonly onProgress?: (line: string) => void;
  /** Lines that the Workers log. */
  readonly onLog?: (level: string, message: string) => void;
}

export interface Runtime {
  readonly url: string;
  readonly ownerDatabaseUrl: string;
  /** The URL with which the Workers connect: the login of the app role. */
  readonly databaseUrl: string;
  /** Only if this start created the first admin. */
  readonly adminKey: string | null;
  /** A D1 database by its binding; call it again after a restart of workerd. */
  d1(binding: string): Promise<D1Database>;
  /** Runs a schedule now, as the cron trigger would. */
  fire(cron: string, at?: Date): Promise<void>;
  pids(): { postgres?: number; workerd?: number };
  stop(): Promise<void>;
}

export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  assertBootstrapKey(options.bootstrapAdminKey);
  if (options.databaseUrl !== undefined) assertDatabaseUrl(options.databaseUrl);
  const paths = openState(options.stateDir);
  const unlock = takeLock(paths);
  const closers = makeClosers();
  closers.add(async () => unlock());
  const interrupted = Promise.withResolvers<never>();
  const interrupt = (): void => interrupted.reject(refusal('Meterbook was stopped while starting.'));
  if (options.signal?.aborted) interrupt();
  options.signal?.addEventListener('abort', interrupt, { once: true });
  try {
    return await Promise.race([startAll(options, paths, closers), interrupted.promise]);
  } catch (error) {
    await closers.closeAll();
    throw error;
  }
}

async function startAll(options: RuntimeOptions, paths: StatePaths, closers: Closers): Promise<Runtime> {
  const onProgress = options.onProgress ?? (() => {});
  const onLog = options.onLog ?? (() => {});
  const survivors = await reapSurvivors(paths);
  if (survivors > 0) onProgress('Stopped processes left over from an earlier run.');
  clearScratch(paths);
  const port = options.port === 0 ? await findFreePort() : options.port;
  await assertPortFree(port);

  const postgres = options.databaseUrl === undefined ? await startPostgres({ paths, onProgress }) : undefined;
  if (postgres) closers.add(() => postgres.stop());
  const ownerDatabaseUrl = postgres?.url ?? options.databaseUrl ?? '';
  const databaseUrl = appUrlOf(ownerDatabaseUrl);
  onProgress(postgres ? 'Starting Postgres and the Workers …' : 'Starting the Workers …');

  const startingWorkers = bringUpWorkers(options, { paths, port, databaseUrl, onLog });
  const results = await Promise.allSettled([
    prepareLedger({ postgres, ownerDatabaseUrl, databaseUrl, key: options.bootstrapAdminKey, onProgress }),
    startingWorkers.then(async ({ workers, isMigrated }) => {
      closers.add(() => workers.stop());
      if (!isMigrated) await prepareHot(workers, paths, onProgress);
    }),
  ]);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  const adminKey = results[0].status === 'fulfilled' ? results[0].value : null;
  const { workers } = await startingWorkers;

  if (options.crons) {
    const stopCron = startCron({
      schedules: workers.crons,
      fire: workers.fire,
      onFailure: (schedule, error) => onProgress(`Schedule ${schedule} failed: ${sentenceOf(error)}`),
    });
    closers.add(async () => stopCron());
  }
  return {
    url: `http://127.0.0.1:${port}`,
    ownerDatabaseUrl,
    databaseUrl,
    adminKey,
    d1: workers.database,
    fire: (cron, at = new Date()) => workers.fire(cron, at),
    pids: () => describePids(postgres?.pid(), workers.pid()),
    stop: () => closers.closeAll(),
  };
}

function describePids(postgres: number | undefined, workerd: number | undefined) {
  return { ...(postgres !== undefined && { postgres }), ...(workerd !== undefined && { workerd }) };
}

interface Place {
  readonly paths: StatePaths;
  readonly port: number;
  readonly databaseUrl: string;
  readonly onLog: (level: string, message: string) => void;
}

async function bringUpWorkers(
  options: RuntimeOptions,
  place: Place,
): Promise<{ workers: RunningWorkers; isMigrated: boolean }> {
  const workers = await loadWorkers({
    configPath: options.configPath ?? WRANGLER_TOML,
    // Beside the packages, where every state finds it; in the state if the checkout is read-only.
    cache: openBuildCache(REPOSITORY_CACHE, place.paths.cache),
    ledgerUrl: place.databaseUrl,
    vars: {
      TEST_CLOCK: options.testClock ? 'on' : 'off',
      SCHEDULES: options.crons ? 'on' : 'off',
      PUBLIC_URL: `http://127.0.0.1:${place.port}`,
    },
    ...(options.esbuildPlugins && { plugins: options.esbuildPlugins }),
  });
  const isMigrated = isHotMigrated({
    databaseIds: new Set(workers.flatMap((worker) => [...worker.databases.values()])),
    workersFolder: place.paths.workers,
    hashFile: place.paths.hotMigrations,
  });
  return { workers: await runWorkers(workers, place), isMigrated };
}

async function prepareHot(
  workers: RunningWorkers,
  paths: StatePaths,
  onProgress: (line: string) => void,
): Promise<void> {
  const applied = await migrateHot({ databases: await workers.databases(), hashFile: paths.hotMigrations });
  if (applied > 0) onProgress(`D1: ${applied} migration${applied === 1 ? '' : 's'} applied.`);
}

interface LedgerPreparation {
  readonly postgres: EmbeddedPostgres | undefined;
  readonly ownerDatabaseUrl: string;
  readonly databaseUrl: string;
  readonly key: string | undefined;
  readonly onProgress: (line: string) => void;
}

async function prepareLedger(preparation: LedgerPreparation): Promise<string | null> {
  const { postgres, ownerDatabaseUrl, databaseUrl, key, onProgress } = preparation;
  await postgres?.ready;
  const owner = await connectLedger(ownerDatabaseUrl);
  try {
    const applied = await migrateLedger(owner, LEDGER_MIGRATIONS, () => loadBootstrap().catch(() => {}));
    if (applied > 0) onProgress(`Postgres: ${applied} migration${applied === 1 ? '' : 's'} applied.`);
    await ensureAppLogin(owner, databaseUrl);
    if (await hasAdmin(owner)) return null;
  } finally {
    await owner.end();
  }
  return createFirstAdmin(databaseUrl, key);
}
