/** The ledger's records as admins list them: events, aggregates, conflicts and the quarantine. */
import { readWithin } from '../../access/reach.ts';
import type { Page, PageInput } from '../../core/page.ts';
import type { Ctx } from '../../db/ctx.ts';
import {
  type ConflictFilter,
  listUsageAggregates as listAggregateRows,
  listEventConflicts as listConflictRows,
  listUsageEvents as listEventRows,
  listQuarantine as listQuarantineRows,
  type QuarantineFilter,
  type UsageAggregate,
  type UsageAggregateFilter,
  type UsageEventFilter,
} from './usage-store.ts';

export const listUsageEvents = (ctx: Ctx, filter: UsageEventFilter, page: PageInput): Promise<Page<object>> =>
  readWithin(ctx, filter, (tx, narrowed) => listEventRows(tx, narrowed, page));

export const listUsageAggregates = (
  ctx: Ctx,
  filter: UsageAggregateFilter,
  page: PageInput,
): Promise<Page<UsageAggregate>> =>
  readWithin(ctx, filter, (tx, narrowed) => listAggregateRows(tx, narrowed, page));

export const listEventConflicts = (
  ctx: Ctx,
  filter: ConflictFilter,
  page: PageInput,
): Promise<Page<object>> => readWithin(ctx, filter, (tx, narrowed) => listConflictRows(tx, narrowed, page));

export const listQuarantine = (ctx: Ctx, filter: QuarantineFilter, page: PageInput): Promise<Page<object>> =>
  readWithin(ctx, filter, (tx, narrowed) => listQuarantineRows(tx, narrowed, page));
