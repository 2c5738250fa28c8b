/**
 * The real runtime under kill -9. In each round Postgres or workerd dies during two overlapping drains while events
 * still arrive. At the end every acknowledged event is counted exactly once, in D1 and in Postgres.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { type Runtime, startRuntime } from '../../../src/platform/local/runtime.ts';
import { HANG_MS } from '../../setup/limits.ts';
import { Random } from '../random.ts';

const ADMIN_KEY = 'kill-rounds-admin-key-0123456789';
const EVENTS_PER_REQUEST = 250;
/** The client's request timeout, after which it retries. */
const PATIENCE_MS = 90_000;

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

async function ask(runtime: Runtime, key: string, path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(`${runtime.url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const text = await response.text();
  const parsed: unknown = text.startsWith('{') ? JSON.parse(text) : {};
  return { status: response.status, body: parsed as Record<string, unknown> };
}

/** Retries until the status is one of `good`, as a client would after a broken connection. */
async function insist(
  runtime: Runtime,
  key: string,
  path: string,
  body: unknown,
  good: readonly number[],
): Promise<Answer> {
  const deadline = Date.now() + HANG_MS;
  for (;;) {
    const answer = await ask(runtime, key, path, body).catch((error: unknown) => String(error));
    if (typeof answer !== 'string' && good.includes(answer.status)) return answer;
    if (Date.now() > deadline) throw new Error(`${path} answers ${JSON.stringify(answer)}`);
    await sleep(200);
  }
}

const text = (answer: Answer, name: string): string => {
  const value = answer.body[name];
  if (typeof value !== 'string') throw new Error(`no ${name} in ${JSON.stringify(answer.body)}`);
  return value;
};

async function createTenant(runtime: Runtime): Promise<string> {
  const organisation = { name: 'Killed often', billing_email: 'bills@example.com', currency: 'USD' };
  const { body } = await insist(runtime, ADMIN_KEY, '/v1/admin/organisations', organisation, [201]);
  const project = { organisation_id: body['id'], name: 'kill' };
  const { body: made } = await insist(runtime, ADMIN_KEY, '/v1/admin/projects', project, [201]);
  const key = { project_id: made['id'], name: 'kill' };
  return text(await insist(runtime, ADMIN_KEY, '/v1/admin/api-keys', key, [201]), 'key');
}

// Thousandths, so that a sum with floats would be wrong.
const thousandthsOf = (index: number): number => index * 7 + 1;
const quantityOf = (index: number): string =>
  `${Math.floor(thousandthsOf(index) / 1_000)}.${String(thousandthsOf(index) % 1_000).padStart(3, '0')}`;

async function send(
  runtime: Runtime,
  key: string,
  from: number,
  to: number,
  timestamp: number,
): Promise<void> {
  for (let start = from; start < to; start += EVENTS_PER_REQUEST) {
    const count = Math.min(EVENTS_PER_REQUEST, to - start);
    const events = Array.from({ length: count }, (_, offset) => ({
      metric_name: 'tokens',
      metric_value: quantityOf(start + offset),
      unit: 'token',
      timestamp,
      idempotency_key: `kill-${start + offset}`,
    }));
    const { body } = await insist(runtime, key, '/v1/events', { events }, [202]);
    const held = Number(body['accepted']) + Number(body['duplicates']);
    if (held !== count) throw new Error(`${count} events sent, answered ${JSON.stringify(body)}`);
  }
}

const rollUp = (runtime: Runtime): Promise<unknown> =>
  ask(runtime, ADMIN_KEY, '/v1/admin/jobs/rollup', {}).catch(() => undefined);

async function untilReady(runtime: Runtime): Promise<void> {
  const deadline = Date.now() + HANG_MS;
  for (;;) {
    const answer = await ask(runtime, ADMIN_KEY, '/ready').catch(() => null);
    const { postgres, workerd } = runtime.pids();
    if (answer?.status === 200 && postgres !== undefined && workerd !== undefined) return;
    if (Date.now() > deadline) throw new Error(`not ready again: ${JSON.stringify(answer)}`);
    await sleep(100);
  }
}

async function drainAll(runtime: Runtime): Promise<void> {
  for (;;) {
    const { body } = await insist(runtime, ADMIN_KEY, '/v1/admin/jobs/rollup', {}, [200, 201, 202]);
    if (body['status'] === 'succeeded') return;
    if (body['status'] === 'failed') throw new Error(`the roll-up failed: ${JSON.stringify(body)}`);
  }
}

async function findDifferences(runtime: Runtime, events: number): Promise<string[]> {
  let thousandths = 0n;
  for (let index = 0; index < events; index++) thousandths += BigInt(thousandthsOf(index));
  const expected = `${thousandths / 1_000n}.${String(thousandths % 1_000n).padStart(3, '0')}`;
  const client = new pg.Client({ connectionString: runtime.ownerDatabaseUrl });
  await client.connect();
  const counts: [string, string][] = [
    [
      'events in Postgres',
      `SELECT count(*) = ${events} AND sum(metric_value) = ${expected} AS holds FROM usage_events`,
    ],
    ['keys', `SELECT count(*) = ${events} AS holds FROM event_keys`],
    ...['usage_hourly', 'usage_daily', 'usage_aggregates'].map((table): [string, string] => [
      table,
      `SELECT sum(event_count) = ${events} AND sum(total_value) = ${expected} AS holds FROM ${table}`,
    ]),
    ['quarantine', 'SELECT count(*) = 0 AS holds FROM event_quarantine'],
    ['conflicts', 'SELECT count(*) = 0 AS holds FROM event_conflicts'],
    [
      'batches',
      `SELECT sum(n_counted) = ${events} AND sum(n_in) = ${events} AS holds FROM rollup_batches WHERE stream = 'events'`,
    ],
  ];
  try {
    const different: string[] = [];
    for (const [name, sql] of counts) {
      const { rows } = await client.query<{ holds: boolean | null }>(sql);
      if (rows[0]?.holds !== true) different.push(name);
    }
    const hot = await (await runtime.d1('HOT_0'))
      .prepare('SELECT count(*) AS n FROM usage_events')
      .first<number>('n');
    if (hot !== events) different.push(`events in D1: ${hot}`);
    return different;
  } finally {
    await client.end();
  }
}

export async function runKills(rounds: number, events: number): Promise<boolean> {
  const stateDir = await mkdtemp(join(tmpdir(), 'meterbook-kill-'));
  const began = performance.now();
  const options = { stateDir, port: 0, crons: false, testClock: true, bootstrapAdminKey: ADMIN_KEY };
  const runtime = await startRuntime(options);
  try {
    const key = await createTenant(runtime);
    await insist(runtime, key, '/v1/events', { events: [] }, [202, 422]);
    const random = new Random(rounds);
    const timestamp = Date.now();
    const kills = { postgres: 0, workerd: 0 };
    for (let round = 0; round < rounds; round++) {
      const from = Math.floor((events * round) / rounds);
      const to = Math.floor((events * (round + 1)) / rounds);
      const middle = from + Math.floor((to - from) * 0.8);
      await send(runtime, key, from, middle, timestamp);
      const victim = round % 2 === 0 ? 'postgres' : 'workerd';
      const pid = runtime.pids()[victim];
      const work = [rollUp(runtime), rollUp(runtime), send(runtime, key, middle, to, timestamp)];
      await sleep(random.between(5, 400));
      if (pid !== undefined) {
        process.kill(pid, 'SIGKILL');
        kills[victim] += 1;
      }
      await Promise.all(work);
      await untilReady(runtime);
      console.log(`round ${round + 1} of ${rounds}: ${victim} killed, ${to} events sent`);
    }
    await drainAll(runtime);
    const different = await findDifferences(runtime, events);
    const seconds = ((performance.now() - began) / 1_000).toFixed(1);
    for (const difference of different) console.error(`not exact: ${difference}`);
    console.log(
      `${rounds} rounds, ${kills.postgres} kills of Postgres, ${kills.workerd} of workerd, ${events} events, ` +
        `${different.length} differences, ${seconds} s`,
    );
    return different.length === 0;
  } finally {
    await runtime.stop();
    await rm(stateDir, { recursive: true, force: true });
  }
}
