/** The api Worker with the bench's routes in front: the floor of the drain (c), and jobs with D1's own counts. */
import type { ExecutionContext } from '@cloudflare/workers-types';
import type { LedgerEnv } from '../../../src/platform/bindings.ts';
import product from '../../../workers/api.ts';
import { counted } from './counted.ts';
import { drainPlainly, type PlainDrain } from './drain-floor.ts';

export default {
  async fetch(request: Request, env: LedgerEnv, execution: ExecutionContext): Promise<Response> {
    const url = new URL(request.url);
    if (url.pathname === '/bench/drain') {
      const plan = (await request.json()) as PlainDrain;
      const events = await drainPlainly(env.HOT_0, env.LEDGER.connectionString, plan);
      return Response.json({ events });
    }
    if (!url.pathname.startsWith('/bench/jobs/')) return product.fetch(request, env, execution);
    const { database, counts } = counted(env.HOT_0);
    url.pathname = url.pathname.replace('/bench/', '/v1/admin/');
    const answer = await product.fetch(new Request(url, request), { ...env, HOT_0: database }, execution);
    if (!answer.ok) return answer;
    return Response.json({ ...counts, job: await answer.json() });
  },
};
