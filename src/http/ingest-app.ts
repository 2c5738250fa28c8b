/** The `ingest` Worker's app: events, and everything else passed on to `api`, so that users see one origin. */
import { Hono } from 'hono/tiny';
import { unauthorized } from '../access/authorise.ts';
import { bearerToken, hashKey, tokenOrPassword } from '../access/key.ts';
import { withoutPayloads } from '../ai/call-content.ts';
import { createPriceMemory, type PriceMemory } from '../ai/prices/price-memory.ts';
import { findPublishedPrices } from '../ai/prices/published-price-store.ts';
import { AppError } from '../core/error.ts';
import { type HotDatabase, hotDatabase, type Shards } from '../db/hot.ts';
import { acceptEvents } from '../ingest/accept-events.ts';
import { type Admission, createAdmission } from '../ingest/admission.ts';
import { type CommitQueue, createCommitQueue } from '../ingest/commit-queue.ts';
import type { ParsedEvents, ReadEvent, UsageEvent } from '../ingest/event.ts';
import { parseGenerations } from '../ingest/generations/parse-generations.ts';
import { priceCalls } from '../ingest/generations/price-calls.ts';
import { parseEvents } from '../ingest/parse-events.ts';
import { discardBody } from '../ingest/read-body.ts';
import { hotWriter } from '../ingest/store.ts';
import { isProtobuf, parseTraces } from '../ingest/traces/parse-traces.ts';
import { findMarked, linkPlaces } from '../ingest/traces/span-store.ts';
import type { Verdict } from '../ingest/verdict.ts';
import { findEdgeKey, touchEdgeKey } from '../tenants/publication/directory-store.ts';
import { createKeyCache, type KeyCache } from '../tenants/publication/key-cache.ts';
import type { EdgeKey } from '../tenants/publication/published-tenant.ts';
import { otlpErrorResponse, tracesResponse } from './otlp-answer.ts';
import { problemResponse } from './problem.ts';
import { assertNoFaults, goodEvents, receiptResponse } from './receipt.ts';
import { REQUEST_ID_HEADER, requestIdOf, withCommonHeaders } from './request-id.ts';

export interface IngestDependencies {
  readonly directory: HotDatabase;
  readonly shards: Shards;
  readonly clock: () => number;
  /** Asks the platform's limiter: see src/ingest/admission.ts. */
  readonly askLimiter: (keyId: string) => Promise<boolean>;
  /** The limit of a key, for the RateLimit-Policy header. */
  readonly requestsPerMinute: number;
  readonly api: (request: Request) => Promise<Response>;
  readonly waitUntil: (work: Promise<unknown>) => void;
}

type Env = { Bindings: IngestDependencies };

/** What an isolate keeps between requests. */
interface Memory {
  readonly keys: KeyCache;
  readonly admission: Admission;
  readonly prices: PriceMemory;
  /** The queue of a shard's commits. */
  readonly queueOf: (shard: number) => CommitQueue;
}

function createMemory(clock: () => number): Memory {
  const queues = new Map<number, CommitQueue>();
  return {
    keys: createKeyCache(),
    admission: createAdmission(),
    prices: createPriceMemory(),
    queueOf(shard) {
      const queue = queues.get(shard) ?? createCommitQueue(clock);
      queues.set(shard, queue);
      return queue;
    },
  };
}

export function createIngestApp(clock: () => number): Hono<Env> {
  const memory = createMemory(clock);
  const app = new Hono<Env>();
  app.get('/health', (c) =>
    withCommonHeaders(c.json({ status: 'ok' }), requestIdOf(c.req.raw, c.env.clock())),
  );
  app.post('/v1/events', (c) => answer(c.req.raw, c.env, memory, receiverOf(parseEvents)));
  app.post('/v1/ai/generations', (c) => answer(c.req.raw, c.env, memory, receiverOf(parseGenerations)));
  for (const path of OTLP_PATHS) app.post(path, (c) => answer(c.req.raw, c.env, memory, TRACES));
  app.all('*', (c) => c.env.api(c.req.raw));
  app.onError((error, c) => {
    const requestId = requestIdOf(c.req.raw, c.env.clock());
    return withCommonHeaders(problemResponse(error, requestId), requestId);
  });
  return app;
}

/** Its own, and the one that Langfuse's exporter adds to the address it is given. */
const OTLP_PATHS = ['/v1/otlp/v1/traces', '/api/public/otel/v1/traces'];

/** What a request has in hand once its key is known. */
interface Reception {
  readonly key: EdgeKey;
  readonly hot: HotDatabase;
  readonly now: number;
  /** The same events, the calls among them with what they cost by what is published of prices. */
  readonly price: <Read extends ReadEvent>(events: readonly Read[]) => Promise<readonly Read[]>;
  /** Takes events into the key's hot store. */
  readonly accept: (events: readonly UsageEvent[]) => Promise<readonly Verdict[]>;
}

/** How a route is spoken to. */
interface Receiver {
  readonly tokenOf: (authorization: string | null) => string | null;
  readonly receive: (request: Request, reception: Reception) => Promise<Response>;
  readonly refuse: (error: unknown, requestId: string, request: Request) => Response | Promise<Response>;
}

