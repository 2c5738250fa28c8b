import type { Plugin } from 'esbuild';
import { bundleWorkers } from './bundle.ts';

export const ENVIRONMENTS = ['ingest', 'api', 'cron'] as const;
export type Environment = (typeof ENVIRONMENTS)[number];

export interface LoadedWorker {
  readonly environment: Environment;
  readonly name: string;
  readonly script: string;
  /** In the shape of Miniflare 4, which Wrangler gives and Miniflare 5 converts. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly crons: readonly string[];
  /** Binding → database id. */
  readonly databases: ReadonlyMap<string, string>;
}

/** What is read here of Wrangler's configuration; its published types lean on a package that it does not publish. */
interface WranglerConfig {
  readonly name?: string;
  readonly main?: string;
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
  ): { workerOptions: Record<string, unknown> };
}

async function importWrangler(): Promise<Wrangler> {
  process.env.WRANGLER_SEND_METRICS = 'false';
  // Wrangler otherwise leaves a log file in the user's home for each import.
  process.env.WRANGLER_WRITE_LOGS = 'false';
  return (await import('wrangler')) as unknown as Wrangler;
}

export interface LoadOptions {
  readonly configPath: string;
  readonly ledgerUrl: string;
  readonly vars: Readonly<Record<string, string>>;
  readonly plugins?: readonly Plugin[];
}

const ENTRIES = Object.fromEntries(
  ENVIRONMENTS.map((environment) => [environment, `workers/${environment}.ts`]),
);

/** Reads the same wrangler.toml that deploys, and bundles the entries. */
export async function loadWorkers(options: LoadOptions): Promise<LoadedWorker[]> {
  // esbuild is a process of its own, and Wrangler takes as long to load: both at once.
  const [wrangler, scripts] = await Promise.all([importWrangler(), bundleWorkers(ENTRIES, options.plugins)]);
  return ENVIRONMENTS.map((environment) => {
    const config = wrangler.unstable_readConfig({ config: options.configPath, env: environment });
    return describeWorker(wrangler, config, environment, scripts.get(environment) ?? '', options);
  });
}

function describeWorker(
  wrangler: Wrangler,
  config: WranglerConfig,
  environment: Environment,
  script: string,
  options: LoadOptions,
): LoadedWorker {
  if (!config.name || !config.main?.endsWith(ENTRIES[environment] ?? '')) {
    throw new Error(`${options.configPath} has no ${ENTRIES[environment]} for ${environment}`);
  }
  for (const hyperdrive of config.hyperdrive) hyperdrive.localConnectionString = options.ledgerUrl;
  const { workerOptions } = wrangler.unstable_getMiniflareWorkerOptions(config, environment);
  // Miniflare would look for modules by these rules; the bundle is one module.
  const { modulesRules: _, ...bindings } = workerOptions;
  const databases = config.d1_databases.map(
    ({ binding, preview_database_id, database_id }) =>
      [binding, preview_database_id ?? database_id ?? binding] as const,
  );
  return {
    environment,
    name: config.name,
    script,
    options: { ...bindings, bindings: { ...config.vars, ...declaredOnly(config.vars, options.vars) } },
    crons: config.triggers.crons ?? [],
    databases: new Map(databases),
  };
}

/** Ingest declares no schedules and is told of none. */
function declaredOnly(declared: object, wanted: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(wanted).filter(([name]) => name in declared));
}
