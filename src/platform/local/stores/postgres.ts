/**
 * The embedded Postgres: real server binaries from npm, on loopback and a free port, respawned if it exits by
 * itself.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { chownSync, closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { StatePaths } from '../paths.ts';
import { findFreePort } from '../ports.ts';
import { endProcess } from '../processes.ts';
import { refusal } from '../refusal.ts';
import { findPostgresBinaries, type PostgresBinaries } from './postgres-binaries.ts';

const OWNER = 'meterbook';
const DATABASE = 'meterbook';
const LOG_BYTES_MAX = 10_000_000;
const READY_TIMEOUT_MS = 60_000;
const RETRY_MS = 300;
const FAILED_STARTS_MAX = 10;

export interface EmbeddedPostgres {
  /** The owner's URL: superuser, on loopback, without a password because the server trusts loopback. */
  readonly url: string;
  /** Settles when the database accepts connections. */
  readonly ready: Promise<void>;
  pid(): number | undefined;
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  readonly paths: StatePaths;
  readonly onProgress: (line: string) => void;
}

interface ServerState {
  child?: ChildProcess;
  stopping: boolean;
  isReady?: boolean;
  failure?: Error;
  /** Since it was last ready. */
  failedStarts: number;
}

/** Returns as soon as the URL is known; `ready` settles later, so that other work can proceed meanwhile. */
export async function startPostgres({
  paths,
  onProgress,
}: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const binaries = findPostgresBinaries();
  const port = await findFreePort();
  const state: ServerState = { stopping: false, failedStarts: 0 };

  const launch = (): void => {
    const child = spawnServer(binaries, paths, port);
    state.child = child;
    child.once('error', (error) => {
      state.failure = error;
    });
    child.once('exit', async () => {
      if (state.stopping) return;
      state.failedStarts += 1;
      if (state.failedStarts === 1 && state.isReady) onProgress('Postgres ended by itself; restarting it.');
      // After a kill -9 the old sessions hold the shared memory for a moment, and an immediate start fails.
      await sleep(RETRY_MS * Math.min(state.failedStarts, 10));
      if (state.stopping) return;
      launch();
      await waitUntilReady(port, paths, state).catch(() => {});
    });
  };

  const start = async (): Promise<void> => {
    if (!existsSync(paths.postgres)) {
      onProgress('Creating the Postgres cluster …');
      await createCluster(binaries, paths, (initdb) => {
        state.child = initdb;
      });
    }
    if (state.stopping) return;
    launch();
    await waitUntilReady(port, paths, state);
  };

  return {
    url: `postgres://${OWNER}:x@127.0.0.1:${port}/${DATABASE}`,
    ready: start(),
    pid: () => (isRunning(state.child) ? state.child?.pid : undefined),
    stop: async () => {
      state.stopping = true;
      const pid = state.child?.pid;
      if (pid === undefined || !isRunning(state.child)) return;
      // SIGINT is Postgres's fast shutdown: sessions end, the log is flushed, no recovery is needed.
      await endProcess(pid, [
        ['SIGINT', 8_000],
        ['SIGQUIT', 2_000],
        ['SIGKILL', 1_000],
      ]);
    },
  };
}

const isRunning = (child: ChildProcess | undefined): boolean =>
  child !== undefined && child.exitCode === null && child.signalCode === null;

/**
 * As `nobody` the server may not be able to traverse the path to its folder (a state below /root, or in a
 * mkdtemp). It therefore starts inside the folder and uses a relative path; the kernel then checks only that
 * folder's own permissions.
 */
const placeOf = (folder: string, binaries: PostgresBinaries) =>
  binaries.user && process.platform === 'linux'
    ? { dataFolder: '/proc/self/cwd', options: { cwd: folder, ...binaries.user } }
    : { dataFolder: folder, options: { cwd: folder, ...binaries.user } };

/** Created in a temporary folder and then renamed: a killed initdb cannot leave half a cluster. */
async function createCluster(
  binaries: PostgresBinaries,
  paths: StatePaths,
  onSpawn: (initdb: ChildProcess) => void,
): Promise<void> {
  const fresh = `${paths.postgres}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { mode: 0o700 });
  if (binaries.user) chownSync(fresh, binaries.user.uid, binaries.user.gid);
  const { dataFolder, options } = placeOf(fresh, binaries);
  const initdb = spawn(
    binaries.initdb,
    [
      ...['-D', dataFolder, '--auth=trust', `--username=${OWNER}`, '--encoding=UTF8', '--locale=C'],
      // The same text ordering on every machine, whatever locales it has.
      ...['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-instructions'],
    ],
    { ...options, env: serverEnvironment(), stdio: ['ignore', 'ignore', 'pipe'], detached: true },
  );
  onSpawn(initdb);
  let complaint = '';
  initdb.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    initdb.once('error', reject);
    initdb.once('close', resolve);
  });
  if (code !== 0) {
    const reason = complaint.trim().split('\n').at(-1) ?? `exit code ${code}`;
    throw refusal(`Cannot create the Postgres cluster in ${paths.postgres}: ${reason}`);
  }
  renameSync(fresh, paths.postgres);
}

function spawnServer(binaries: PostgresBinaries, paths: StatePaths, port: number): ChildProcess {
  const { dataFolder, options } = placeOf(paths.postgres, binaries);
  const keepLog = existsSync(paths.postgresLog) && statSync(paths.postgresLog).size < LOG_BYTES_MAX;
  const log = openSync(paths.postgresLog, keepLog ? 'a' : 'w');
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    max_connections: '200',
    timezone: 'UTC',
    log_timezone: 'UTC',
  };
  const child = spawn(
    binaries.postgres,
    ['-D', dataFolder, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    // Detached: a Ctrl-C in the terminal must not reach it before the Workers have stopped.
    { ...options, env: serverEnvironment(), stdio: ['ignore', log, log], detached: true },
  );
  closeSync(log);
  return child;
}

/** The caller's PG* variables must not affect the embedded server. */
function serverEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('PG') && name !== 'TZ');
  return { ...Object.fromEntries(kept), LC_ALL: 'C' };
}

async function waitUntilReady(port: number, paths: StatePaths, state: ServerState): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (performance.now() < deadline && !state.stopping) {
    if (state.failure) throw refusal(`Cannot run Postgres (${state.failure.message}).`);
    try {
      await ensureDatabase(port);
      state.isReady = true;
      state.failedStarts = 0;
      return;
    } catch {
      await sleep(15);
    }
    if (state.failedStarts > FAILED_STARTS_MAX) break;
  }
  if (!state.stopping) throw refusal(`Postgres did not start. See its log: ${paths.postgresLog}.`);
}

async function ensureDatabase(port: number): Promise<void> {
  const connect = async (database: string): Promise<pg.Client> => {
    const client = new pg.Client({ host: '127.0.0.1', port, user: OWNER, database, password: 'x' });
    client.on('error', () => {});
    await client.connect();
    return client;
  };
  try {
    await (await connect(DATABASE)).end();
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === '3D000';
    if (!isMissing) throw error;
    const client = await connect('postgres');
    await client.query(`CREATE DATABASE ${DATABASE}`);
    await client.end();
  }
}
