/**
 * Moves one batch of a shard's stream from D1 to Postgres exactly once, without a two-phase commit. Runs may
 * overlap and may be killed at any point: only the cursor in Postgres matters, and it moves in the transaction
 * that counts.
 */
import { isUuid } from '../core/id.ts';
import { type BillingPeriod, derivePeriodAt } from '../tenants/billing-period.ts';
import { bookUsage, findUnplaced } from './book-usage.ts';
import {
  commitFills,
  commitGenerations,
  dropPayloads,
  findWithoutPayloads,
  listedEvent,
  withoutErased,
} from './calls/commit-generations.ts';
import { priceGenerations } from './calls/price-generations.ts';
import {
  classifyEvents,
  isPlausible,
  prepareEvents,
  quarantine,
  readGenerations,
} from './classify-events.ts';
import type { HotConflict, HotEvent, HotRows, Stream } from './hot-event.ts';
import {
  type Batch,
  type BatchCounts,
  type Cursor,
  type HotReader,
  isCursorRow,
  type KnownEvent,
  type QuarantinedRow,
  type RollupLedger,
  type RollupTransaction,
} from './ports.ts';
import { seenUsers } from './seen-users.ts';

export interface DrainInput {
  readonly shard: number;
  readonly stream: Stream;
  readonly limit: number;
  readonly now: number;
}

export type DrainStep =
  /** `isCut`: the ledger refused a larger batch that begins with these rows, or this single row. */
  | { readonly kind: 'drained'; readonly batch: Batch; readonly isCut?: boolean }
  | { readonly kind: 'empty' }
  /** Another run moved the cursor first: begin again. */
  | { readonly kind: 'overtaken' }
  | { readonly kind: 'halted'; readonly reason: string };

const NONE: Omit<BatchCounts, 'n_in'> = {
  n_counted: 0,
  n_duplicate: 0,
  n_conflict: 0,
  n_quarantined: 0,
  n_mispriced: 0,
};

interface Stores {
  readonly hot: HotReader;
  readonly ledger: RollupLedger;
}

type Commit<S extends Stream> = (
  tx: RollupTransaction,
  rows: readonly HotRows[S][],
  input: DrainInput,
) => Promise<Omit<BatchCounts, 'n_in'>>;

/**
 * Errors that recur each time the same rows are tried: SQLSTATE classes 22, 23 and 54 of the ledger, and
 * RangeError if a value cannot be written (an invalid instant).
 */
export function isDeterministic(error: unknown): boolean {
  if (error instanceof RangeError) return true;
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^(22|23|54)/.test(code);
}

export async function drainHotEvents(stores: Stores, input: DrainInput): Promise<DrainStep> {
  return input.stream === 'events'
    ? await drainStream(stores, { ...input, stream: 'events' }, commitEvents, poisonEvent)
    : await drainStream(stores, { ...input, stream: 'conflicts' }, commitConflicts, poisonConflict);
}

async function drainStream<S extends Stream>(
  stores: Stores,
  input: DrainInput & { stream: S },
  commit: Commit<S>,
  poison: (row: HotRows[S], error: unknown) => QuarantinedRow,
): Promise<DrainStep> {
  const { hot, ledger } = stores;
  const cursor = await ledger.readCursor(input.shard, input.stream);
  if (cursor.halted) return { kind: 'halted', reason: 'already halted' };
  const rows = await hot.read(input.stream, cursor.last_seq, input.limit + 1);
  if (cursor.last_seq > 0) {
    if (!isCursorRow(cursor, rows.shift())) {
      const reason = `The hot store no longer holds the last drained row (${input.stream}, seq ${cursor.last_seq}): it was restored to an older moment.`;
      const halted = await ledger.halt(cursor, reason, input.now);
      return halted ? { kind: 'halted', reason } : { kind: 'overtaken' };
    }
  }
  if (rows.length > input.limit) rows.pop();

  for (let size = rows.length; size > 0; size = Math.ceil(size / 2)) {
    const part = rows.slice(0, size);
    try {
      const step = await commitBatch(stores, cursor, part, input, commit);
      return size < rows.length ? cut(step) : step;
    } catch (error) {
      if (!isDeterministic(error)) throw error;
      // The first half is next. A single row that fails is the poison and is quarantined alone.
      const row = part[0];
      if (part.length > 1 || row === undefined) continue;
      const refused: Commit<S> = async (tx) => {
        await tx.insertQuarantined(input.shard, [poison(row, error)]);
        return { ...NONE, n_quarantined: 1 };
      };
      return cut(await commitBatch(stores, cursor, part, input, refused));
    }
  }
  return { kind: 'empty' };
}

