import * as z from 'zod';
import { AppError } from '../../core/error.ts';
import { checkReady } from '../../operations/check-ready.ts';
import { defineRoute, type Route } from '../route.ts';

export const OPEN_ROUTES: readonly Route[] = [
  defineRoute({
    method: 'get',
    path: '/ready',
    audience: 'open',
    action: 'ready.read',
    summary: 'Readiness: D1 and Postgres are reachable and migrated, and no shard is halted',
    responses: {
      200: { description: 'Ready', schema: z.object({ ready: z.literal(true) }).loose() },
    },
    problems: [503],
    handle: async (ctx, { settings }) => {
      const readiness = await checkReady(ctx, settings.schedules);
      if (readiness.ready) return { status: 200, body: readiness };
      const failed = Object.keys(readiness.checks).filter((name) => !readiness.checks[name]);
      throw new AppError('unavailable', `Not ready: ${failed.join(', ')}.`, { extensions: { ...readiness } });
    },
  }),
];
