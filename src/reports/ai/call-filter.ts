/** Selects the calls that a report covers. */
import { DAY_MS, formatInstant, isDay } from '../../core/time.ts';
import type { Row } from '../../db/rows.ts';

export interface CallFilter {
  readonly organisation_id?: string | undefined;
  readonly project_id?: string | undefined;
  readonly user_id?: string | undefined;
  readonly session_id?: string | undefined;
  readonly application_id?: string | undefined;
  readonly provider?: string | undefined;
  readonly model?: string | undefined;
  readonly generation_type?: string | undefined;
  readonly status?: string | undefined;
  readonly error_code?: string | undefined;
  readonly request_id?: string | undefined;
  readonly response_id?: string | undefined;
  readonly cost_source?: string | undefined;
  /** [from, to): RFC 3339 instants, or days to which the ledger assigns the calls. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** Columns of a call that the daily statistics have too. */
const OF_STATISTICS = [
  'user_id',
  'provider',
  'model',
  'generation_type',
] as const satisfies readonly (keyof Row<'ai_statistics_daily'>)[];

export const EQUALITIES = [
  'project_id',
  'session_id',
  'application_id',
  'status',
  'error_code',
  'request_id',
  'response_id',
  'cost_source',
  ...OF_STATISTICS,
] as const satisfies readonly (keyof Row<'ai_generations'>)[];

export const STATISTIC_EQUALITIES: readonly (typeof EQUALITIES)[number][] = OF_STATISTICS;

/** Whether daily statistics answer for these calls as exactly as the calls themselves. */
export const isOfDays = (filter: CallFilter): boolean =>
  (filter.from === undefined || isDay(filter.from)) &&
  (filter.to === undefined || isDay(filter.to)) &&
  EQUALITIES.every((name) => STATISTIC_EQUALITIES.includes(name) || filter[name] === undefined);

/**
 * A day in any time zone begins and ends within this distance of the same day in UTC, even if a period moved it to
 * its edge.
 */
const ZONES_MS = 2 * DAY_MS;
/** No event is received more than an hour before it happens. */
const EARLY_MS = DAY_MS;
/** No event is older than the year 2000; Postgres writes years up to 9999. */
const LAST = Date.parse('9999-12-31T00:00:00Z');

const instantBetween = (instant: number): string => formatInstant(Math.min(Math.max(instant, 0), LAST));

/** The earliest instants at which calls from a lower bound on can have happened and been received. */
export function earliestOf(from: string): { occurred_at: string; ingested_at: string } {
  const occurred = Date.parse(isDay(from) ? `${from}T00:00:00Z` : from) - (isDay(from) ? ZONES_MS : 0);
  return { occurred_at: instantBetween(occurred), ingested_at: instantBetween(occurred - EARLY_MS) };
}

/** The instant before which all calls of earlier days happened. */
export const latestBefore = (day: string): string =>
  instantBetween(Date.parse(`${day}T00:00:00Z`) + ZONES_MS);
