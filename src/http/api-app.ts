/**
 * The `api` Worker's app: every route from its definition, with one path through authentication, checks, verb
 * and answer.
 */
import { Hono } from 'hono';
import { authenticate } from '../access/authenticate.ts';
import { assertAllowed } from '../access/authorise.ts';
import { bearerToken } from '../access/key.ts';
import { keyOfRow } from '../access/stored-answers/key.ts';
import type { Actor } from '../core/actor.ts';
import { AppError, invalidRequest } from '../core/error.ts';
import type { Outside } from '../core/ports.ts';
import { parseInstant } from '../core/time.ts';
import type { Ctx } from '../db/ctx.ts';
import type { HotDatabase, Shards } from '../db/hot.ts';
import type { Ledger } from '../db/ledger.ts';
import { readBody, readBytes } from '../ingest/read-body.ts';
import { answerOnce, readIdempotencyKey } from './idempotency.ts';
import { problemResponse } from './problem.ts';
import { requestIdOf, withCommonHeaders } from './request-id.ts';
import type { Route, RouteInput, Settings } from './route.ts';
import { ROUTES } from './routes/index.ts';
import { INGEST_ROUTES } from './routes/ingest.ts';
import { parseJson, readQuery, validate } from './validate.ts';

export interface ApiDependencies {
  readonly openLedger: () => Ledger;
  readonly directory: HotDatabase;
  readonly shards: Shards;
  readonly settings: Settings;
  readonly outside: Outside;
  /** Keeps the isolate alive for work after the answer. */
  readonly waitUntil: (work: Promise<unknown>) => void;
}

const BODY_BYTES_MAX = 1024 * 1024;

export function createApiApp(): {
  fetch(request: Request, dependencies: ApiDependencies): Promise<Response>;
} {
  const app = new Hono<{ Bindings: ApiDependencies }>();
  for (const route of ROUTES) {
    app.on(route.method.toUpperCase(), route.path, async (c) =>
      answer(route, c.req.raw, c.req.param(), c.env),
    );
  }
  for (const [path, methods] of methodsByPath()) {
    app.all(path, (c) => {
      const allow = [...methods].join(', ');
      const error = new AppError('method_not_allowed', `Method not allowed. Use ${allow}.`);
      const response = problemResponse(error, requestIdOf(c.req.raw, c.env.settings.clock()));
      response.headers.set('allow', allow);
      return response;
    });
  }
  app.notFound((c) => {
    const error = new AppError('not_found', 'No such resource.');
    return problemResponse(error, requestIdOf(c.req.raw, c.env.settings.clock()));
  });
  return {
    async fetch(request, dependencies) {
      const requestId = requestIdOf(request, dependencies.settings.clock());
      const headers = new Headers(request.headers);
      headers.set('x-request-id', requestId);
      const response = await app.fetch(new Request(request, { headers }), dependencies);
      return withCommonHeaders(response, requestId);
    },
  };
}

/**
 * Of both Workers: the ingest Worker passes on whatever it does not serve itself, including a wrong method on
 * its own paths.
 */
function methodsByPath(): Map<string, Set<string>> {
  const paths = new Map<string, Set<string>>();
  for (const { path, method } of [...INGEST_ROUTES, ...ROUTES]) {
    const methods = paths.get(path) ?? new Set();
    for (const each of method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]) methods.add(each);
    paths.set(path, methods);
  }
  return paths;
}

async function answer(
  route: Route,
  request: Request,
  params: Record<string, string>,
  dependencies: ApiDependencies,
): Promise<Response> {
  const { settings, outside, openLedger, directory, shards } = dependencies;
  const now = settings.clock();
  const requestId = requestIdOf(request, now);
  const ledger = openLedger();
  try {
    const token = bearerToken(request.headers.get('authorization'));
    const actor: Actor = await authenticate(ledger, { audience: route.audience, token, now });
    assertAllowed(actor, route.audience, route.action);
    const ctx: Ctx = {
      ...outside,
      now: (settings.testClock ? testClockOf(request.headers) : null) ?? now,
      requestId,
      actor,
      ipAddress: request.headers.get('cf-connecting-ip'),
      userAgent: request.headers.get('user-agent')?.slice(0, 512).toWellFormed() ?? null,
      ledger,
      openLedger,
      directory,
      shards,
    };
    const key = readIdempotencyKey(route, request.headers);
    const input = {
      params: route.params ? validate(route.params, params, '?') : undefined,
      query: validateQuery(route, request),
      body: await readJsonBody(route, request),
      bytes: await readRawBody(route, request),
      headers: request.headers,
      idempotencyKey: key === null ? null : keyOfRow(actor, key),
      settings,
    };
    if (key === null) return await run(route, ctx, input);
    const { body, bytes } = input;
    return await answerOnce(ctx, { key, request, body, bytes, now: settings.clock() }, () =>
      run(route, ctx, input),
    );
  } catch (error) {
    return problemResponse(error, requestId);
  } finally {
    dependencies.waitUntil(ledger.close());
  }
}

/** Only with TEST_CLOCK=on: the moment that the verb takes as now. Keys and locks use the real clock. */
function testClockOf(headers: Headers): number | null {
  const text = headers.get('x-test-clock');
  if (text === null) return null;
  const now = parseInstant(text);
  if (now !== null) return now;
  throw invalidRequest([
    { pointer: 'X-Test-Clock', code: 'invalid', detail: 'Must be an RFC 3339 date-time.' },
  ]);
}

/** Runs the verb and returns its answer, or the problem document. */
async function run(route: Route, ctx: Ctx, input: RouteInput<unknown, unknown, unknown>): Promise<Response> {
  try {
    const { status, body, headers } = await route.handle(ctx, input);
    if (headers?.['content-type'] !== undefined)
      return new Response(body as ConstructorParameters<typeof Response>[0], { status, headers });
    return new Response(JSON.stringify(body), {
      status,
      headers: { 'content-type': 'application/json', ...headers },
    });
  } catch (error) {
    return problemResponse(error, ctx.requestId);
  }
}

function validateQuery(route: Route, request: Request): unknown {
  const query = readQuery(new URL(request.url));
  return route.query ? validate(route.query, query, '?') : undefined;
}

async function readJsonBody(route: Route, request: Request): Promise<unknown> {
  if (!route.body) return undefined;
  const contentType = request.headers.get('content-type');
  const text = await readBody(request, BODY_BYTES_MAX);
  if (text === '' && route.bodyOptional) return validate(route.body, {}, '');
  if (!/^application\/([a-z0-9.-]+\+)?json\s*(;|$)/i.test(contentType ?? '')) {
    throw new AppError('unsupported_media_type', 'The body must be application/json.');
  }
  return validate(route.body, parseJson(text), '');
}

async function readRawBody(route: Route, request: Request): Promise<Uint8Array> {
  if (!route.rawBody) return new Uint8Array();
  const { mediaTypes, bytesMax } = route.rawBody;
  const [mediaType = ''] = (request.headers.get('content-type') ?? '').split(';');
  if (!mediaTypes.includes(mediaType.trim().toLowerCase())) {
    throw new AppError('unsupported_media_type', `The body must be ${mediaTypes.join(' or ')}.`);
  }
  return await readBytes(request, bytesMax);
}
