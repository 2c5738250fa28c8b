import * as z from 'zod';
import { checkReady } from '../../jobs/check-ready.ts';
import { defineRoute, type Route } from '../route.ts';

export const OPEN_ROUTES: readonly Route[] = [
  defineRoute({
    method: 'get',
    path: '/ready',
    audience: 'open',
    action: 'ready.read',
    summary: 'Whether D1, Postgres and their migrations are in order and no shard is halted',
    responses: {
      200: { description: 'Ready', schema: z.object({ ready: z.literal(true) }).loose() },
      503: { description: 'Not ready', schema: z.object({ ready: z.literal(false) }).loose() },
    },
    handle: async (ctx, { settings }) => {
      const readiness = await checkReady(ctx, settings.schedules);
      return { status: readiness.ready ? 200 : 503, body: readiness };
    },
  }),
];
