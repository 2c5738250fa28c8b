/**
 * Moves payloads to the file store and deletes them from it, completes deletions of users, and creates
 * partitions ahead of time.
 */

import { withoutPayloads } from '../../ai/redact-event.ts';
import { DAY_MS, formatInstant } from '../../core/time.ts';
import type { Ctx } from '../../db/ctx.ts';
import { type LedgerTransaction, PLATFORM } from '../../db/ledger.ts';
import { partitionsAhead } from '../../rollup/run-rollup.ts';
import { rollupLedger } from '../../rollup/store.ts';
import { archiveHorizon, archivePayloads } from './archive-payloads.ts';
import {
  dropListedPayloads,
  dropPayloads,
  expireArchives,
  listDueHolders,
  listQuarantinedPayloads,
  type PayloadHolder,
  setQuarantinedEvents,
} from './archive-store.ts';
import { clearArchives } from './clear-archives.ts';
import { completeErasures, type ErasureCounts } from './complete-erasures.ts';
import { withCallsLocked } from './erase-user.ts';

export interface RunRetentionInput {
  /** The moment that counts as now, in epoch milliseconds. */
  readonly as_of: number;
  readonly hasTime: () => boolean;
}

export interface RetentionCounts extends ErasureCounts {
  archived_payloads: number;
  archives: number;
  deleted_archives: number;
  /** Payloads that were in no file. */
  deleted_payloads: number;
  /** Payloads of events that are listed as repetitions or conflicts, or are quarantined. */
  deleted_copies: number;
}

export type RetentionResult = { readonly status: 'succeeded' | 'partial' | 'failed' } & RetentionCounts;

const DELETED_AT_ONCE = 1_000;
/** Calls that keep changing during the run are left to the next one. */
const CHANGED_MAX = 3;

/** Safe to overlap with itself and to be killed anywhere: the next run cleans up what it left. */
export async function runRetention(
  ctx: Ctx,
  { as_of, hasTime }: RunRetentionInput,
): Promise<RetentionResult> {
  const counts: RetentionCounts = {
    archived_payloads: 0,
    archives: 0,
    deleted_archives: 0,
    deleted_payloads: 0,
    deleted_copies: 0,
    erased_users: 0,
    open_erasures: 0,
    rewritten_archives: 0,
    unreadable_archives: [],
  };
  const isFinished = await work(ctx, { as_of, hasTime }, counts);
  const status = counts.unreadable_archives.length > 0 ? 'failed' : isFinished ? 'succeeded' : 'partial';
  return { status, ...counts };
}

async function work(
  ctx: Ctx,
  { as_of, hasTime }: RunRetentionInput,
  counts: RetentionCounts,
): Promise<boolean> {
  await rollupLedger(ctx.ledger).ensurePartitions(partitionsAhead(as_of));
  const now = formatInstant(as_of);
  await ctx.ledger.transaction(PLATFORM, (tx) => expireArchives(tx, now));
  counts.deleted_copies = await ctx.ledger.transaction(PLATFORM, (tx) => deleteCopies(tx, now));
  if (!(await clear(ctx, hasTime, counts))) return false;
  if (!(await completeErasures(ctx, hasTime, counts))) return false;
  for (const holder of await ctx.ledger.transaction(PLATFORM, (tx) => listDueHolders(tx, now))) {
    if (!(await deletePayloads(ctx, holder, { as_of, hasTime }, counts))) return false;
    if (!(await archiveAll(ctx, holder, { as_of, hasTime }, counts))) return false;
  }
  return await clear(ctx, hasTime, counts);
}

/** Returns how many events had one. */
async function deleteCopies(tx: LedgerTransaction, now: string): Promise<number> {
  const listed = await dropListedPayloads(tx, now);
  const quarantined = (await listQuarantinedPayloads(tx, now)).flatMap(({ id, event }) => {
    const kept = withoutPayloads(event);
    return kept === event ? [] : [{ id, event: kept }];
  });
  if (quarantined.length > 0) await setQuarantinedEvents(tx, quarantined);
  return listed + quarantined.length;
}

async function clear(ctx: Ctx, hasTime: () => boolean, counts: RetentionCounts): Promise<boolean> {
  const deleted = await clearArchives(ctx, hasTime);
  counts.deleted_archives += deleted ?? 0;
  return deleted !== null;
}

/** Payloads that were never archived: archiving is off, or they are older than both limits. */
async function deletePayloads(
  ctx: Ctx,
  holder: PayloadHolder,
  { as_of, hasTime }: RunRetentionInput,
  counts: RetentionCounts,
): Promise<boolean> {
  const { organisation_id, delete_days } = holder;
  if (delete_days === null) return true;
  const before = formatInstant(as_of - delete_days * DAY_MS);
  while (hasTime()) {
    const deleted = await withCallsLocked(ctx.ledger, holder, (tx) =>
      dropPayloads(tx, { organisation_id, before, rows: DELETED_AT_ONCE }),
    );
    counts.deleted_payloads += deleted;
    if (deleted < DELETED_AT_ONCE) return true;
  }
  return false;
}

async function archiveAll(
  ctx: Ctx,
  holder: PayloadHolder,
  { as_of, hasTime }: RunRetentionInput,
  counts: RetentionCounts,
): Promise<boolean> {
  if (holder.archive_days === null) return true;
  const before = archiveHorizon(as_of, holder.archive_days);
  for (let changed = 0; changed < CHANGED_MAX; ) {
    if (!hasTime()) return false;
    const archived = await archivePayloads(ctx, holder, before);
    if (archived === 0) return true;
    if (archived === null) changed += 1;
    else {
      counts.archives += 1;
      counts.archived_payloads += archived;
    }
  }
  return true;
}
