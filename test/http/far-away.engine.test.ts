/** A runtime of its own, with a tiny rate limit and a Postgres connection that can be cut. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { REQUESTS_PER_QUESTION } from '../../src/ingest/admission.ts';
import { jsonTraces, spanOf, TRACES_PATH } from '../ingest/traces/spans.ts';
import { connectOwner, ownerDatabaseUrl } from '../setup/client.ts';
import { randomUUID } from '../setup/seeded.ts';
import {
  type Json,
  type OwnRuntime,
  SCENARIO_ADMIN_KEY,
  startOwnRuntime,
  type Tenant,
} from '../setup/world.ts';
import { type Answer, eventOf, problemOf, rpcStatusOf } from './wire.ts';

const LIMIT = 3 * REQUESTS_PER_QUESTION;
const DATABASE = `far_away_${process.pid}`;
const folder = mkdtempSync(join(tmpdir(), 'meterbook-config-'));

/** Forwards bytes to Postgres until it is cut. */
function startWire(port: number) {
  const sockets = new Set<Socket>();
  let mode: 'open' | 'refused' | 'silent' = 'open';
  const server = createServer((client) => {
    sockets.add(client);
    client.on('error', () => undefined);
    if (mode === 'refused') client.destroy();
    if (mode !== 'open') return;
    const upstream = connect(port, '127.0.0.1');
    sockets.add(upstream);
    upstream.on('error', () => client.destroy());
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    client.pipe(upstream).pipe(client);
  });
  return {
    listen: () =>
      new Promise<number>((resolve) => {
        server.listen(0, '127.0.0.1', () => {
          const address = server.address();
          resolve(typeof address === 'object' && address ? address.port : 0);
        });
      }),
    set(next: typeof mode): void {
      mode = next;
      if (next !== 'open') this.cut();
    },
    cut(): void {
      for (const socket of sockets) socket.destroy();
      sockets.clear();
    },
    close: () => server.close(),
  };
}

const wire = startWire(Number(new URL(ownerDatabaseUrl).port));
let own: OwnRuntime;
let tenant: Tenant;
const logged: string[] = [];

