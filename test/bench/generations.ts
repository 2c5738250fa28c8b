/**
 * (i, j) AI calls at ingest and at the drain against plain events of the same size in bytes, through the same
 * Workers.
 */
import { BATCH_EVENTS } from '../../src/rollup/run-rollup.ts';
import { type KeyOrder, makeEvents } from './events.ts';
import { type Lab, openLab, type Tenant } from './lab.ts';
import { prepare } from './load.ts';
import { type Contest, contest, perSecond, type Row } from './measurement.ts';

const BATCH = 1_000;
const BATCHES = 60;
const IN_FLIGHT = 4;
const ROUNDS = 5;
const FEW_ROUNDS = 3;
const DRAINED_BATCHES = 6;
const ORGANISATIONS = 10;
const PROJECTS_EACH = 4;
const TARGET = { gate: 0.7, aim: 0.85, bound: 'least' } as const;

const GENERATIONS = '/v1/ai/generations';
const EVENTS = '/v1/events';

/**
 * The purpose of each kind of call, and its model in the seeded price book: each is priced at ingest and
 * checked at the drain.
 */
const SCENES = [
  ['chat', 'anthropic', 'claude-sonnet-4-5'],
  ['summary', 'openai', 'gpt-5-mini'],
  ['search', 'google', 'gemini-2.5-flash'],
] as const;
/** By one user in one scene, as an agent makes them. */
const CALLS_OF_A_TURN = 4;
const USERS = 997;

/**
 * The sender's own keys grow with time; a vendor's id identifies a call by a hash, which falls on a random
 * page of an index.
 */
type Identity = 'own key' | 'response_id';

/** Calls as an application sends them: about 350 bytes of JSON. */
function makeCalls(count: number, identity: Identity): object[] {
  return makeEvents(count).map(({ timestamp, idempotency_key }, index) => {
    const turn = Math.floor(index / CALLS_OF_A_TURN);
    const [generation_type, provider, model] = SCENES[turn % SCENES.length] ?? SCENES[0];
    return {
      provider,
      model,
      generation_type,
      user_id: `user_${turn % USERS}`,
      session_id: `session_${turn % 4999}`,
      request_id: `req_${idempotency_key}`,
      ...(identity === 'response_id' && { response_id: `msg_${idempotency_key}` }),
      status: 'success',
      duration_ms: 300 + ((index * 37) % 9000),
      tokens: { input: 2048 + ((index * 37) % 5000), output: 20 + (index % 700), cache_read: index % 2048 },
      occurred_at: timestamp,
      idempotency_key,
    };
  });
}

/** Each has as many bytes as the call at the same position. */
function makeAlike(calls: readonly object[], order: KeyOrder): object[] {
  return makeEvents(calls.length, order).map((event, index) => {
    const padded = { ...event, metadata: { ...event.metadata, note: '' } };
    const missing = bytesOf(calls[index]) - bytesOf(padded);
    if (missing < 0) throw new Error('a call is shorter than a plain event');
    padded.metadata.note = 'x'.repeat(missing);
    return padded;
  });
}

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

async function priceCalls(lab: Lab): Promise<void> {
  const units = {
    'ai.calls': 'call',
    'ai.input_tokens': 'token',
    'ai.output_tokens': 'token',
    'ai.cache_read_tokens': 'token',
  };
  for (const [metric_name, unit] of Object.entries(units)) {
    await lab.post('/v1/admin/pricing-plans', {
      metric_name,
      unit,
      currency: 'USD',
      charge_model: 'per_unit',
      price_per_unit: '0.001',
      effective_from: '2020-01-01',
    });
  }
}

/** As the job does each minute: calls are then priced at ingest. */
const publishPrices = (lab: Lab): Promise<unknown> => lab.post('/v1/admin/jobs/publish', {});

export async function measureGenerations(): Promise<Row[]> {
  const what = `ingest of AI calls, batches of ${BATCH}, ${IN_FLIGHT} in flight, against plain events of as many bytes`;
  return [
    row('i', what, await compareIngest('own key', ROUNDS), TARGET),
    row(
      'i2',
      `${what}: named by response_id, random keys`,
      await compareIngest('response_id', FEW_ROUNDS),
      null,
    ),
  ];
}

export async function measureGenerationDrain(): Promise<Row[]> {
  const what = `drain of AI calls, batches of ${BATCH_EVENTS}, priced, against plain events of as many bytes`;
  return [
    row('j', what, await compareDrain('own key', ROUNDS), TARGET),
    row(
      'j2',
      `${what}: named by response_id, random keys`,
      await compareDrain('response_id', FEW_ROUNDS),
      null,
    ),
  ];
}

const row = (id: string, what: string, result: Contest, target: Row['target']): Row => ({
  id,
  what,
  measured: perSecond(result.measured, 'calls'),
  floor: perSecond(result.floor, 'events'),
  figure: result.ratio,
  target,
  detail: { ...result },
});

/** The events that both sides of a round send: calls, and plain events of the same sizes with the same key order. */
const sidesOf = (identity: Identity) => ({
  calls: (count: number) => makeCalls(count, identity),
  events: (count: number) =>
    makeAlike(makeCalls(count, identity), identity === 'own key' ? 'ordered' : 'random'),
});

async function compareIngest(identity: Identity, rounds: number): Promise<Contest> {
  const lab = await openLab();
  try {
    await priceCalls(lab);
    await publishPrices(lab);
    const [calls, events] = [await tenantOf(lab), await tenantOf(lab)];
    const sides = sidesOf(identity);
    return await contest(
      rounds,
      () => send(lab, GENERATIONS, calls, sides.calls),
      () => send(lab, EVENTS, events, sides.events),
    );
  } finally {
    await lab.stop();
  }
}

async function tenantOf(lab: Lab): Promise<Tenant> {
  const [tenant] = await lab.addTenants(1);
  if (!tenant) throw new Error('no tenant');
  return tenant;
}

async function send(
  lab: Lab,
  path: string,
  { key }: Tenant,
  make: (count: number) => object[],
): Promise<number> {
  const requests = Array.from({ length: BATCHES }, () =>
    prepare({ path, key, body: JSON.stringify(make(BATCH)) }),
  );
  return (BATCH * BATCHES) / (await lab.load(IN_FLIGHT, requests));
}

async function compareDrain(identity: Identity, rounds: number): Promise<Contest> {
  const lab = await openLab();
  try {
    const tenants = await lab.addTenants(ORGANISATIONS, PROJECTS_EACH);
    await publishPrices(lab);
    const sides = sidesOf(identity);
    const count = BATCH_EVENTS * DRAINED_BATCHES;
    const drain = async (path: string, rows: readonly object[]): Promise<number> => {
      await lab.fill(tenants, rows, path);
      const { counted, seconds } = await lab.drain();
      if (counted !== count) throw new Error(`${counted} of ${count} were counted`);
      return count / seconds;
    };
    return await contest(
      rounds,
      () => drain(GENERATIONS, sides.calls(count)),
      () => drain(EVENTS, sides.events(count)),
    );
  } finally {
    await lab.stop();
  }
}