const cut = (step: DrainStep): DrainStep => (step.kind === 'drained' ? { ...step, isCut: true } : step);

async function commitBatch<S extends Stream>(
  { hot, ledger }: Stores,
  cursor: Cursor,
  rows: readonly HotRows[S][],
  input: DrainInput,
  commit: Commit<S>,
): Promise<DrainStep> {
  const last = rows[rows.length - 1];
  if (!last) return { kind: 'empty' };
  await ledger.ensurePartitions(rows.map(receivedAt).filter(isPlausible));
  const batch = await ledger.transaction(async (tx) => {
    if (!(await tx.lockCursor(cursor))) return null;
    const counts = await commit(tx, rows, input);
    const { shard, stream, epoch, last_seq } = cursor;
    const closed = {
      shard,
      stream,
      epoch,
      from_seq: last_seq,
      to_seq: last.seq,
      n_in: rows.length,
      ...counts,
    };
    await tx.closeBatch(closed, last.id);
    return closed;
  });
  if (!batch) return { kind: 'overtaken' };
  // Postgres already holds the truth. Informing the hot store may fail.
  await hot.markDrained(batch, input.now).catch(() => undefined);
  return { kind: 'drained', batch };
}

const commitEvents: Commit<'events'> = async (tx, rows, { shard, now }) => {
  const prepared = prepareEvents(rows);
  const { keyed } = prepared;
  const entering = tx.insertKeys(keyed);
  // Read while Postgres inserts the keys.
  const { good, bad, generations } = readGenerations(prepared);
  const fresh = await entering;
  const taken = fresh === 'all' ? [] : keyed.filter((event) => !fresh.has(event.id));
  const owners = taken.length > 0 ? await tx.readKeys(taken) : new Map();
  const classified = classifyEvents(keyed, fresh, owners);
  const { isFresh, nDuplicate, nConflict } = classified;
  const payloadsOff = await findWithoutPayloads(
    tx,
    keyed.filter(({ generation }) => generation !== null),
  );
  const known = await withoutErased(
    tx,
    classified.known.map((row) => listedEvent(row, payloadsOff)),
  );

  const countable = good.filter(isFresh);
  const { periods, unknownOrganisations } = await lockPeriodsOf(tx, countable);
  const counted =
    unknownOrganisations.size > 0
      ? countable.filter((event) => !unknownOrganisations.has(event.organisation_id))
      : countable;
  const kept = dropPayloads(counted, generations, payloadsOff);
  const { generations: priced, n_mispriced } = await priceGenerations(tx, counted, kept);
  const booking = bookUsage(counted, periods, now, priced);
  const { events, usage, adjustments } = booking;
  const quarantined = bad.filter((row) => !row.keyed || isFresh(row));
  for (const event of countable) {
    if (unknownOrganisations.has(event.organisation_id)) {
      quarantined.push(
        quarantine(event, 'unknown_organisation', 'The organisation does not exist in the ledger.', true),
      );
    }
  }

  if (events.length > 0) await tx.insertEvents(events);
  const seen = seenUsers(counted);
  if (seen.length > 0) await tx.insertUsers(seen, now);
  if (usage.length > 0) await tx.addUsage(usage, now);
  if (adjustments.length > 0) await tx.insertAdjustments(adjustments, now);
  if (booking.generations.length > 0) await commitGenerations(tx, booking.generations, payloadsOff, now);
  if (known.length > 0) await tx.insertKnown(known);
  const repeated = known.filter(({ kind }) => kind === 'duplicate');
  if (repeated.length > 0) await commitFills(tx, repeated, payloadsOff, now);
  if (quarantined.length > 0) await tx.insertQuarantined(shard, quarantined);
  return {
    n_counted: counted.length,
    n_duplicate: nDuplicate,
    n_conflict: nConflict,
    n_quarantined: quarantined.length,
    n_mispriced,
  };
};

