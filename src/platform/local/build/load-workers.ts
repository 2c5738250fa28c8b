import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Plugin } from 'esbuild';
import { REPOSITORY } from '../paths.ts';
import type { BuildCache } from './build-cache.ts';
import { ALIAS, buildWorkers, bundleWorkers } from './bundle.ts';
import { hashFile, hashText } from './content-hash.ts';

export const ENVIRONMENTS = ['ingest', 'api', 'cron'] as const;
export type Environment = (typeof ENVIRONMENTS)[number];

export interface LoadedWorker {
  readonly environment: Environment;
  readonly name: string;
  readonly script: string;
  /** In the format of Miniflare 4, which Wrangler produces and Miniflare 5 converts. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly crons: readonly string[];
  /** Binding → database id. */
  readonly databases: ReadonlyMap<string, string>;
}

/**
 * The fields of Wrangler's configuration that are read here; its published types depend on a package that is
 * not published.
 */
interface WranglerConfig {
  readonly name?: string;
  readonly main?: string;
  readonly alias?: Readonly<Record<string, string>>;
  readonly vars: Readonly<Record<string, unknown>>;
  readonly triggers: { readonly crons?: readonly string[] };
  readonly hyperdrive: { localConnectionString?: string }[];
  readonly d1_databases: readonly { binding: string; preview_database_id?: string; database_id?: string }[];
}

interface Wrangler {
  unstable_readConfig(options: { config: string; env: string }): WranglerConfig;
  unstable_getMiniflareWorkerOptions(
    config: WranglerConfig,
    env: string,
  ): { workerOptions: Record<string, unknown> & { hyperdrives?: object } };
}

async function importWrangler(): Promise<Wrangler> {
  process.env.WRANGLER_SEND_METRICS = 'false';
  // Otherwise Wrangler leaves a log file in the user's home for each import.
  process.env.WRANGLER_WRITE_LOGS = 'false';
  return (await import('wrangler')) as unknown as Wrangler;
}

export interface LoadOptions {
  readonly configPath: string;
  readonly cache: BuildCache;
  readonly ledgerUrl: string;
  readonly vars: Readonly<Record<string, string>>;
  readonly plugins?: readonly Plugin[];
}

const ENTRIES = Object.fromEntries(
  ENVIRONMENTS.map((environment) => [environment, `workers/${environment}.ts`]),
);

/** Reads the same wrangler.toml that deploys use, and bundles the entries. */
export async function loadWorkers(options: LoadOptions): Promise<LoadedWorker[]> {
  // esbuild is a separate process, and Wrangler takes equally long to load: both run at once.
  const [settings, scripts] = await Promise.all([
    readSettings(options.configPath, options.cache),
    options.plugins
      ? buildWorkers(ENTRIES, options.plugins).then((built) => built.scripts)
      : bundleWorkers(ENTRIES, options.cache),
  ]);
  return settings.map((worker) => ({
    environment: worker.environment,
    name: worker.name,
    script: scripts.get(worker.environment) ?? '',
    options: {
      ...worker.options,
      hyperdrives: Object.fromEntries(worker.hyperdrives.map((binding) => [binding, options.ledgerUrl])),
      bindings: { ...worker.vars, ...declaredOnly(worker.vars, options.vars) },
    },
    crons: worker.crons,
    databases: new Map(worker.databases),
  }));
}

/** One Worker's settings in wrangler.toml; they contain no secret and no URL, because they are cached. */
interface WorkerSettings {
  readonly environment: Environment;
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly vars: Readonly<Record<string, unknown>>;
  readonly hyperdrives: readonly string[];
  readonly crons: readonly string[];
  readonly databases: readonly (readonly [binding: string, id: string])[];
}

// Only Wrangler can interpret its file, and loading it takes a second: the same file, read by the same code
// under the same Wrangler, gives the same result.
async function readSettings(configPath: string, cache: BuildCache): Promise<readonly WorkerSettings[]> {
  const files = [
    configPath,
    import.meta.filename,
    join(import.meta.dirname, 'bundle.ts'),
    join(REPOSITORY, 'package-lock.json'),
    join(REPOSITORY, 'node_modules/wrangler/package.json'),
  ];
  const key = hashText(JSON.stringify([configPath, ...files.map(hashFile)]));
  const known = cache.read('wrangler', key) as readonly WorkerSettings[] | null;
  if (known) return known;
  const wrangler = await importWrangler();
  const settings = ENVIRONMENTS.map((environment) => readWorker(wrangler, configPath, environment));
  cache.write('wrangler', key, settings);
  return settings;
}

function readWorker(wrangler: Wrangler, configPath: string, environment: Environment): WorkerSettings {
  const config = wrangler.unstable_readConfig({ config: configPath, env: environment });
  if (!config.name || !config.main?.endsWith(ENTRIES[environment] ?? '')) {
    throw new Error(`${configPath} has no ${ENTRIES[environment]} for ${environment}`);
  }
  if (!isDeepStrictEqual({ ...config.alias }, ALIAS)) {
    throw new Error(`${configPath} and src/platform/local/build/bundle.ts bundle different modules`);
  }
  for (const hyperdrive of config.hyperdrive) hyperdrive.localConnectionString = UNKNOWN_LEDGER;
  const { workerOptions } = wrangler.unstable_getMiniflareWorkerOptions(config, environment);
  // Miniflare would search for modules by these rules, but the bundle is one module. Its bindings are the
  // vars, and may also contain secrets of a .dev.vars.
  const { modulesRules: _, bindings: __, hyperdrives, ...rest } = workerOptions;
  return {
    environment,
    name: config.name,
    options: rest,
    vars: config.vars,
    hyperdrives: Object.keys(hyperdrives ?? {}),
    crons: config.triggers.crons ?? [],
    databases: config.d1_databases.map(
      ({ binding, preview_database_id, database_id }) =>
        [binding, preview_database_id ?? database_id ?? binding] as const,
    ),
  };
}

// Wrangler requires a URL; each start replaces it with the ledger's.
const UNKNOWN_LEDGER = 'postgres://user:password@127.0.0.1:1/ledger';

/** Ingest declares no clock and gets none. */
function declaredOnly(declared: object, wanted: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(wanted).filter(([name]) => name in declared));
}
