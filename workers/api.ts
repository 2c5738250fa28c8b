import type { ExecutionContext } from '@cloudflare/workers-types';
import { openLedger } from '../src/db/ledger.ts';
import { createApiApp } from '../src/http/api-app.ts';
import { clock, type LedgerEnv, retentionHoursOf, shardsOf } from '../src/platform/bindings.ts';
import { outsideOf } from '../src/platform/outside.ts';

const app = createApiApp();
/** How long a job that an operator runs by hand may take before it answers `partial`. */
const JOB_BUDGET_MS = 60_000;

export default {
  fetch(request: Request, env: LedgerEnv, execution: ExecutionContext): Promise<Response> {
    return app.fetch(request, {
      openLedger: () => openLedger(env.LEDGER.connectionString),
      directory: env.DIRECTORY,
      shards: shardsOf(env),
      outside: outsideOf(env),
      settings: {
        clock,
        testClock: env.TEST_CLOCK === 'on',
        schedules: env.SCHEDULES !== 'off',
        retentionHours: retentionHoursOf(env),
        budgetMs: JOB_BUDGET_MS,
      },
      waitUntil: (work) => execution.waitUntil(work),
    });
  },
};
