/** The `ingest` Worker's app: it serves events and passes everything else on to `api`, so that users see one origin. */
import { Hono } from 'hono/tiny';
import { bearerToken, tokenOrPassword } from '../access/key.ts';
import { createPriceMemory } from '../ai/prices/price-memory.ts';
import { AppError } from '../core/error.ts';
import type { HotDatabase, Shards } from '../db/hot.ts';
import { type Admission, createAdmission } from '../ingest/admission.ts';
import { type CommitQueue, createCommitQueue } from '../ingest/commit-queue.ts';
import type { ParsedEvents } from '../ingest/event.ts';
import { parseGenerations } from '../ingest/generations/parse-generations.ts';
import { parseEvents } from '../ingest/parse-events.ts';
import { discardBody } from '../ingest/read-body.ts';
import { type EdgeMemory, openReception, type Reception } from '../ingest/reception.ts';
import { isProtobuf, parseTraces } from '../ingest/traces/parse-traces.ts';
import { authenticateEdgeKey } from '../tenants/publication/authenticate-edge-key.ts';
import { createKeyCache, type KeyCache } from '../tenants/publication/key-cache.ts';
import { otlpErrorResponse, tracesResponse } from './otlp-answer.ts';
import { problemResponse } from './problem.ts';
import { assertNoFaults, goodEvents, receiptResponse } from './receipt.ts';
import { REQUEST_ID_HEADER, requestIdOf, withCommonHeaders } from './request-id.ts';

export interface IngestDependencies {
  readonly directory: HotDatabase;
  readonly shards: Shards;
  readonly clock: () => number;
  /** Calls the platform's limiter: see src/ingest/admission.ts. */
  readonly askLimiter: (keyId: string) => Promise<boolean>;
  /** The limit of a key, for the RateLimit-Policy header. */
  readonly requestsPerMinute: number;
  readonly api: (request: Request) => Promise<Response>;
  readonly waitUntil: (work: Promise<unknown>) => void;
}

type Env = { Bindings: IngestDependencies };

/** State that an isolate keeps between requests. */
interface Memory extends EdgeMemory {
  readonly keys: KeyCache;
  readonly admission: Admission;
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

/** The product's own path, and the one that Langfuse's exporter appends to its configured address. */
const OTLP_PATHS = ['/v1/otlp/v1/traces', '/api/public/otel/v1/traces'];

/** The protocol of a route. */
interface Receiver {
  readonly tokenOf: (authorization: string | null) => string | null;
  readonly receive: (request: Request, reception: Reception) => Promise<Response>;
  readonly refuse: (error: unknown, requestId: string, request: Request) => Response | Promise<Response>;
}

/** Parses the wire formats of a route. */
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
  async receive(request, { now, price, accept, link, findMarked }) {
    const parsed = await parseTraces(request, now);
    // Runs before the events, which then use the links that came with them.
    await link(parsed.links);
    const verdicts = await accept(await price(parsed.events));
    const countedElsewhere = await findMarked(parsed.lacking.map(({ counted }) => counted));
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
  // Other requests may wait for this request's batch: it is finished even if its own client has gone.
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
  memory: Memory,
  now: number,
  receiver: Receiver,
): Promise<Response> {
  const { directory, askLimiter, waitUntil } = dependencies;
  const { keys, admission } = memory;
  const token = receiver.tokenOf(request.headers.get('authorization'));
  const key = await authenticateEdgeKey(token, { directory, keys, now, waitUntil });
  if (!(await admission.admits(key.key_id, askLimiter))) {
    throw new AppError('rate_limited', 'Too many requests with this key. Retry later.', {
      retryAfterSeconds: 60,
    });
  }
  return receiver.receive(request, openReception(dependencies, memory, key, now));
}
