import type { ExecutionContext, Request as WorkerRequest } from '@cloudflare/workers-types';
import { createIngestApp, type IngestDependencies } from '../src/http/ingest-app.ts';
import { clock, clockOf, type IngestEnv, shardsOf } from '../src/platform/bindings.ts';

const app = createIngestApp(clock);
/** Ten times the limit of LIMITER in wrangler.toml, because each call to it counts for ten requests. */
const REQUESTS_PER_MINUTE = 60_000;

export default {
  fetch(request: Request, env: IngestEnv, execution: ExecutionContext): Response | Promise<Response> {
    const dependencies: IngestDependencies = {
      directory: env.DIRECTORY,
      shards: shardsOf(env),
      clock: clockOf(env, request.headers),
      askLimiter: async (key) => (await env.LIMITER.limit({ key })).success,
      requestsPerMinute: REQUESTS_PER_MINUTE,
      // The runtime's own Request and Response are the standard ones under another name.
      api: async (passed) => (await env.API.fetch(passed as unknown as WorkerRequest)) as unknown as Response,
      waitUntil: (work) => execution.waitUntil(work),
    };
    return app.fetch(request, dependencies);
  },
};
