/** The statements of one drain, each with the behaviour of Postgres. */
import { fillEmpty } from '../../src/ai/generation-fill.ts';
import { TOKEN_KINDS } from '../../src/ai/generation-row.ts';
import {
  type BookedEvent,
  keyOf,
  type RollupTransaction,
  type UncountedCall,
  type UsageSum,
} from '../../src/rollup/ports.ts';
import type { BillingPeriod } from '../../src/tenants/billing-period.ts';
import { BOOK } from './calls.ts';
import { PostgresError, type Table, type Tx } from './ledger-memory.ts';
import { type Connection, IDLE_MAX } from './ledger-ports.ts';
import {
  batchKeyOf,
  cursorKeyOf,
  periodKeyOf,
  statisticKeyOf,
  type Total,
  userKeyOf,
  whatOf,
} from './ledger-tables.ts';

/** The ledger refuses a unit with this mark, as Postgres refuses U+0000. */
export const REFUSED = 'refused';

// Formats an instant like the store: throws RangeError for an invalid one. Postgres ends before the year 294277.
function instantText(instant: number): string {
  const text = new Date(instant).toISOString();
  if (text.startsWith('+') || text.startsWith('-')) throw new PostgresError('22007', 'invalid timestamp');
  return text;
}

export function rollupTransactionOf(connection: Connection, tx: Tx): RollupTransaction {
  const { ledger, weather } = connection;
  const { locks } = ledger.engine;
  const run = <T>(name: string, effect: () => T | Promise<T>): Promise<T> =>
    connection.statement(tx, name, effect);
  const lock = (table: { name: string }, key: string): Promise<boolean> =>
    locks.acquire(tx, `${table.name}/${key}`, 'exclusive');

  /** ON CONFLICT DO NOTHING: waits only for a key that another transaction is inserting. */
  async function insertNew<Row>(table: Table<Row>, key: string, row: Row): Promise<boolean> {
    if (table.get(tx, key) !== undefined) return false;
    await lock(table, key);
    if (table.get(tx, key) !== undefined) return false;
    table.put(tx, key, row);
    return true;
  }

  async function insertUnique<Row>(table: Table<Row>, key: string, row: Row): Promise<void> {
    if (!(await insertNew(table, key, row)))
      throw new PostgresError('23505', `duplicate key in ${table.name}`);
  }

  async function addTo(table: Table<Total>, key: string, sum: UsageSum): Promise<void> {
    await lock(table, key);
    const { organisation_id, year, month, day } = sum;
    const old = table.get(tx, key) ?? { total: 0n, count: 0, version: 0 };
    table.put(tx, key, {
      organisation_id,
      year,
      month,
      day,
      what: whatOf(sum),
      total: old.total + sum.total,
      count: old.count + sum.count,
      version: old.version,
    });
  }

  async function bumpVersions(keys: ReadonlySet<string>): Promise<void> {
    for (const key of keys) {
      const row = ledger.daily.get(tx, key);
      if (row) ledger.daily.put(tx, key, { ...row, version: row.version + 1 });
    }
  }

  const touches = (
    period: BillingPeriod,
    organisations: readonly string[],
    from: number,
    to: number,
  ): boolean =>
    organisations.includes(period.organisation_id) && period.ends_at > from && period.starts_at <= to;

  return {
    lockCursor: (seen) =>
      run(`lock cursor of ${seen.stream} at ${seen.last_seq}`, async () => {
        tx.idleMax = IDLE_MAX;
        const waited = await lock(ledger.cursors, cursorKeyOf(seen));
        const { epoch, last_seq, halted } = ledger.cursor(tx, seen.shard, seen.stream);
        const stands = epoch === seen.epoch && last_seq === seen.last_seq && !halted;
        if (waited || !stands) weather.count('overlap');
        return stands;
      }),

    insertKeys: (events) =>
      run(`insert ${events.length} keys`, async () => {
        const fresh = new Set<string>();
        for (const event of events) {
          instantText(event.timestamp);
          const owner = { event_id: event.id, fingerprint: event.fingerprint };
          if (await insertNew(ledger.keys, keyOf(event), owner)) fresh.add(event.id);
        }
        return fresh.size === events.length ? 'all' : fresh;
      }),

    readKeys: (events) =>
      run('read keys', () => {
        const owners = new Map();
        for (const event of events) {
          const owner = ledger.keys.get(tx, keyOf(event));
          if (owner) owners.set(keyOf(event), owner);
        }
        return owners;
      }),

    lockPeriods: (organisations, from, to) =>
      run('share-lock periods', async () => {
        const found = ledger.periods
          .rows(tx)
          .filter(([, period]) => touches(period, organisations, from, to));
        for (const [key] of found) await locks.acquire(tx, `periods/${key}`, 'share');
        return found.flatMap(([key]) => ledger.periods.get(tx, key) ?? []);
      }),

    loadCalendars: (organisations) =>
      run('load calendars', () => {
        const periods = ledger.periods.rows(tx).map(([, period]) => period);
        return organisations.flatMap((organisation_id) => {
          const entries = ledger.calendars.get(organisation_id);
          const own = periods.filter((period) => period.organisation_id === organisation_id);
          return entries ? [{ organisation_id, entries, periods: own }] : [];
        });
      }),

    insertPeriods: (periods) =>
      run(`insert ${periods.length} periods`, async () => {
        for (const period of periods)
          await insertNew(ledger.periods, periodKeyOf(period), { ...period, cutoff: null });
      }),

    insertEvents: (events) =>
      run(`insert ${events.length} events`, async () => {
        for (const booked of events) {
          refuse(booked);
          await insertUnique(ledger.events, booked.event.id, booked);
        }
      }),

    insertUsers: (seen) =>
      run(`insert ${seen.length} users`, async () => {
        for (const user of seen) await insertNew(ledger.users, userKeyOf(user), user);
      }),

    addUsage: (sums) =>
      run('add usage', async () => {
        const days = new Set<string>();
        for (const sum of sums) {
          const base = `${sum.organisation_id} ${whatOf(sum)}`;
          await addTo(ledger.hourly, `${base} ${sum.hour} ${sum.day}`, sum);
          await addTo(ledger.daily, `${base} ${sum.day}`, sum);
          await addTo(ledger.monthly, `${base} ${sum.year}-${sum.month}`, sum);
          days.add(`${base} ${sum.day}`);
        }
        await bumpVersions(days);
      }),

    insertAdjustments: (sums) =>
      run('insert adjustments', async () => {
        weather.count('late event');
        for (const sum of sums) await insertUnique(ledger.adjustments, sum.id, { ...sum });
      }),

    listWithoutPayloads: (organisations) =>
      run('list organisations without payloads', () =>
        ledger.payloadsOff.intersection(new Set(organisations)),
      ),

    // The simulation deletes no users; test/retention does.
    listErased: () => run('list erased calls', () => new Map()),

    listCeilings: () => run('list ceilings', () => new Map()),
    listModelPrices: () => run('list model prices', () => [...BOOK]),

    insertGenerations: (booked) =>
      run(`insert ${booked.length} generations`, async () => {
        // The ledger has a call only once: its row is the counted event.
        for (const each of booked) {
          const { event, hour, day, adjustment_ids } = each;
          await insertUnique(ledger.generations, event.id, each);
          const adjustment_id = adjustment_ids && (adjustment_ids['ai.calls'] ?? null);
          await insertUnique(ledger.events, event.id, { event, hour, day, adjustment_id });
        }
      }),

    addStatistics: (sums) =>
      run('add statistics', async () => {
        for (const sum of sums) {
          const key = statisticKeyOf(sum);
          await lock(ledger.statistics, key);
          const old = ledger.statistics.get(tx, key);
          const total = { ...sum, tokens: { ...sum.tokens } };
          if (old) {
            for (const kind of TOKEN_KINDS) total.tokens[kind] += old.tokens[kind];
            for (const name of ['cost_usd', 'duration_ms_sum'] as const) total[name] += old[name];
            for (const name of STATISTIC_COUNTS) total[name] += old[name];
          }
          ledger.statistics.put(tx, key, total);
        }
      }),

    holdEventsCursor: (shard) =>
      run('hold the cursor of events', async () => {
        await locks.acquire(
          tx,
          `${ledger.cursors.name}/${cursorKeyOf({ shard, stream: 'events' })}`,
          'share',
        );
      }),

    readFills: (events) =>
      run('read fills', () => {
        const keys = new Set(events.map(keyOf));
        const found = ledger.known
          .rows(tx)
          .map(([, row]) => row)
          .filter((row) => row.kind === 'fill' && keys.has(keyOf(row)))
          .sort((a, b) => a.received_at - b.received_at || (a.id < b.id ? -1 : 1));
        if (found.length > 0) weather.count('fill before its call');
        return found;
      }),

    applyFills: (fills) =>
      run(`fill ${fills.length} generations`, async () => {
        for (const { fields, ...key } of fills) {
          const id = ledger.keys.get(tx, keyOf(key))?.event_id ?? '';
          if (!ledger.generations.get(tx, id)) continue;
          await lock(ledger.generations, id);
          const found = ledger.generations.get(tx, id);
          if (found?.event.organisation_id !== key.organisation_id) continue;
          weather.count('fill of a counted call');
          ledger.generations.put(tx, id, { ...found, row: fillEmpty(found.row, fields) });
        }
      }),

    lockUncounted: (fills) =>
      run('lock calls without user or duration', async () => {
        const calls: UncountedCall[] = [];
        for (const key of fills) {
          const id = ledger.keys.get(tx, keyOf(key))?.event_id ?? '';
          if (!ledger.generations.get(tx, id)) continue;
          await lock(ledger.generations, id);
          const found = ledger.generations.get(tx, id);
          if (found?.event.organisation_id !== key.organisation_id) continue;
          const { event, row, day } = found;
          if (row.user_id !== null && row.duration_ms !== null) continue;
          const { organisation_id, project_id, idempotency_key, ingested_at } = event;
          calls.push({ ...row, id, organisation_id, project_id, idempotency_key, ingested_at, day });
        }
        return calls;
      }),

    setCounted: (calls) =>
      run(`give ${calls.length} calls their user and duration`, () => {
        weather.count('user or duration of a counted call');
        for (const { id, user_id, duration_ms } of calls) {
          const [found, counted] = [ledger.generations.get(tx, id), ledger.events.get(tx, id)];
          if (!found || !counted) continue;
          ledger.generations.put(tx, id, { ...found, row: { ...found.row, user_id, duration_ms } });
          ledger.events.put(tx, id, { ...counted, event: { ...counted.event, user_id } });
        }
      }),

    insertKnown: (known) =>
      run(`list ${known.length} known events`, async () => {
        for (const row of known) {
          instantText(row.received_at);
          if (row.event.includes(REFUSED))
            throw new PostgresError('22P02', 'invalid input syntax for type json');
          await insertNew(ledger.known, row.id, row);
        }
      }),

    insertQuarantined: (_shard, rows) =>
      run(`quarantine ${rows.map((row) => row.reason)}`, async () => {
        for (const row of rows) {
          instantText(row.received_at);
          await insertNew(ledger.quarantine, row.id, row);
        }
      }),

    closeBatch: (batch, lastId) =>
      run(`close batch (${batch.from_seq}, ${batch.to_seq}] of ${batch.stream}`, async () => {
        const { n_in, n_counted, n_duplicate, n_conflict, n_quarantined } = batch;
        if (n_in !== n_counted + n_duplicate + n_conflict + n_quarantined)
          throw new PostgresError('23514', 'rollup_batches_sum');
        await insertUnique(ledger.batches, batchKeyOf(batch), {
          ...batch,
          committed_at: ledger.engine.scheduler.now,
          purged_at: null,
        });
        const key = cursorKeyOf(batch);
        await lock(ledger.cursors, key);
        const cursor = ledger.cursor(tx, batch.shard, batch.stream);
        ledger.cursors.put(tx, key, { ...cursor, last_seq: batch.to_seq, last_id: lastId });
      }),
  };
}

const STATISTIC_COUNTS = [
  'total_requests',
  'success_requests',
  'failed_requests',
  'cost_count',
  'duration_count',
] as const;

function refuse({ event }: BookedEvent): void {
  if (event.unit === REFUSED)
    throw new PostgresError('22021', 'invalid byte sequence for encoding "UTF8": 0x00');
}
