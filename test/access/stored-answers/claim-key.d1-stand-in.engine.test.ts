/** The locks and the answers of keys, at chosen moments and on the suite's own ledger. */
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Ctx } from '../../../src/db/ctx.ts';
import { answerOnce } from '../../../src/http/idempotency.ts';
import { runJob } from '../../../src/operations/run-job.ts';
import { openSuite, type Suite } from '../../invoicing/ledger-of-suite.ts';

let suite: Suite;
beforeAll(async () => {
  suite = await openSuite('keys');
});
afterAll(() => suite.close());
beforeEach(async () => {
  await suite.owner.query('DELETE FROM idempotency_keys');
  runs = 0;
});

const START = Date.parse('2026-11-20T12:00:00Z');
const SECOND = 1000;
const DAY = 86_400_000;
let runs = 0;

interface Sent {
  readonly at?: number;
  readonly body?: unknown;
  readonly key?: string;
  readonly run?: () => Promise<Response>;
  readonly ctx?: Ctx;
}

const made = async (): Promise<Response> => new Response(JSON.stringify({ run: ++runs }), { status: 201 });

async function send({ at = 0, body = { a: 1 }, key = 'k', run = made, ctx }: Sent = {}) {
  const now = START + at;
  // A client of its own, like each request: several run at once.
  const own = ctx ?? suite.ctx(new Date(now).toISOString());
  const ledger = own.openLedger();
  const request = new Request('https://x.example/v1/admin/payments', { method: 'POST' });
  try {
    const response = await answerOnce(
      { ...own, ledger },
      { key, request, body, bytes: new Uint8Array(), now },
      run,
    );
    const replayed = response.headers.get('idempotent-replayed');
    return { status: response.status, text: await response.text(), replayed };
  } catch (error) {
    return { code: (error as { code: string }).code };
  } finally {
    await ledger.close();
  }
}

const readKeys = async () =>
  (await suite.owner.query('SELECT key, status, body, locked_until FROM idempotency_keys ORDER BY key')).rows;

/** A request that has taken its key and keeps running until it is released. */
async function sendHeld(sent: Sent = {}) {
  let letGo = (): void => undefined;
  let started = (): void => undefined;
  const atWork = new Promise<void>((resolve) => {
    started = resolve;
  });
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const run = async (): Promise<Response> => {
    started();
    await held;
    return await (sent.run ?? made)();
  };
  const answer = send({ ...sent, run });
  await atWork;
  return { letGo, answer };
}

describe('a second request with the key', () => {
  test('of one that was answered gets its status and its very bytes, and runs nothing', async () => {
    const run = async () => new Response('{"b": 1,\n"a":"é"}', { status: 409 });
    const first = await send({ run });
    expect(first).toEqual({ status: 409, text: '{"b": 1,\n"a":"é"}', replayed: null });
    expect(await send()).toEqual({ ...first, replayed: 'true' });
    expect(runs).toBe(0);
  });

  test('and another body is refused while the first is at work, after it died and after it is answered', async () => {
    const other = { body: { a: 2 } };
    const held = await sendHeld();
    expect(await send(other)).toEqual({ code: 'idempotency_key_reused' });
    expect(await send({ ...other, at: 61 * SECOND })).toEqual({ code: 'idempotency_key_reused' });
    held.letGo();
    await held.answer;
    expect(await send(other)).toEqual({ code: 'idempotency_key_reused' });
    expect(runs).toBe(1);
  });

  test('of one at work waits its turn until the lock has ended, and then takes over', async () => {
    const held = await sendHeld();
    expect(await send({ at: 60 * SECOND })).toEqual({ code: 'idempotency_key_in_flight' });
    const taken = await sendHeld({ at: 60 * SECOND + 1 });
    // The first request resumes: its answer goes to its caller, but it no longer owns the key.
    held.letGo();
    expect(await held.answer).toMatchObject({ status: 201, text: '{"run":1}' });
    expect(await readKeys()).toMatchObject([{ status: null }]);
    taken.letGo();
    expect(await taken.answer).toMatchObject({ text: '{"run":2}' });
    expect(await send()).toEqual({ status: 201, text: '{"run":2}', replayed: 'true' });
  });

  test('of another caller is a request of its own', async () => {
    const other = suite.ctx('2026-11-20T12:00:00Z', { actor: { kind: 'system', job: 'other' } });
    await send();
    expect(await send({ ctx: other })).toMatchObject({ text: '{"run":2}', replayed: null });
    expect(await readKeys()).toHaveLength(2);
  });
});

