/** The processes of an installation, each of which runs the product's own decision code. */
import { AppError } from '../../src/core/error.ts';
import { NotCommittedError } from '../../src/db/ledger.ts';
import { acceptEvents, type Insert } from '../../src/ingest/accept-events.ts';
import type { UsageEvent } from '../../src/ingest/event.ts';
import { fingerprintOf } from '../../src/ingest/fingerprint.ts';
import { assertDrained, closePeriod, type PeriodKey } from '../../src/rollup/close-period.ts';
import { drainHotEvents } from '../../src/rollup/drain-hot-events.ts';
import type { Stream } from '../../src/rollup/hot-event.ts';
import { purgeHotEvents } from '../../src/rollup/purge-hot-events.ts';
import { makeCall, makeCallAgain } from './calls.ts';
import { hotReaderOf, hotWriterOf } from './hot-memory.ts';
import { PostgresError } from './ledger-memory.ts';
import {
  cutoffLedgerOf,
  dayVersionsOf,
  periodTransactionOf,
  purgeLedgerOf,
  restartShard,
  rollupLedgerOf,
} from './ledger-ports.ts';
import { periodKeyOf } from './ledger-tables.ts';
import type { Random } from './random.ts';
import { type Actor, LostConnection, Violation } from './scheduler.ts';
import { DAY, HOUR, RETENTION, START, TENANTS, type Tenant, type World } from './world.ts';

/** Errors that end a process but are not defects: the next run begins again. */
function isOutage(error: unknown): boolean {
  if (error instanceof Violation) return false;
  return error instanceof LostConnection || error instanceof NotCommittedError || error instanceof AppError;
}

