/** The three Workers in one workerd. */
import { createRequire } from 'node:module';
import type { D1Database } from '@cloudflare/workers-types';
import type { Miniflare } from 'miniflare';
import type { LoadedWorker } from './build/load-workers.ts';
import { deliverToMailbox } from './mailbox.ts';
import type { StatePaths } from './paths.ts';
import { findByEnvironment } from './processes.ts';
import { STATE_MARK } from './reap.ts';

export interface RunningWorkers {
  database(binding: string): Promise<D1Database>;
  /** Database id → database, each once. */
  databases(): Promise<Map<string, D1Database>>;
  fire(cron: string, at: Date): Promise<void>;
  readonly crons: readonly string[];
  pid(): number | undefined;
  stop(): Promise<void>;
}

export interface RunOptions {
  readonly paths: StatePaths;
  readonly port: number;
  readonly onLog: (level: string, message: string) => void;
}

export async function runWorkers(
  workers: readonly LoadedWorker[],
  options: RunOptions,
): Promise<RunningWorkers> {
  const { paths, port } = options;
  const { convertV4MiniflareOptions, Log, LogLevel, Miniflare } = requireMiniflare();
  const keptHandlers = SIGNALS.map((signal) => [signal, process.listeners(signal)] as const);
  // Miniflare creates its scratch folder below the system's temporary folder, which is read from the
  // environment: a kill -9 must not leave it there.
  const miniflare = await withTemporaryFolder(
    paths.scratch,
    async () =>
      new Miniflare(
        convertV4MiniflareOptions({
          host: '127.0.0.1',
          port: 0,
          cf: false,
          logRequests: false,
          log: new Log(LogLevel.ERROR),
          handleStructuredLogs: ({ level, message }) => options.onLog(level, message),
          resourcePersistencePath: paths.workers,
          resourceTmpPath: paths.scratch,
          unsafeRuntimeEnv: { [STATE_MARK]: paths.root },
          workers: workers.map((worker) => ({
            ...worker.options,
            name: worker.name,
            ...(worker.options.email !== undefined && {
              serviceBindings: {
                ...(worker.options.serviceBindings as object | undefined),
                MAILBOX: (request: Request) => deliverToMailbox(paths.mailbox, request),
              },
            }),
            modules: [{ type: 'ESModule', path: `${worker.environment}.js`, contents: worker.script }],
            // The sockets answer directly, without Miniflare's entry worker: five times the requests.
            ...(worker.environment === 'ingest' && { unsafeDirectSockets: [{ host: '127.0.0.1', port }] }),
          })),
        }),
      ),
  );
  // Miniflare ends the process at the first signal, before a clean stop is possible.
  for (const [signal, kept] of keptHandlers) {
    for (const handler of process.listeners(signal))
      if (!kept.includes(handler)) process.off(signal, handler);
  }
  await miniflare.ready;
  return describeWorkers(miniflare, workers, paths);
}

// It is CommonJS of 6 MB: an import would read it twice more, for its format and for its names.
const requireMiniflare = (): typeof import('miniflare') => createRequire(import.meta.url)('miniflare');

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

async function withTemporaryFolder<T>(folder: string, body: () => Promise<T>): Promise<T> {
  const before = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  try {
    return await body();
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
}

function describeWorkers(
  miniflare: Miniflare,
  workers: readonly LoadedWorker[],
  paths: StatePaths,
): RunningWorkers {
  const homes = new Map(
    workers.flatMap((worker) =>
      [...worker.databases].map(([binding, id]) => [binding, { id, worker }] as const),
    ),
  );
  const database = async (binding: string): Promise<D1Database> => {
    const home = homes.get(binding);
    if (!home) throw new Error(`wrangler.toml binds no D1 database ${binding}`);
    // Fetched on each call: a restart of workerd invalidates older handles.
    return (await miniflare.getD1Database(binding, home.worker.name)) as unknown as D1Database;
  };
  const cron = workers.find((worker) => worker.environment === 'cron');
  return {
    database,
    databases: async () => {
      const entries = [...homes].map(async ([binding, { id }]) => [id, await database(binding)] as const);
      return new Map(await Promise.all(entries));
    },
    fire: async (schedule, at) => {
      const worker = await miniflare.getWorker(cron?.name);
      const result = await worker.scheduled({ cron: schedule, scheduledTime: at });
      if (result.outcome !== 'ok')
        throw new Error(`schedule ${schedule} ended with outcome ${result.outcome}`);
    },
    crons: cron?.crons ?? [],
    pid: () => findByEnvironment(STATE_MARK, paths.root, 'workerd')[0],
    stop: () => miniflare.dispose(),
  };
}