test('of twenty at once that find a dead lock, one runs', async () => {
  const dead = await sendHeld({ at: -61 * SECOND });
  const answers = await Promise.all(Array.from({ length: 20 }, () => send()));
  expect(runs).toBe(1);
  const first = answers.filter(({ replayed }) => replayed === null);
  expect(first).toHaveLength(1);
  const rest = answers.filter((answer) => !first.includes(answer));
  for (const answer of rest) {
    if ('code' in answer) expect(answer.code).toBe('idempotency_key_in_flight');
    else expect(answer).toEqual({ ...first[0], replayed: 'true' });
  }
  dead.letGo();
  await dead.answer;
});

test('of twenty at once with a new key, one runs', async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => send()));
  expect(runs).toBe(1);
  expect(answers.filter(({ replayed }) => replayed === null)).toHaveLength(1);
});

describe('a key is free again', () => {
  test.each<[string, number, Record<string, string>]>([
    ['a fault of ours', 500, {}],
    ['a ledger that is away', 503, { 'retry-after': '5' }],
    ['a refusal for the moment', 409, { 'retry-after': '60' }],
    ['too many requests', 429, {}],
  ])('after %s: a retry runs', async (_, status, headers) => {
    const run = async () => new Response('{}', { status, headers });
    expect(await send({ run })).toMatchObject({ status });
    expect(await readKeys()).toEqual([]);
    expect(await send()).toMatchObject({ status: 201, text: '{"run":1}', replayed: null });
  });

  test('30 days after it was sent, for any request', async () => {
    await send();
    expect(await send({ at: 30 * DAY - 1 })).toMatchObject({ replayed: 'true' });
    expect(await send({ at: 30 * DAY, body: { a: 2 } })).toMatchObject({
      text: '{"run":2}',
      replayed: null,
    });
    expect(await send({ at: 30 * DAY, body: { a: 2 } })).toMatchObject({
      text: '{"run":2}',
      replayed: 'true',
    });
  });
});

test('an answer that cannot be stored is logged and given all the same, and the lock ends by itself', async () => {
  const run = async (): Promise<Response> => {
    await suite.owner.query('ALTER TABLE idempotency_keys RENAME TO away');
    return await made();
  };
  const log = vi.spyOn(console, 'error').mockReturnValue();
  try {
    expect(await send({ run })).toMatchObject({ status: 201, text: '{"run":1}' });
    expect(log.mock.calls).toEqual([[expect.stringContaining('was not stored')]]);
  } finally {
    log.mockRestore();
    await suite.owner.query('ALTER TABLE away RENAME TO idempotency_keys');
  }
  expect(await send()).toEqual({ code: 'idempotency_key_in_flight' });
});

test('the purge deletes what is 30 days old at the real moment, whatever moment it was asked for', async () => {
  for (const [key, days] of [
    ['old', -30],
    ['young', -29],
  ] as const)
    await send({ key, at: days * DAY });
  const ctx = { ...suite.ctx(new Date(START).toISOString()), shards: new Map() };
  const settings = { retentionHours: 168, budgetMs: 60_000, clock: () => START };
  const purge = (asOf: number) => runJob(ctx, settings, { job: 'purge', startedBy: 'cron', asOf });
  expect(await purge(START - 100 * DAY)).toMatchObject({ status: 'succeeded', purged_keys: 1 });
  expect((await readKeys()).map(({ key }) => key)).toEqual(['young']);
  expect(await purge(START)).toMatchObject({ purged_keys: 0 });
});