beforeAll(async () => {
  const owner = await connectOwner();
  await owner.query(`CREATE DATABASE ${DATABASE}`);
  await owner.end();
  const url = Object.assign(new URL(ownerDatabaseUrl), {
    pathname: `/${DATABASE}`,
    port: `${await wire.listen()}`,
  });
  const toml = readFileSync('wrangler.toml', 'utf8')
    .replace(/limit = \d+/, `limit = ${LIMIT / REQUESTS_PER_QUESTION}`)
    .replace(/"(workers|migrations)\//g, `"${resolve('.')}/$1/`);
  writeFileSync(join(folder, 'wrangler.toml'), toml);
  own = await startOwnRuntime({
    databaseUrl: url.href,
    configPath: join(folder, 'wrangler.toml'),
    onLog: (_, message) => logged.push(message),
  });
  tenant = await own.tenant();
});

afterAll(async () => {
  wire.set('open');
  await own?.stop();
  wire.close();
  rmSync(folder, { recursive: true, force: true });
  const owner = await connectOwner();
  await owner.query(`DROP DATABASE IF EXISTS ${DATABASE} WITH (FORCE)`);
  await owner.end();
});

async function ask(path: string, key: string, body?: unknown): Promise<Answer> {
  const response = await fetch(new URL(path, own.runtime.url), {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Json };
}

const newKey = async (): Promise<string> =>
  (await own.post('/v1/admin/api-keys', { project_id: tenant.project_id, name: randomUUID() })).body.key;

describe('the rate limit', () => {
  test('lets a key have its requests, then answers 429 with Retry-After; other keys go on', async () => {
    const [busy, quiet] = [await newKey(), await newKey()];
    const answers: Answer[] = [];
    for (let i = 0; i < LIMIT + 3; i++) answers.push(await ask('/v1/events', busy, eventOf()));
    const statuses = answers.map(({ status }) => status);
    // A minute of the limiter may end within the loop; it never admits more than two minutes' worth.
    expect(statuses.filter((status) => status === 202).length).toBeGreaterThanOrEqual(LIMIT);
    const limited = answers.find(({ status }) => status === 429);
    if (!limited) throw new Error(`no request was limited: ${statuses.join(' ')}`);
    expect(problemOf(limited, 429).code).toBe('rate_limited');
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(limited.headers.get('ratelimit-policy')).toMatch(/^"default";q=\d+;w=60$/);
    expect((await ask('/v1/events', quiet, eventOf())).status).toBe(202);
  });

  test('for traces too, in the words of OTLP', async () => {
    const busy = await newKey();
    let limited: Answer | undefined;
    for (let i = 0; i < 2 * LIMIT + 3 && !limited; i++) {
      const answer = await ask(TRACES_PATH, busy, {});
      if (answer.status !== 200) limited = answer;
    }
    if (!limited) throw new Error('no request was limited');
    expect(rpcStatusOf(limited, 429)).toBe(8);
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});

test('while D1 fails traces answer 503 and nothing of them is stored; sent again they count once', async () => {
  const traces = jsonTraces([spanOf(), spanOf()]);
  const database = await own.runtime.d1('HOT_0');
  const stored = async (): Promise<unknown> =>
    (await database.prepare("SELECT count(*) AS n FROM usage_events WHERE metric_name = 'ai.calls'").all())
      .results;
  // Only the last statements of the transaction fail.
  await database.prepare('ALTER TABLE span_marks RENAME TO away').run();
  const answer = await ask(TRACES_PATH, tenant.key, traces);
  await database.prepare('ALTER TABLE away RENAME TO span_marks').run();
  expect(rpcStatusOf(answer, 503)).toBe(14);
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(JSON.stringify(answer.body)).not.toMatch(/span_marks|SQL/i);
  expect(await stored()).toEqual([{ n: 0 }]);
  const again = [await ask(TRACES_PATH, tenant.key, traces), await ask(TRACES_PATH, tenant.key, traces)];
  expect(again.map(({ body }) => [body.spans.accepted, body.spans.duplicates])).toEqual([
    [2, 0],
    [0, 2],
  ]);
  expect(await stored()).toEqual([{ n: 2 }]);
});

const SECRETS = /ECONN|127\.0\.0\.1|postgres|password|meterbook_|stack|at file|socket|terminated|\.ts|\.js/i;

/** 503 with only the public message. */
function expectAway(answer: Answer): void {
  expect(problemOf(answer, 503).code).toBe('unavailable');
  expect(JSON.stringify(answer.body)).not.toMatch(SECRETS);
}

describe('while Postgres is away', () => {
  test('every route that needs it answers 503, tells nothing, and comes back with it', async () => {
    const calls: [string, string, unknown?][] = [
      ['/v1/admin/organisations', SCENARIO_ADMIN_KEY],
      [
        '/v1/admin/organisations',
        SCENARIO_ADMIN_KEY,
        { name: 'x', billing_email: 'x@example.com', currency: 'USD' },
      ],
      ['/v1/admin/jobs/rollup', SCENARIO_ADMIN_KEY, {}],
      ['/v1/usage', tenant.key],
      ['/v1/events/x', tenant.key],
    ];
    wire.set('refused');
    for (const call of calls) {
      const answer = await ask(...call);
      expectAway(answer);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    wire.set('open');
    expect((await ask('/v1/usage', tenant.key)).status).toBe(200);
  });

  test('events are taken all the same, the edge is alive, and readiness says what is missing', async () => {
    const key = await newKey();
    wire.set('refused');
    expect(await ask('/v1/events', key, eventOf())).toMatchObject({ status: 202, body: { accepted: 1 } });
    expect((await ask('/health', key)).status).toBe(200);
    const ready = await ask('/ready', key);
    expect(problemOf(ready, 503).code).toBe('unavailable');
    expect(ready.body).toMatchObject({ ready: false, checks: { postgres: false, d1: true } });
    wire.set('open');
    expect((await ask('/ready', key)).body).toMatchObject({ ready: true });
  });

  test('a connection that is lost in the middle of a request is a 503 too', async () => {
    // Work that waits on a lock holds the connection long enough to cut it.
    const url = Object.assign(new URL(ownerDatabaseUrl), { pathname: `/${DATABASE}` });
    const blocker = new pg.Client({ connectionString: url.href });
    await blocker.connect();
    await blocker.query('BEGIN');
    await blocker.query('LOCK TABLE projects IN ACCESS EXCLUSIVE MODE');
    const waiting = ask('/v1/admin/projects', SCENARIO_ADMIN_KEY);
    const isWaiting = async (): Promise<boolean> =>
      (await blocker.query(`SELECT 1 FROM pg_locks WHERE NOT granted`)).rows.length > 0;
    while (!(await isWaiting()));
    wire.cut();
    const answer = await waiting;
    await blocker.query('ROLLBACK');
    await blocker.end();
    expectAway(answer);
    expect((await ask('/v1/admin/projects', SCENARIO_ADMIN_KEY)).status).toBe(200);
  });

  test('a Postgres that takes connections and says nothing is given up', async () => {
    wire.set('silent');
    expectAway(await ask('/v1/usage', tenant.key));
    wire.set('open');
  });

  test('what it was is told to the operator, with the id of the request', async () => {
    wire.set('refused');
    const { body } = await ask('/v1/usage', tenant.key);
    wire.set('open');
    const line = logged.find((each) => each.includes(body.request_id));
    expect(line).toContain('connect to Postgres failed');
  });
});
