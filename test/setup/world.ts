/** A tenant and the calls of its life, on any runtime: the building blocks of scenarios. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Runtime, type RuntimeOptions, startRuntime } from '../../src/platform/local/runtime.ts';
import { createDatabase } from './own-database.ts';
import { randomUUID } from './seeded.ts';

export const SCENARIO_ADMIN_KEY = 'mb_admin_for_one_scenario_of_its_own';

export interface Reply<T = Record<string, unknown>> {
  readonly status: number;
  readonly body: T;
}

// Untyped, because the test declares the bodies; a misspelt field makes an expectation fail.
// biome-ignore lint/suspicious/noExplicitAny: answers of a remote API, read field by field in expectations
export type Json = any;

export interface World {
  get(path: string, key?: string): Promise<Reply<Json>>;
  post(path: string, body?: unknown, key?: string): Promise<Reply<Json>>;
  patch(path: string, body: unknown): Promise<Reply<Json>>;
  /** The same world with the verbs' clock at a moment; the runtime must have been started with testClock. */
  at(instant: string): World;
  /** Runs a job and expects it to have succeeded. */
  job(name: string, asOf?: string): Promise<Json>;
  tenant(fields?: Record<string, unknown>): Promise<Tenant>;
}

export type SentEvent = readonly [key: string, metric: string, value: string, time: string];

export interface Tenant {
  readonly organisation_id: string;
  readonly project_id: string;
  readonly shard: number;
  readonly key: string;
  /** Sends events, by the real clock: [key, metric, value, time] each. */
  send(...events: SentEvent[]): Promise<Reply<Json>>;
}

export function createWorld(
  url: () => string,
  adminKey: string,
  headers: Readonly<Record<string, string>> = {},
  clock?: string,
): World {
  async function call(method: string, path: string, body: unknown, key: string): Promise<Reply<Json>> {
    const response = await fetch(new URL(path, url()), {
      method,
      headers: {
        ...headers,
        ...(clock !== undefined && { 'x-test-clock': clock }),
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  }
  const world: World = {
    at: (instant) => createWorld(url, adminKey, headers, instant),
    get: (path, key = adminKey) => call('GET', path, undefined, key),
    post: (path, body, key = adminKey) => call('POST', path, body ?? {}, key),
    patch: (path, body) => call('PATCH', path, body, adminKey),
    async job(name, asOf) {
      const { status, body } = await world.post(
        `/v1/admin/jobs/${name}`,
        asOf === undefined ? {} : { as_of: asOf },
      );
      if (status !== 200 || body.status !== 'succeeded')
        throw new Error(`${name}: ${status} ${JSON.stringify(body)}`);
      return body;
    },
    async tenant(fields = {}) {
      const organisation = await world.post('/v1/admin/organisations', {
        name: `Scenario ${randomUUID()}`,
        billing_email: 'billing@example.com',
        currency: 'USD',
        ...fields,
      });
      if (organisation.status !== 201) throw new Error(JSON.stringify(organisation.body));
      const organisation_id: string = organisation.body.id;
      const project = await world.post('/v1/admin/projects', { organisation_id, name: 'Project' });
      const created = await world.post('/v1/admin/api-keys', { project_id: project.body.id, name: 'Key' });
      const key: string = created.body.key;
      return {
        organisation_id,
        project_id: project.body.id,
        shard: organisation.body.shard,
        key,
        send: (...events) =>
          createWorld(url, adminKey, headers).post(
            '/v1/events',
            events.map(([idempotency_key, metric_name, metric_value, timestamp]) => ({
              idempotency_key,
              metric_name,
              metric_value,
              unit: 'unit',
              timestamp,
            })),
            key,
          ),
      };
    },
  };
  return world;
}

export interface OwnRuntime extends World {
  readonly runtime: Runtime;
  stop(): Promise<void>;
}

let runtimes = 0;

/**
 * The scenario's own Workers and D1, and a ledger in the run's cluster, for actions that would disturb the
 * shared ones.
 */
export async function startOwnRuntime(options: Partial<RuntimeOptions> = {}): Promise<OwnRuntime> {
  const stateDir = mkdtempSync(join(tmpdir(), 'meterbook-scenario-'));
  const database = await createDatabase(`scenario_${runtimes++}`);
  const runtime = await startRuntime({
    stateDir,
    port: 0,
    databaseUrl: database.ownerUrl,
    crons: false,
    testClock: true,
    bootstrapAdminKey: SCENARIO_ADMIN_KEY,
    onLog: (level, message) => process.stderr.write(`[${level}] ${message}\n`),
    ...options,
  });
  const world = createWorld(() => runtime.url, SCENARIO_ADMIN_KEY);
  const stop = async (): Promise<void> => {
    await runtime.stop();
    await database.close();
    rmSync(stateDir, { recursive: true, force: true });
  };
  try {
    // As the schedule would within the minute: what is not published after three is listed by `verify`.
    await world.job('publish');
  } catch (error) {
    await stop();
    throw error;
  }
  return { ...world, runtime, stop };
}
