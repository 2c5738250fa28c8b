/** Fires the schedules of wrangler.toml: locally nothing else does. Times are UTC, as on Cloudflare. */

const MINUTE_MS = 60_000;
// A Ctrl-C reaches workerd as well, so a failed schedule may be noticed before the signal is.
const STOP_HEARD_MS = 100;

// [first, last] of minute, hour, day of month, month, weekday; Cloudflare's week starts with Sunday as 1.
const FIELDS = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [1, 7],
] as const;

/** True if the five-field expression matches the minute of `at`. Supports `*`, lists, ranges and steps. */
export function isDue(expression: string, at: Date): boolean {
  const parts = expression.trim().split(/\s+/);
  if (parts.length !== FIELDS.length) throw new Error(`not a schedule of five fields: ${expression}`);
  const values = [
    at.getUTCMinutes(),
    at.getUTCHours(),
    at.getUTCDate(),
    at.getUTCMonth() + 1,
    at.getUTCDay() + 1,
  ];
  const hits = FIELDS.map(([first, last], index) =>
    (parts[index] ?? '').split(',').some((term) => isInTerm(term, values[index] ?? -1, first, last)),
  );
  const [minute, hour, dayOfMonth, month, weekday] = hits;
  // As in any cron: if both day fields are restricted, either may match.
  const eitherDay = parts[2] !== '*' && parts[4] !== '*';
  const day = eitherDay ? dayOfMonth || weekday : dayOfMonth && weekday;
  return Boolean(minute && hour && month && day);
}

function isInTerm(term: string, value: number, first: number, last: number): boolean {
  const match = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(term);
  if (!match) throw new Error(`not a term of a schedule: ${term}`);
  const [, low, high, step] = match;
  const from = low === undefined ? first : Number(low);
  const to = high === undefined ? (low === undefined || step ? last : from) : Number(high);
  if (from < first || to > last || from > to) throw new Error(`out of range in a schedule: ${term}`);
  return value >= from && value <= to && (value - from) % Number(step ?? 1) === 0;
}

export interface CronOptions {
  readonly schedules: readonly string[];
  readonly fire: (schedule: string, at: Date) => Promise<void>;
  readonly onFailure: (schedule: string, error: unknown) => void;
}

/**
 * A schedule whose last run has not ended is not started a second time; its next minute makes up for it. A
 * run cut off by a stop has not failed: the next run continues where it stopped.
 */
export function startCron({ schedules, fire, onFailure }: CronOptions): () => void {
  const running = new Set<string>();
  let isStopped = false;
  const runOne = async (schedule: string, at: Date): Promise<void> => {
    running.add(schedule);
    try {
      await fire(schedule, at);
    } catch (error) {
      await new Promise((done) => setTimeout(done, STOP_HEARD_MS));
      if (!isStopped) onFailure(schedule, error);
    } finally {
      running.delete(schedule);
    }
  };
  let timer: NodeJS.Timeout;
  let last = 0;
  const wait = (): void => {
    const now = Date.now();
    // A timer may fire slightly early: without `last` that minute would come twice.
    const next = Math.max((Math.floor(now / MINUTE_MS) + 1) * MINUTE_MS, last + MINUTE_MS);
    last = next;
    timer = setTimeout(() => {
      const at = new Date(next);
      for (const schedule of schedules) {
        if (isDue(schedule, at) && !running.has(schedule)) void runOne(schedule, at);
      }
      wait();
    }, next - now);
  };
  wait();
  return () => {
    isStopped = true;
    clearTimeout(timer);
  };
}
