/** What the drain writes for AI generations, in the transaction that counts them. */
import { fillsWithoutPayloads, type GenerationFill, mergeFills, readFill } from '../../ai/generation-fill.ts';
import { type GenerationRow, PAYLOADS, parseContent, withoutPayloads } from '../../ai/generation-row.ts';
import { redactEvent } from '../../ai/redact-event.ts';
import type { HotEvent } from '../hot-event.ts';
import {
  type BookedGeneration,
  type KnownEvent,
  keyOf,
  type ListedFill,
  type RollupTransaction,
  type UncountedCall,
} from '../ports.ts';
import { seenUsers } from '../seen-users.ts';
import { statisticCallOf, sumStatistics } from './sum-statistics.ts';

const NO_ORGANISATIONS: ReadonlySet<string> = new Set();

/** The organisations of these rows that store no payloads. */
export const findWithoutPayloads = async (
  tx: RollupTransaction,
  rows: readonly { readonly organisation_id: string }[],
): Promise<ReadonlySet<string>> =>
  rows.length === 0
    ? NO_ORGANISATIONS
    : await tx.listWithoutPayloads([...new Set(rows.map((row) => row.organisation_id))]);

/** The rows, without the payloads of organisations in `payloadsOff`. */
export function dropPayloads(
  events: readonly HotEvent[],
  generations: ReadonlyMap<string, GenerationRow>,
  payloadsOff: ReadonlySet<string>,
): ReadonlyMap<string, GenerationRow> {
  if (payloadsOff.size === 0) return generations;
  const kept = new Map(generations);
  for (const event of events) {
    const row = payloadsOff.has(event.organisation_id) ? generations.get(event.id) : undefined;
    if (row) kept.set(event.id, withoutPayloads(row));
  }
  return kept;
}

/** Writes the rows, the day's statistics, and the fills from later arrivals that were drained earlier. */
export async function commitGenerations(
  tx: RollupTransaction,
  booked: readonly BookedGeneration[],
  payloadsOff: ReadonlySet<string>,
  now: number,
): Promise<void> {
  const inserting = tx.insertGenerations(booked);
  // Computed while Postgres inserts.
  const sums = sumStatistics(booked.map(statisticCallOf));
  await inserting;
  await tx.addStatistics(sums, now);
  await commitFills(tx, await tx.readFills(booked.map(({ event }) => event)), payloadsOff, now);
}

/**
 * Fills the generations that these arrivals repeat. The caller has locked or holds the cursor of the shard's
 * events.
 */
export async function commitFills(
  tx: RollupTransaction,
  listed: readonly ListedFill[],
  payloadsOff: ReadonlySet<string>,
  now: number,
): Promise<void> {
  const fills = mergeFills(fillsWithoutPayloads(fillsOf(listed), payloadsOff));
  if (fills.length === 0) return;
  await tx.applyFills(fills);
  const counted = fills.filter(({ user_id, duration_ms }) => user_id !== null || duration_ms !== null);
  if (counted.length > 0) await commitCountedFills(tx, counted, now);
}

/** The statistics follow the call: from the day without a user to the user's day, with its duration. */
async function commitCountedFills(
  tx: RollupTransaction,
  fills: readonly GenerationFill[],
  now: number,
): Promise<void> {
  const { before, after } = fillCounted(await tx.lockUncounted(fills), fills);
  if (after.length === 0) return;
  await tx.setCounted(after);
  // A call that already had a user may belong to a deleted one, and a pseudonym is not a user seen in an event.
  const seen = seenUsers(after.filter((_, index) => before[index]?.user_id === null));
  if (seen.length > 0) await tx.insertUsers(seen, now);
  await tx.addStatistics(sumStatistics(after, before), now);
}

/** The calls that these fills complete, before and after. */
export function fillCounted(
  calls: readonly UncountedCall[],
  fills: readonly GenerationFill[],
): { before: UncountedCall[]; after: UncountedCall[] } {
  const byKey = new Map(fills.map((fill) => [keyOf(fill), fill]));
  const before: UncountedCall[] = [];
  const after: UncountedCall[] = [];
  for (const call of calls) {
    const fill = byKey.get(keyOf(call));
    const user_id = call.user_id ?? fill?.user_id ?? null;
    const duration_ms = call.duration_ms ?? fill?.duration_ms ?? null;
    if (user_id === call.user_id && duration_ms === call.duration_ms) continue;
    before.push(call);
    after.push({ ...call, user_id, duration_ms });
  }
  return { before, after };
}

function fillsOf(listed: readonly ListedFill[]): GenerationFill[] {
  return listed.flatMap(({ organisation_id, project_id, idempotency_key, event }) => {
    const arrival = readFill(generationOf(event) ?? '');
    return arrival ? [{ organisation_id, project_id, idempotency_key, ...arrival }] : [];
  });
}

/** A copy that arrives after its call's user was deleted keeps no more personal data than the call itself. */
export async function withoutErased(
  tx: RollupTransaction,
  rows: readonly KnownEvent[],
): Promise<readonly KnownEvent[]> {
  const calls = rows.filter(({ event }) => generationOf(event) !== null);
  const pseudonyms = calls.length > 0 ? await tx.listErased(calls) : new Map<string, string>();
  if (pseudonyms.size === 0) return rows;
  return rows.map((row) => {
    const pseudonym = pseudonyms.get(keyOf(row));
    if (pseudonym === undefined) return row;
    const named =
      parseContent(row.event)?.['user_id'] ?? parseContent(generationOf(row.event) ?? '')?.['user_id'];
    const user_id = typeof named === 'string' ? named : '';
    return { ...row, event: redactEvent(row.event, { user_id, pseudonym }, true) ?? row.event };
  });
}

/** The generation's JSON within a listed event. Null if the event has none. */
function generationOf(event: string): string | null {
  const generation = parseContent(event)?.['generation'];
  if (generation === undefined || generation === null) return null;
  return typeof generation === 'string' ? generation : JSON.stringify(generation);
}

/** The event as listed. A generation is shown as JSON, without its payloads if the organisation stores none. */
export function listedEvent<Row extends KnownEvent>(row: Row, payloadsOff: ReadonlySet<string>): Row {
  const event = parseContent(row.event);
  const generation = parseContent(generationOf(row.event) ?? '');
  if (!event || !generation) return row;
  const shown = { ...generation };
  if (payloadsOff.has(row.organisation_id)) for (const name of PAYLOADS) delete shown[name];
  return { ...row, event: JSON.stringify({ ...event, generation: shown }) };
}