async function untilOutage(actor: Actor, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof RangeError)
      throw new Violation('one poison row never blocks the rest', error.message);
    if (error instanceof PostgresError && error.code !== '40P01')
      throw new Violation("the ledger's constraints are never met", `${error.code} ${error.message}`);
    if (!isOutage(error) && !(error instanceof PostgresError)) throw error;
    actor.note(`ends: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const QUANTITIES = ['1', '2.5', '-0.25', '99999999999999999999999999.999999999999'];

/** A request's event: a plain one, or an AI call identified by its key or by the vendor's response. */
export function makeAny(random: Random, number: number): UsageEvent {
  if (random.chance(0.2)) return makeCall(random, { response_id: `r${(number % 4) + 1}` });
  if (random.chance(0.1)) return makeCall(random, { idempotency_key: `k${number}` });
  return makeEvent(random, `k${number}`);
}

const makeOther = (random: Random, { idempotency_key, generation }: UsageEvent): UsageEvent =>
  generation === null
    ? makeEvent(random, idempotency_key)
    : makeCallAgain(random, generation.content, idempotency_key);

export function makeEvent(random: Random, idempotency_key: string): UsageEvent {
  return {
    metric_name: random.pick(['tokens', 'calls']),
    metric_value: random.pick(QUANTITIES),
    unit: '',
    timestamp: random.chance(0.7) ? START - 15 * DAY + Math.floor(random.next() * 45 * DAY) : null,
    // Derived from the key, because a retry sends the same user.
    user_id: /2$/.test(idempotency_key) ? `user of ${idempotency_key}` : null,
    metadata: '{}',
    idempotency_key,
    generation: null,
  };
}

/** One request with its retries. */
export function client(world: World, tenant: Tenant, first: readonly UsageEvent[]) {
  return async (actor: Actor): Promise<void> => {
    const { random, weather, oracle } = world;
    let events = first;
    for (let attempt = 0; attempt < 4; attempt++) {
      // A client sees a killed ingest Worker as a lost response.
      const answered = await request(world, actor, tenant, events);
      if (answered) {
        events.forEach((event, index) => {
          const verdict = answered[index];
          if (!verdict) throw new Violation('every event is answered', `event ${index} is not`);
          const sent = {
            ...tenant,
            idempotency_key: event.idempotency_key,
            fingerprint: event.generation?.fingerprint ?? fingerprintOf(event),
          };
          oracle.answer(sent, verdict);
        });
        actor.note(`is told ${answered.map((verdict) => verdict.status)}`);
        if (!weather.chance(0.25)) return;
        weather.count('duplicate delivery');
      } else {
        if (random.chance(0.2)) return;
        const other = random.chance(0.3);
        weather.count(`retry after a lost answer, ${other ? 'other' : 'same'} content`);
        if (other) events = events.map((event) => makeOther(random, event));
      }
      await actor.sleep(random.pick([1_000, HOUR, random.between(1, 10) * DAY]));
    }
  };
}

const insertAlone: Insert = async (writer, insert) => {
  const [holders] = await writer.insertEvents([insert]);
  if (holders === undefined) throw new Violation('every event is answered', 'a request is not');
  return holders;
};

function request(world: World, actor: Actor, tenant: Tenant, events: readonly UsageEvent[]) {
  const { scheduler, weather, hot } = world;
  type Verdicts = Awaited<ReturnType<typeof acceptEvents>>;
  let verdicts: Verdicts | null = null;
  const ingest = scheduler.spawn(scheduler.now, `${actor.name}>`, async (worker) => {
    await untilOutage(worker, async () => {
      verdicts = await acceptEvents(
        hotWriterOf(hot, weather, worker),
        insertAlone,
        tenant,
        events,
        scheduler.now,
      );
    });
    actor.wake();
  });
  ingest.onCrash = () => actor.wake();
  return actor.park().then(() => verdicts);
}

/** The roll-up job. Its `now` is the moment at which it began. */
export function drain(world: World, steps: number, streams: readonly Stream[] = ['events', 'conflicts']) {
  return async (actor: Actor): Promise<void> => {
    const { scheduler, weather, hot, oracle, batchLimit } = world;
    const now = scheduler.now;
    const stores = {
      hot: hotReaderOf(hot, weather, actor),
      ledger: rollupLedgerOf(world.connect(actor), oracle),
    };
    await untilOutage(actor, async () => {
      for (const stream of streams) {
        for (let done = 0; done < steps; done++) {
          const step = await drainHotEvents(stores, { shard: 0, stream, limit: batchLimit, now });
          actor.note(`${stream}: ${step.kind}`);
          if (step.kind === 'empty' || step.kind === 'halted') break;
        }
      }
    });
  };
}

/** `pause` is how long it hangs before each delete. */
export function purge(world: World, pause = 0) {
  return async (actor: Actor): Promise<void> => {
    const { scheduler, weather, hot } = world;
    const now = scheduler.now;
    const reader = hotReaderOf(hot, weather, actor);
    const slow: typeof reader = {
      ...reader,
      delete: async (...batch) => {
        await actor.sleep(pause);
        return await reader.delete(...batch);
      },
    };
    const stores = { hot: slow, ledger: purgeLedgerOf(world.connect(actor)) };
    await untilOutage(actor, async () => {
      for (const stream of ['events', 'conflicts'] as const) {
        const counts = { purged_batches: 0, purged_rows: 0, mismatched_batches: [] };
        const input = { shard: 0, stream, horizon: now - RETENTION, now, hasTime: () => true };
        await purgeHotEvents(stores, input, counts);
      }
    });
  };
}

export const operator =
  (world: World) =>
  async (actor: Actor): Promise<void> => {
    if (!world.ledger.cursor(null, 0, 'events').halted) return;
    await untilOutage(actor, async () => {
      const { epoch } = world.ledger.cursor(null, 0, 'events');
      await hotReaderOf(world.hot, world.weather, actor).beginEpoch(epoch + 1, world.scheduler.now);
      world.oracle.epochBegunAt = world.scheduler.now;
      await restartShard(world.connect(actor), 0);
    });
  };

export const JANUARY = { year: 2026, month: 1 };
export const PERIODS: readonly PeriodKey[] = [
  ...new Set(TENANTS.map((tenant) => tenant.organisation_id)),
].map((organisation_id) => ({ organisation_id, ...JANUARY }));

/** Finalizes a period: drained, verified, and closed under its lock with the verified quantities. */
export function finalize(
  world: World,
  period: PeriodKey,
  attempts: Map<string, number>,
  onClosed: () => void,
  pauses = { toVerify: 0, toLock: 0 },
) {
  return async (actor: Actor): Promise<void> => {
    const { scheduler, weather, hot, ledger } = world;
    const key = periodKeyOf(period);
    if (!ledger.periods.committed.has(key)) return onClosed();
    attempts.set(key, attempts.get(key) ?? scheduler.now);
    const connection = world.connect(actor);
    const reader = hotReaderOf(hot, weather, actor);
    await untilOutage(actor, async () => {
      const cutoff = await assertDrained({ hot: reader, ledger: cutoffLedgerOf(connection) }, period, 0);
      await actor.sleep(pauses.toVerify);
      const { versions, verified } = await connection.call('verify', () => ({
        versions: dayVersionsOf(ledger, null, period),
        verified: ledger.quantities(null, period),
      }));
      await actor.sleep(pauses.toLock);
      const verification = { dayVersions: versions, drained: { shard: 0, cutoff } };
      await connection.transaction(async (tx) => {
        if (!(await closePeriod(periodTransactionOf(connection, tx), period, verification, scheduler.now)))
          return;
        await connection.statement(tx, 'write invoice', async () => {
          await ledger.engine.locks.acquire(tx, `invoices/${key}`, 'exclusive');
          if (ledger.invoices.get(tx, key)) return;
          const frozen = ledger.quantities(tx, period);
          const firstAttemptAt = attempts.get(key) ?? scheduler.now;
          ledger.invoices.put(tx, key, { period, verified, frozen, firstAttemptAt });
        });
      });
      if (ledger.invoices.committed.has(key)) onClosed();
    });
  };
}
