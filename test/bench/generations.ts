/** (i, j) AI calls at ingest and at the drain against plain events of as many bytes, through the same Workers. */
import { BATCH_EVENTS } from '../../src/rollup/run-rollup.ts';
import { makeEvents } from './events.ts';
import { type Lab, openLab, type Tenant } from './lab.ts';
import { prepare } from './load.ts';
import { type Contest, contest, perSecond, type Row } from './measurement.ts';

const BATCH = 1_000;
const BATCHES = 60;
const IN_FLIGHT = 4;
const ROUNDS = 7;
const DRAINED_BATCHES = 6;
const DRAIN_ROUNDS = 5;
const ORGANISATIONS = 10;
const PROJECTS_EACH = 4;
const TARGET = { gate: 0.7, aim: 0.85, bound: 'least' } as const;

const GENERATIONS = '/v1/ai/generations';
const EVENTS = '/v1/events';

/** Of the seeded price book: the drain prices every call. */
const MODELS = [
  ['anthropic', 'claude-sonnet-4-5'],
  ['openai', 'gpt-5-mini'],
  ['google', 'gemini-2.5-flash'],
] as const;
const SCENES = ['chat', 'summary'];

/** The vendor's id names a call by a hash, whose place in an index is random; the sender's own keys grow with time. */
type Identity = 'own key' | 'response_id';

/** Calls as an application sends them: about 400 bytes of JSON. */
function makeCalls(count: number, identity: Identity): object[] {
  return makeEvents(count).map(({ timestamp, idempotency_key, user_id }, index) => {
    const [provider, model] = MODELS[index % MODELS.length] ?? MODELS[0];
    return {
      provider,
      model,
      generation_type: SCENES[index % SCENES.length],
      user_id,
      session_id: `session_${index % 4999}`,
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

/** Each as many bytes as the call in its place. */
function makeAlike(calls: readonly object[]): object[] {
  return makeEvents(calls.length).map((event, index) => {
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

export async function measureGenerations(): Promise<Row[]> {
  const own = await compareIngest('own key');
  const hashed = await compareIngest('response_id');
  const what = `ingest of AI calls, batches of ${BATCH}, ${IN_FLIGHT} in flight, against plain events of as many bytes`;
  return [row('i', what, own, TARGET), row('i2', `${what}: named by response_id`, hashed, null)];
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

async function compareIngest(identity: Identity): Promise<Contest> {
  const lab = await openLab();
  try {
    await priceCalls(lab);
    const [calls, events] = [await tenantOf(lab), await tenantOf(lab)];
    return await contest(
      ROUNDS,
      () => send(lab, GENERATIONS, calls, (count) => makeCalls(count, identity)),
      () => send(lab, EVENTS, events, (count) => makeAlike(makeCalls(count, identity))),
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

export async function measureGenerationDrain(): Promise<Row[]> {
  const lab = await openLab();
  try {
    const tenants = await lab.addTenants(ORGANISATIONS, PROJECTS_EACH);
    const count = BATCH_EVENTS * DRAINED_BATCHES;
    const drain = async (path: string, rows: readonly object[]): Promise<number> => {
      await lab.fill(tenants, rows, path);
      const { counted, seconds } = await lab.drain();
      if (counted !== count) throw new Error(`${counted} of ${count} were counted`);
      return count / seconds;
    };
    const result = await contest(
      DRAIN_ROUNDS,
      () => drain(GENERATIONS, makeCalls(count, 'response_id')),
      () => drain(EVENTS, makeAlike(makeCalls(count, 'response_id'))),
    );
    const what = `drain of AI calls, batches of ${BATCH_EVENTS}, priced by the book, against plain events of as many bytes`;
    return [row('j', what, result, TARGET)];
  } finally {
    await lab.stop();
  }
}
