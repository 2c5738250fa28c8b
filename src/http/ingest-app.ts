/** The `ingest` Worker's app: events, and everything else passed on to `api`, so that users see one origin. */
import { Hono } from 'hono/tiny';
import { unauthorized } from '../access/authorise.ts';
import { bearerToken, hashKey } from '../access/key.ts';
import { parseGenerations } from '../ai/parse-generations.ts';
import { createPriceMemory, type PriceMemory } from '../ai/price-memory.ts';
import { priceParsedCalls } from '../ai/price-parsed-calls.ts';
import { findPublishedPrices } from '../ai/published-price-store.ts';
import { AppError } from '../core/error.ts';
import { type HotDatabase, hotDatabase, type Shards } from '../db/hot.ts';
import { acceptEvents } from '../ingest/accept-events.ts';
import { type Admission, createAdmission } from '../ingest/admission.ts';
import { type CommitQueue, createCommitQueue } from '../ingest/commit-queue.ts';
import type { ParsedEvents } from '../ingest/event.ts';
import { parseEvents } from '../ingest/parse-events.ts';
import { discardBody } from '../ingest/read-body.ts';
import { hotWriter } from '../ingest/store.ts';
import { findEdgeKey, touchEdgeKey } from '../tenants/directory-store.ts';
import { createKeyCache, type KeyCache } from '../tenants/key-cache.ts';
import type { EdgeKey } from '../tenants/published-tenant.ts';
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
    c.json({ status: 'ok' }, 200, { [REQUEST_ID_HEADER]: requestIdOf(c.req.raw, c.env.clock()) }),
  );
  app.post('/v1/events', (c) => answerEvents(c.req.raw, c.env, memory, parseEvents));
  app.post('/v1/ai/generations', (c) => answerEvents(c.req.raw, c.env, memory, parseGenerations));
  app.all('*', (c) => c.env.api(c.req.raw));
  app.onError((error, c) => {
    const requestId = requestIdOf(c.req.raw, c.env.clock());
    return withCommonHeaders(problemResponse(error, requestId), requestId);
  });
  return app;
}

/** The wire formats of a route. */
type Parse = (request: Request, now: number) => Promise<ParsedEvents>;

async function answerEvents(
  request: Request,
  dependencies: IngestDependencies,
  memory: Memory,
  parse: Parse,
): Promise<Response> {
  const now = dependencies.clock();
  const requestId = requestIdOf(request, now);
  const work = receiveEvents(request, dependencies, memory, now, parse).catch(async (error) => {
    await discardBody(request);
    return problemResponse(error, requestId);
  });
  // Others may wait for this request's batch: it is finished also when its own client has gone.
  dependencies.waitUntil(work);
  const response = await work;
  response.headers.set(REQUEST_ID_HEADER, requestId);
  response.headers.set('cache-control', 'no-store');
  response.headers.set('ratelimit-policy', `"default";q=${dependencies.requestsPerMinute};w=60`);
  return response;
}

async function receiveEvents(
  request: Request,
  dependencies: IngestDependencies,
  { keys, admission, prices, queueOf }: Memory,
  now: number,
  parse: Parse,
): Promise<Response> {
  const key = await findKey(request, dependencies, keys, now);
  if (!(await admission.admits(key.key_id, dependencies.askLimiter))) {
    throw new AppError('rate_limited', 'Too many requests with this key.', { retryAfterSeconds: 60 });
  }
  const read = await parse(request, now);
  const preferences = request.headers.get('prefer') ?? '';
  if (!/(^|[,;\s])handling\s*=\s*"?lenient/i.test(preferences)) assertNoFaults(read);
  const { organisation_id } = key;
  const parsed = await priceParsedCalls(read, organisation_id, now, (models) =>
    prices.bookFor(organisation_id, models, now, (unknown) =>
      findPublishedPrices(dependencies.directory, organisation_id, unknown),
    ),
  );
  const events = goodEvents(parsed);
  const hot = hotWriter(hotDatabase(dependencies.shards, key.shard));
  const { insert } = queueOf(key.shard);
  // Whatever goes wrong around the commit, sending it again is safe: that is the answer, never a bare 500.
  const verdicts =
    events.length > 0 ? await acceptEvents(hot, insert, key, events, now).catch(retryLater) : [];
  const representation = /(^|[,;\s])return\s*=\s*"?representation/i.test(preferences);
  return receiptResponse({ parsed, verdicts, isPriced: key.isPriced, representation });
}

function retryLater(cause: unknown): never {
  if (cause instanceof AppError) throw cause;
  throw new AppError('unavailable', 'The events could not be taken. Try again.', {
    cause,
    log: 'ingest failed',
    retryAfterSeconds: 1,
  });
}

async function findKey(
  request: Request,
  { directory, waitUntil }: IngestDependencies,
  keys: KeyCache,
  now: number,
): Promise<EdgeKey> {
  const token = bearerToken(request.headers.get('authorization'));
  if (token === null) throw unauthorized();
  const keyHash = hashKey(token);
  const key = await keys.find(keyHash, now, () => findEdgeKey(directory, keyHash));
  if (!key) throw unauthorized();
  if (keys.isTouchDue(keyHash, now)) waitUntil(touchEdgeKey(directory, keyHash, now).catch(() => undefined));
  return key;
}