/** The wire formats of a route. */
type Parse = (request: Request, now: number) => Promise<ParsedEvents>;

const receiverOf = (parse: Parse): Receiver => ({
  tokenOf: bearerToken,
  async receive(request, { key, now, price, accept }) {
    const read = await parse(request, now);
    const preferences = request.headers.get('prefer') ?? '';
    if (!/(^|[,;\s])handling\s*=\s*"?lenient/i.test(preferences)) assertNoFaults(read);
    const parsed = { ...read, events: await price(read.events) };
    const verdicts = await accept(goodEvents(parsed));
    const representation = /(^|[,;\s])return\s*=\s*"?representation/i.test(preferences);
    return receiptResponse({ parsed, verdicts, isPriced: key.isPriced, representation });
  },
  refuse: problemResponse,
});

const TRACES: Receiver = {
  tokenOf: tokenOrPassword,
  async receive(request, { key, hot, now, price, accept }) {
    const parsed = await parseTraces(request, now);
    // Before the events, which then see through what came with them.
    if (parsed.links.length > 0) await linkPlaces(hot, key.project_id, parsed.links, now);
    const verdicts = await accept(await price(parsed.events));
    const marks = parsed.lacking.map(({ counted }) => counted);
    const countedElsewhere = marks.length > 0 ? await findMarked(hot, key.project_id, marks) : [];
    const isBinary = isProtobuf(request.headers.get('content-type'));
    return tracesResponse({ parsed, verdicts, countedElsewhere }, isBinary);
  },
  refuse: (error, requestId, { headers }) =>
    otlpErrorResponse(error, requestId, isProtobuf(headers.get('content-type'))),
};

async function answer(
  request: Request,
  dependencies: IngestDependencies,
  memory: Memory,
  receiver: Receiver,
): Promise<Response> {
  const now = dependencies.clock();
  const requestId = requestIdOf(request, now);
  const work = receive(request, dependencies, memory, now, receiver).catch(async (error) => {
    await discardBody(request);
    return receiver.refuse(error, requestId, request);
  });
  // Others may wait for this request's batch: it is finished also when its own client has gone.
  dependencies.waitUntil(work);
  const response = await work;
  response.headers.set(REQUEST_ID_HEADER, requestId);
  response.headers.set('x-content-type-options', 'nosniff');
  response.headers.set('cache-control', 'no-store');
  response.headers.set('ratelimit-policy', `"default";q=${dependencies.requestsPerMinute};w=60`);
  return response;
}

async function receive(
  request: Request,
  dependencies: IngestDependencies,
  { keys, admission, prices, queueOf }: Memory,
  now: number,
  receiver: Receiver,
): Promise<Response> {
  const key = await findKey(receiver.tokenOf(request.headers.get('authorization')), dependencies, keys, now);
  if (!(await admission.admits(key.key_id, dependencies.askLimiter))) {
    throw new AppError('rate_limited', 'Too many requests with this key.', { retryAfterSeconds: 60 });
  }
  const hot = hotDatabase(dependencies.shards, key.shard);
  const { insert } = queueOf(key.shard);
  // Whatever goes wrong around the commit, sending it again is safe: that is the answer, never a bare 500.
  const accept = async (events: readonly UsageEvent[]): Promise<readonly Verdict[]> =>
    events.length > 0
      ? await acceptEvents(hotWriter(hot), insert, key, keptOf(events, key), now).catch(retryLater)
      : [];
  const { organisation_id } = key;
  const price: Reception['price'] = (events) =>
    priceCalls(events, organisation_id, now, (models) =>
      prices.bookFor(organisation_id, models, now, (unknown) =>
        findPublishedPrices(dependencies.directory, organisation_id, unknown),
      ),
    );
  return receiver.receive(request, { key, hot, now, price, accept });
}

/** Calls without their payloads, where the organisation keeps none; what they are known by stays. */
const keptOf = (events: readonly UsageEvent[], { storesPayloads }: EdgeKey): readonly UsageEvent[] =>
  storesPayloads
    ? events
    : events.map((event) => {
        const { generation } = event;
        if (generation === null) return event;
        return { ...event, generation: { ...generation, content: withoutPayloads(generation.content) } };
      });

function retryLater(cause: unknown): never {
  if (cause instanceof AppError) throw cause;
  throw new AppError('unavailable', 'The events could not be taken. Try again.', {
    cause,
    log: 'ingest failed',
    retryAfterSeconds: 1,
  });
}

async function findKey(
  token: string | null,
  { directory, waitUntil }: IngestDependencies,
  keys: KeyCache,
  now: number,
): Promise<EdgeKey> {
  if (token === null) throw unauthorized();
  const keyHash = hashKey(token);
  const key = await keys.find(keyHash, now, () => findEdgeKey(directory, keyHash));
  if (!key) throw unauthorized();
  if (keys.isTouchDue(keyHash, now)) waitUntil(touchEdgeKey(directory, keyHash, now).catch(() => undefined));
  return key;
}
