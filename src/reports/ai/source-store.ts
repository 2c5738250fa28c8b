/**
 * The SQL that every answer reads from: calls, or the statistics of their days, in the same columns. Each organisation, or
 * project, is looked up by itself (OFFSET 0 keeps Postgres from joining otherwise), because every index begins with it: so the
 * same statement is served by the same indexes for one organisation and for all.
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
/** What kinds of tokens add up to, as sums of columns. */
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

/** Calls of each of many, one after the other: what there is one of at a time, and which of its calls are meant. */
export interface CallScope {
  readonly each: string;
  readonly conditions: string;
}

/**
 * Of `ai_generations`. A user's calls and those that failed have an index by organisation; all others are looked up project by
 * project, for which the drain keeps one anyway. What was received before `from` less a margin is in partitions left out.
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

/** Of `ai_statistics_daily`; '' stands there for a call without a user, and is nobody's name. */
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

/** From whichever answers for these calls with less to read. */
export const fromEither = (filter: CallFilter, bindings: Bindings): string =>
  isOfDays(filter) ? fromDays(filter, bindings) : fromCalls(filter, bindings);

/** The sums of the columns above; `cost_count` of the calls have a cost. */
export const SUMS = `coalesce(sum(calls), 0)::bigint AS call_count, coalesce(sum(costed), 0)::bigint AS cost_count,
  coalesce(sum(cost), 0) AS total_cost, coalesce(sum(prompt), 0)::numeric AS input_tokens,
  coalesce(sum(completion), 0)::numeric AS output_tokens`;