/** Share-locks the periods of the events and creates the missing ones. */
async function lockPeriodsOf(
  tx: RollupTransaction,
  events: readonly HotEvent[],
): Promise<{ periods: readonly BillingPeriod[]; unknownOrganisations: ReadonlySet<string> }> {
  if (events.length === 0) return { periods: [], unknownOrganisations: new Set() };
  const organisationIds = [...new Set(events.map((event) => event.organisation_id))].sort();
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  for (const { timestamp } of events) {
    if (timestamp < from) from = timestamp;
    if (timestamp > to) to = timestamp;
  }
  const periods = await tx.lockPeriods(organisationIds, from, to);
  const unplaced = findUnplaced(events, periods);
  if (unplaced.length === 0) return { periods, unknownOrganisations: new Set() };

  const missing = [...new Set(unplaced.map((event) => event.organisation_id))];
  const calendars = new Map((await tx.loadCalendars(missing)).map((each) => [each.organisation_id, each]));
  const made = new Map<string, BillingPeriod>();
  const unknownOrganisations = new Set<string>();
  for (const event of unplaced) {
    const calendar = calendars.get(event.organisation_id);
    if (!calendar) {
      unknownOrganisations.add(event.organisation_id);
      continue;
    }
    const period = derivePeriodAt(calendar, event.timestamp);
    made.set(`${period.organisation_id} ${period.year}-${period.month}`, period);
  }
  await tx.insertPeriods([...made.values()]);
  return { periods: await tx.lockPeriods(organisationIds, from, to), unknownOrganisations };
}

const commitConflicts: Commit<'conflicts'> = async (tx, rows, { shard, now }) => {
  const listed = rows.map(
    (row): KnownEvent => ({
      id: row.id,
      kind: row.kind,
      organisation_id: row.organisation_id,
      project_id: row.project_id,
      idempotency_key: row.idempotency_key,
      fingerprint: row.fingerprint,
      event: row.event,
      first_event_id: row.first_event_id,
      received_at: row.received_at,
    }),
  );
  const payloadsOff = await findWithoutPayloads(
    tx,
    rows.filter(({ event }) => event.includes('"generation"')),
  );
  const known = await withoutErased(
    tx,
    listed.map((row) => listedEvent(row, payloadsOff)),
  );
  const fills = known.filter(({ kind }) => kind === 'fill');
  if (fills.length > 0) await tx.holdEventsCursor(shard);
  await tx.insertKnown(known);
  if (fills.length > 0) await commitFills(tx, fills, payloadsOff, now);
  const n_duplicate = fills.length;
  return { ...NONE, n_duplicate, n_conflict: known.length - n_duplicate };
};

const receivedAt = (row: HotEvent | HotConflict): number =>
  'ingested_at' in row ? row.ingested_at : row.received_at;

const refusal = (error: unknown): string =>
  `The ledger rejected the row: ${error instanceof Error ? error.message : String(error)}`;

const poisonEvent = (event: HotEvent, error: unknown): QuarantinedRow =>
  quarantine(event, 'refused_by_ledger', refusal(error), false);

const poisonConflict = (row: HotConflict, error: unknown): QuarantinedRow => ({
  id: row.id,
  organisation_id: isUuid(row.organisation_id) ? row.organisation_id : null,
  project_id: isUuid(row.project_id) ? row.project_id : null,
  idempotency_key: row.idempotency_key,
  event: JSON.stringify(row),
  keyed: false,
  reason: 'refused_by_ledger',
  detail: refusal(error),
  received_at: isPlausible(row.received_at) ? row.received_at : 0,
});
