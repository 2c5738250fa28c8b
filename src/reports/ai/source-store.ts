/**
 * The SQL sources of all AI reports: calls, or their daily statistics, with the same columns. Each organisation or
 * project is looked up separately (OFFSET 0 keeps Postgres from joining otherwise), because every index begins with
 * it. So the same statement uses the same indexes for one organisation and for all.
 */
import { isDay } from '../../core/time.ts';
import type { Bindings } from '../../db/bindings.ts';
import {
  type CallFilter,
  EQUALITIES,
  earliestOf,
  isOfDays,
  latestBefore,
  STATISTIC_EQUALITIES,
} from './call-filter.ts';

const PROMPT = 'input_tokens + cache_read_tokens + cache_write_5m_tokens + cache_write_1h_tokens';
const COMPLETION = 'output_tokens + reasoning_tokens';
/** Token totals, as sums of columns. */
export const PROMPT_TOKENS = `(${PROMPT})`;
export const COMPLETION_TOKENS = `(${COMPLETION})`;

const SUMMED = `cost_usd AS cost, ${PROMPT_TOKENS} AS prompt, ${COMPLETION_TOKENS} AS completion`;
const OF_CALLS = `generation_type, provider, model, user_id, project_id, application_id, day, 1 AS calls,
  (cost_usd IS NOT NULL)::int AS costed, ${SUMMED}`;
const OF_DAYS = `generation_type, provider, model, NULLIF(user_id, '') AS user_id, day, total_requests AS calls,
  cost_count AS costed, ${SUMMED}`;

export function organisationsOf(filter: CallFilter, { bind }: Bindings): string {
  const { organisation_id } = filter;
  const where = organisation_id === undefined ? '' : ` WHERE id = ${bind(organisation_id)}`;
  return `(SELECT id FROM organisations${where}) AS o`;
}

function projectsOf(filter: CallFilter, { bind }: Bindings): string {
  const { organisation_id, project_id } = filter;
  const conditions: string[] = [];
  if (organisation_id !== undefined) conditions.push(`organisation_id = ${bind(organisation_id)}`);
  if (project_id !== undefined) conditions.push(`id = ${bind(project_id)}`);
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
  return `(SELECT organisation_id AS id, id AS project FROM projects${where}) AS o`;
}

/** A lookup of calls per organisation or project: the relation to loop over, and the conditions on each one's calls. */
export interface CallScope {
  readonly each: string;
  readonly conditions: string;
}

/**
 * The scope in `ai_generations`. A user's calls and failed calls have an index by organisation; all other calls are
 * looked up per project, with an index that the drain needs anyway. Partitions received before `from`, less a
 * margin, are skipped.
 */
export function callScope(filter: CallFilter, bindings: Bindings, only?: 'failures'): CallScope {
  const { from, to, status } = filter;
  const { bind } = bindings;
  const isFailure = only === 'failures' || (status !== undefined && status !== 'success');
  const isByProject = !isFailure && filter.user_id === undefined;
  const each = isByProject ? projectsOf(filter, bindings) : organisationsOf(filter, bindings);
  const conditions = ['organisation_id = o.id', ...(isByProject ? ['project_id = o.project'] : [])];
  if (isFailure) conditions.push(`status <> 'success'`);
  for (const name of EQUALITIES) {
    const value = filter[name];
    if (value !== undefined) conditions.push(`${name} = ${bind(value)}`);
  }
  if (from !== undefined) {
    const earliest = earliestOf(from);
    if (isDay(from)) conditions.push(`day >= ${bind(from)}`);
    conditions.push(`occurred_at >= ${bind(isDay(from) ? earliest.occurred_at : from)}`);
    conditions.push(`ingested_at >= ${bind(earliest.ingested_at)}`);
  }
  if (to !== undefined) {
    if (isDay(to)) conditions.push(`day < ${bind(to)}`);
    conditions.push(`occurred_at < ${bind(isDay(to) ? latestBefore(to) : to)}`);
  }
  return { each, conditions: conditions.join(' AND ') };
}

/** Conditions on `ai_statistics_daily`, where '' stands for calls without a user and is never a user's id. */
export function dayConditions(filter: CallFilter, { bind }: Bindings): string {
  const conditions = ['organisation_id = o.id'];
  for (const name of STATISTIC_EQUALITIES) {
    const value = filter[name];
    if (value === undefined) continue;
    conditions.push(name === 'user_id' && value === '' ? 'false' : `${name} = ${bind(value)}`);
  }
  if (filter.from !== undefined) conditions.push(`day >= ${bind(filter.from)}`);
  if (filter.to !== undefined) conditions.push(`day < ${bind(filter.to)}`);
  return conditions.join(' AND ');
}

/** The calls with these columns of `ai_generations`, as `c`. */
export function fromGenerations(
  filter: CallFilter,
  columns: string,
  bindings: Bindings,
  only?: 'failures',
): string {
  const { each, conditions } = callScope(filter, bindings, only);
  return `${each} CROSS JOIN LATERAL (SELECT ${columns} FROM ai_generations WHERE ${conditions} OFFSET 0) AS c`;
}

export const fromCalls = (filter: CallFilter, bindings: Bindings): string =>
  fromGenerations(filter, OF_CALLS, bindings);

export const fromDays = (filter: CallFilter, bindings: Bindings): string =>
  `${organisationsOf(filter, bindings)} CROSS JOIN LATERAL (SELECT ${OF_DAYS} FROM ai_statistics_daily
     WHERE ${dayConditions(filter, bindings)} OFFSET 0) AS c`;

/** The source that answers for these calls with less to read. */
export const fromEither = (filter: CallFilter, bindings: Bindings): string =>
  isOfDays(filter) ? fromDays(filter, bindings) : fromCalls(filter, bindings);

/** The sums of the columns above; `cost_count` is the number of calls with a cost. */
export const SUMS = `coalesce(sum(calls), 0)::bigint AS call_count, coalesce(sum(costed), 0)::bigint AS cost_count,
  coalesce(sum(cost), 0) AS total_cost, coalesce(sum(prompt), 0)::numeric AS input_tokens,
  coalesce(sum(completion), 0)::numeric AS output_tokens`;
