/**
 * The `invoicing` job: late usage that lowers issued invoices is added to credit note proposals, every ended period
 * without an invoice gets a draft, and drafts past their grace period are issued.
 */
import { AppError, describeError } from '../core/error.ts';
import { compareMonths, formatInstant, type Month, monthOf, nextMonth } from '../core/time.ts';
import type { Ctx } from '../db/ctx.ts';
import { PLATFORM } from '../db/ledger.ts';
import type { PeriodKey } from '../rollup/close-period.ts';
import { derivePeriod, type OrganisationCalendar } from '../tenants/billing-period.ts';
import { loadCalendars } from '../tenants/period-store.ts';
import { createInvoice } from './create-invoice.ts';
import { proposeLateCredits } from './credit-notes/propose-late-credits.ts';
import { drainedCheckOfRun } from './issuing/drained-check.ts';
import { finalizeDraft } from './issuing/finalize-invoice.ts';
import { listDueDrafts, listLateOrganisations, listMissingMonths, type MissingMonth } from './job-store.ts';

export interface RunInvoicingInput {
  /** Epoch milliseconds. */
  readonly as_of: number;
  /** Checked before each invoice. If it is false, the run ends as `partial`. */
  readonly hasTime: () => boolean;
}

export interface RefusedInvoice extends Month {
  readonly organisation_id: string;
  readonly code: string;
  readonly detail: string;
}

export interface RunInvoicingResult {
  /** `failed`: an error other than a refusal occurred; `refused` lists it. */
  readonly status: 'succeeded' | 'partial' | 'failed';
  /** Credit note proposals created or extended. */
  readonly proposed: number;
  readonly drafted: number;
  readonly finalized: number;
  /** At most REFUSED_MAX entries. */
  readonly refused: readonly RefusedInvoice[];
  readonly refused_count: number;
}

/** The list is stored in the run's ledger row. */
const REFUSED_MAX = 1000;
/** Concurrent connections. An organisation's months stay in order, on one connection. */
const LANES = 4;

/** Adds its results to the run's counts. */
type Work = (ctx: Ctx) => Promise<void>;

/**
 * Processes the oldest month first within each organisation, inactive ones included. A refusal (not drained,
 * quarantine, currency, …) is listed and stops only that invoice.
 */
export async function runInvoicing(ctx: Ctx, input: RunInvoicingInput): Promise<RunInvoicingResult> {
  const run = {
    proposed: 0,
    drafted: 0,
    finalized: 0,
    refused: [] as RefusedInvoice[],
    isBroken: false,
    isOut: false,
  };
  const work = (tasks: readonly (PeriodKey & { work: Work })[]): Promise<void> =>
    inLanes(ctx, tasks, async (lane, task) => {
      if (!input.hasTime()) {
        run.isOut = true;
        return false;
      }
      try {
        await task.work(lane);
      } catch (error) {
        const { organisation_id, year, month } = task;
        run.isBroken ||= !(error instanceof AppError) || error.code === 'unavailable';
        run.refused.push({ organisation_id, year, month, ...reasonOf(error, task) });
      }
      return true;
    });

  const before = nextMonth(monthOf(input.as_of, 'UTC'));
  // Proposals first: proposed usage is no longer open and needs no draft.
  const late = await ctx.ledger.transaction(PLATFORM, (tx) => listLateOrganisations(tx, before));
  await work(
    late.map(({ organisation_id }) => ({
      organisation_id,
      ...before,
      work: async (lane) => {
        const proposed = await proposeLateCredits(lane, { organisation_id, before });
        run.proposed += proposed;
      },
    })),
  );

  const missing = await ctx.ledger.transaction(PLATFORM, async (tx) => {
    const months = await listMissingMonths(tx, before);
    const organisations = [...new Set(months.map((month) => month.organisation_id))];
    return listEndedMonths(months, await loadCalendars(tx, organisations), input.as_of);
  });
  await work(
    missing.map((month) => ({
      ...month,
      work: async (lane) => {
        await createInvoice(lane, month);
        run.drafted += 1;
      },
    })),
  );

  const due = await ctx.ledger.transaction(PLATFORM, (tx) => listDueDrafts(tx, formatInstant(input.as_of)));
  const drainedCheck = drainedCheckOfRun(ctx);
  await work(
    due.map((draft) => ({
      ...draft,
      work: async (lane) => {
        const { organisation_id, id, cutoff } = draft;
        const assertDrained = drainedCheck(lane.ledger, cutoff);
        await finalizeDraft(lane, { organisation_id, id, now: input.as_of, assertDrained });
        run.finalized += 1;
      },
    })),
  );

  return {
    status: run.isBroken ? 'failed' : run.isOut ? 'partial' : 'succeeded',
    proposed: run.proposed,
    drafted: run.drafted,
    finalized: run.finalized,
    refused: run.refused.slice(0, REFUSED_MAX),
    refused_count: run.refused.length,
  };
}

function reasonOf(
  error: unknown,
  { organisation_id, year, month }: PeriodKey,
): { code: string; detail: string } {
  if (error instanceof AppError) return { code: error.code, detail: error.message };
  console.error(
    JSON.stringify({
      message: 'invoicing failed',
      organisation_id,
      year,
      month,
      error: describeError(error),
    }),
  );
  return { code: 'internal', detail: 'The invoice could not be created. See the log for the reason.' };
}

/**
 * The missing months whose periods have ended, each once. If only late usage needs an invoice, only the last ended
 * period gets one, not each month since.
 */
export function listEndedMonths(
  months: readonly MissingMonth[],
  calendars: readonly OrganisationCalendar[],
  asOf: number,
): PeriodKey[] {
  const byOrganisation = Map.groupBy(months, (month) => month.organisation_id);
  return calendars.flatMap((calendar) => {
    const ended = (byOrganisation.get(calendar.organisation_id) ?? []).filter(
      (month) => derivePeriod(calendar, month).ends_at <= asOf,
    );
    const own = ended.filter((month) => month.reason !== 'adjustment');
    const forAdjustments = ended
      .filter((month) => month.reason === 'adjustment')
      .sort(compareMonths)
      .at(-1);
    const all = [...own, ...(forAdjustments ? [forAdjustments] : [])].sort(compareMonths);
    return all.filter((month, index) => index === 0 || compareMonths(month, all[index - 1] ?? month) !== 0);
  });
}

/** Runs the tasks over a few connections, those of one organisation in order. A lane stops when `run` returns false. */
async function inLanes<Task extends PeriodKey>(
  ctx: Ctx,
  tasks: readonly Task[],
  run: (ctx: Ctx, task: Task) => Promise<boolean>,
): Promise<void> {
  const queue = [...Map.groupBy(tasks, (task) => task.organisation_id).values()].reverse();
  const work = async (): Promise<void> => {
    const ledger = ctx.openLedger();
    try {
      for (let next = queue.pop(); next; next = queue.pop()) {
        for (const task of next) if (!(await run({ ...ctx, ledger }, task))) return;
      }
    } finally {
      await ledger.close();
    }
  };
  await Promise.all(Array.from({ length: Math.min(LANES, queue.length) }, work));
}
