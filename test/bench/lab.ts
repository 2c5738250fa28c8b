/** The product as `npm start` runs it, on a temporary state, with the bench's own routes added. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Plugin } from 'esbuild';
import pg from 'pg';
import { type Runtime, startRuntime } from '../../src/platform/local/runtime.ts';
import { METRICS } from './events.ts';
import { prepare, send } from './load.ts';

const ADMIN_KEY = 'mb_admin_for_the_bench_of_this_run_only';

export interface Tenant {
  readonly organisationId: string;
  readonly projectId: string;
  readonly key: string;
}

export interface Lab {
  readonly runtime: Runtime;
  readonly stateDir: string;
  /** Bypasses row-level security. */
  readonly owner: pg.Client;
  post<T>(path: string, body: unknown, key?: string): Promise<T>;
  /** As an admin, with the verbs' clock at a moment. */
  get<T>(path: string, at: string): Promise<T>;
  /** Tenants with priced metrics, each with one project and key. */
  addTenants(count: number, projectsEach?: number): Promise<Tenant[]>;
  /** Sends prepared requests; returns the seconds. */
  load(connections: number, requests: readonly Buffer[]): Promise<number>;
  /** Sends events in batches of 1,000, each batch by the next tenant. */
  fill(tenants: readonly Tenant[], events: readonly object[], path?: string): Promise<void>;
  /** Runs the roll-up until nothing is pending; returns how many events it counted and the seconds. */
  drain(): Promise<{ counted: number; seconds: number }>;
  stop(): Promise<void>;
}

/** The ingest and api Workers with routes under /bench/ in front; everything else passes through unchanged. */
const benchWorkers: Plugin = {
  name: 'bench-workers',
  setup(builder) {
    builder.onResolve({ filter: /workers\/(ingest|api)\.ts$/ }, ({ path, kind }) =>
      kind === 'entry-point' ? { path: join(import.meta.dirname, 'workers', basename(path)) } : undefined,
    );
  },
};

export async function openLab(): Promise<Lab> {
  const stateDir = mkdtempSync(join(tmpdir(), 'meterbook-bench-'));
  const remove = (): void => rmSync(stateDir, { recursive: true, force: true });
  try {
    const runtime = await startRuntime({
      stateDir,
      port: 0,
      crons: false,
      testClock: true,
      bootstrapAdminKey: ADMIN_KEY,
      esbuildPlugins: [benchWorkers],
      onLog: (level, message) => process.stderr.write(`[${level}] ${message}\n`),
    });
    const owner = new pg.Client({ connectionString: runtime.ownerDatabaseUrl });
    owner.on('error', () => undefined);
    await owner.connect();
    return describeLab(runtime, owner, stateDir, remove);
  } catch (error) {
    remove();
    throw error;
  }
}

function describeLab(runtime: Runtime, owner: pg.Client, stateDir: string, remove: () => void): Lab {
  const post = async <T>(path: string, body: unknown, key = ADMIN_KEY): Promise<T> => {
    const response = await fetch(new URL(path, runtime.url), {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`POST ${path} was answered ${response.status}: ${text}`);
    return JSON.parse(text) as T;
  };
  const get = async <T>(path: string, at: string): Promise<T> => {
    const headers = { authorization: `Bearer ${ADMIN_KEY}`, 'x-test-clock': at };
    const response = await fetch(new URL(path, runtime.url), { headers });
    const text = await response.text();
    if (!response.ok) throw new Error(`GET ${path} was answered ${response.status}: ${text}`);
    return JSON.parse(text) as T;
  };
  let hasPrices = false;
  return {
    runtime,
    stateDir,
    owner,
    post,
    get,
    async addTenants(count, projectsEach = 1) {
      if (!hasPrices) await addPrices(post);
      hasPrices = true;
      const tenants: Tenant[] = [];
      for (let index = 0; index < count; index++) tenants.push(...(await addTenant(post, projectsEach)));
      return tenants;
    },
    load: (connections, requests) => send(runtime.url, connections, requests),
    async fill(tenants, events, path = '/v1/events') {
      const requests = Array.from({ length: Math.ceil(events.length / 1000) }, (_, index) => {
        const key = tenants[index % tenants.length]?.key ?? '';
        const body = JSON.stringify(events.slice(index * 1000, index * 1000 + 1000));
        return prepare({ path, key, body });
      });
      await send(runtime.url, 4, requests);
    },
    async drain() {
      const startedAt = performance.now();
      const job = await post<{ status: string; n_counted: number }>('/v1/admin/jobs/rollup', {});
      const seconds = (performance.now() - startedAt) / 1000;
      if (job.status !== 'succeeded') throw new Error(`the roll-up ended as ${job.status}`);
      return { counted: job.n_counted, seconds };
    },
    async stop() {
      await owner.end();
      await runtime.stop();
      remove();
    },
  };
}

type Post = Lab['post'];

async function addPrices(post: Post): Promise<void> {
  for (const [metric_name, unit] of METRICS) {
    await post('/v1/admin/pricing-plans', {
      metric_name,
      unit,
      currency: 'USD',
      charge_model: 'per_unit',
      price_per_unit: '0.001',
      effective_from: '2020-01-01',
    });
  }
}

async function addTenant(post: Post, projects: number): Promise<Tenant[]> {
  const organisation = await post<{ id: string }>('/v1/admin/organisations', {
    name: 'Bench',
    billing_email: 'bench@example.com',
    currency: 'USD',
  });
  const tenants: Tenant[] = [];
  for (let index = 0; index < projects; index++) {
    const organisation_id = organisation.id;
    const project = await post<{ id: string }>('/v1/admin/projects', { organisation_id, name: 'Bench' });
    const key = await post<{ key: string }>('/v1/admin/api-keys', { project_id: project.id, name: 'Bench' });
    tenants.push({ organisationId: organisation_id, projectId: project.id, key: key.key });
  }
  return tenants;
}
