/** One seed: weeks of an installation's life with faults, then calm, the last drain, and the laws. */

import type { EventGeneration } from '../../src/ingest/event.ts';
import type { PeriodKey } from '../../src/rollup/close-period.ts';
import type { HotEvent } from '../../src/rollup/hot-event.ts';
import { client, drain, finalize, makeAny, makeEvent, operator, PERIODS, purge } from './actors.ts';
import type { FaultCounts } from './faults.ts';
import { checkLaws } from './invariants.ts';
import { periodKeyOf } from './ledger-tables.ts';
import { Violation } from './scheduler.ts';
import { createWorld, DAY, HOUR, RECOVERY_POINT, RETENTION, START, TENANTS, type World } from './world.ts';

export interface Outcome {
  readonly seed: number;
  readonly steps: number;
  readonly broken: {
    readonly law: string;
    readonly detail: string;
    readonly trace: readonly string[];
  } | null;
}

/** The law for errors that break none of the other laws. */
export const UNEXPECTED = 'no unexpected error';

const MINUTE = 60_000;
const DURATION = 36 * DAY;
const LATE_JANUARY = Date.UTC(2026, 0, 25, 12);
const FIRST_FINALIZATION = Date.UTC(2026, 1, 3);

export async function simulate(seed: number, counts: FaultCounts, traceMax = 60): Promise<Outcome> {
  const world = createWorld(seed, counts);
  const { scheduler } = world;
  scheduler.traceMax = traceMax;
  try {
    const attempts = new Map<string, number>();
    planTraffic(world);
    planJobs(world, attempts);
    planDisasters(world, attempts);
    await scheduler.run();
    world.weather.calm = true;
    await settle(world);
    await closeAll(world, attempts);
    checkLaws(world);
    await sendAgain(world);
    checkLaws(world);
    return { seed, steps: scheduler.steps, broken: null };
  } catch (error) {
    const law = error instanceof Violation ? error.law : UNEXPECTED;
    const detail =
      error instanceof Violation ? error.message : String(error instanceof Error ? error.stack : error);
    return { seed, steps: scheduler.steps, broken: { law, detail, trace: scheduler.trace } };
  }
}

const moment = (world: World): number => START + Math.floor(world.random.next() * DURATION);

function sendAt(world: World, at: number, name: string): void {
  const { random, scheduler } = world;
  const events = Array.from({ length: random.between(1, 4) }, () => makeAny(random, random.between(1, 10)));
  scheduler.spawn(at, name, client(world, random.pick(TENANTS), events));
}

function planTraffic(world: World): void {
  const requests = world.random.between(8, 16);
  for (let i = 0; i < requests; i++) sendAt(world, moment(world), `client ${i}`);
}

function planJobs(world: World, attempts: Map<string, number>): void {
  const { random, scheduler } = world;
  const drains = random.between(5, 9);
  for (let i = 0; i < drains; i++) {
    const at = moment(world);
    scheduler.spawn(at, `drain ${i}a`, drain(world, 4));
    if (random.chance(0.6)) scheduler.spawn(at + random.between(0, 3_000), `drain ${i}b`, drain(world, 4));
    // One stream may be ahead of the other.
    if (random.chance(0.8))
      scheduler.spawn(at + random.between(-4_000, 2_000), `drain ${i}c`, drain(world, 4, ['conflicts']));
  }
  for (let i = 0; i < 5; i++) scheduler.spawn(moment(world) + RETENTION / 2, `purge ${i}`, purge(world));
  for (let i = 0; i < 4; i++) scheduler.spawn(moment(world), `operator ${i}`, operator(world));
  for (let i = 0; i < 4; i++) {
    const at = FIRST_FINALIZATION + Math.floor(random.next() * 20 * DAY);
    const period = random.pick(PERIODS);
    scheduler.spawn(
      at,
      `finalize ${i}`,
      finalize(world, period, attempts, () => undefined),
    );
    if (random.chance(0.5)) scheduler.spawn(at - random.between(0, 5_000), `drain f${i}`, drain(world, 4));
    if (random.chance(0.1)) scheduler.at(at + random.between(0, 5_000), () => failOver(world));
    if (random.chance(0.15)) planSlowFinalization(world, period, attempts, at + DAY);
    if (random.chance(0.1)) scheduler.spawn(at + random.between(0, 5_000), `drain g${i}`, drain(world, 4));
  }
}

/**
 * While a finalization waits between its verification and the lock, the ledger loses data and is filled again,
 * with more.
 */
function planSlowFinalization(
  world: World,
  period: PeriodKey,
  attempts: Map<string, number>,
  at: number,
): void {
  const { random, scheduler } = world;
  const tenant = TENANTS.find((each) => each.organisation_id === period.organisation_id);
  const sendLate = (time: number, name: string): void => {
    const event = { ...makeEvent(random, name), metric_name: 'tokens', timestamp: LATE_JANUARY };
    if (tenant) scheduler.spawn(time, name, client(world, tenant, [event]));
  };
  const isEarly = random.chance(0.4);
  const pauses = isEarly ? { toVerify: 10 * MINUTE, toLock: 0 } : { toVerify: 0, toLock: 10 * MINUTE };
  const slow = finalize(world, period, attempts, () => undefined, pauses);
  scheduler.spawn(at, `finalize ${at % 1_000}s`, slow);
  sendLate(at - 2 * MINUTE, `s${at % 1_000}`);
  scheduler.spawn(at - MINUTE, 'drain s', drain(world, 20));
  sendLate(at + 30_000, `t${at % 1_000}`);
  const back = random.chance(0.5) ? 2.5 * MINUTE : undefined;
  scheduler.at(at + MINUTE, () => failOver(world, back));
  if (!isEarly) scheduler.spawn(at + 2 * MINUTE, 'drain t', drain(world, 20));
}

function planDisasters(world: World, attempts: Map<string, number>): void {
  const { random, scheduler } = world;
  const profile = random.between(0, 5);
  const restores = profile < 1 ? 0 : random.between(0, 2);
  const failovers = profile === 0 || profile === 2 ? 0 : random.between(0, 2);
  for (let i = 0; i < restores; i++) {
    const at = moment(world);
    if (random.chance(0.4)) {
      // A purge that hangs while the store is restored and ends in the next epoch.
      scheduler.spawn(at - 10 * MINUTE, `purge h${i}`, purge(world, 5 * HOUR));
      sendAt(world, at - 5 * MINUTE, `before ${i}`);
      scheduler.spawn(at - 4 * MINUTE, `drain h${i}`, drain(world, 20));
      scheduler.spawn(at + 4 * HOUR, `drain i${i}`, drain(world, 1));
    }
    scheduler.at(at, () => restore(world));
    if (random.chance(0.5)) {
      const again = finalize(world, random.pick(PERIODS), attempts, () => undefined);
      scheduler.spawn(Math.max(at, FIRST_FINALIZATION) + HOUR, `finalize r${i}`, again);
    }
    // Sends traffic at once: it takes the lost numbers before a drain or a purge runs.
    const requests = random.between(0, 3);
    for (let j = 0; j < requests; j++) sendAt(world, at + random.between(1, 60) * MINUTE, `after ${i}.${j}`);
    if (random.chance(0.3)) scheduler.spawn(at + random.between(0, 90) * MINUTE, `purge r${i}`, purge(world));
    scheduler.spawn(at + 2 * HOUR, `drain r${i}`, drain(world, 4));
    if (random.chance(0.7)) scheduler.spawn(at + 3 * HOUR, `operator r${i}`, operator(world));
  }
  for (let i = 0; i < failovers; i++) {
    const at = moment(world);
    scheduler.at(at, () => failOver(world));
    if (random.chance(0.3)) scheduler.spawn(at - random.between(1, 90) * MINUTE, `purge f${i}`, purge(world));
    if (random.chance(0.5)) scheduler.spawn(at - random.between(0, 3_000), `drain o${i}`, drain(world, 4));
  }
  if (random.chance(0.3)) scheduler.at(moment(world), () => deleteByHand(world));
}

function restore(world: World): void {
  const { random, scheduler, hot, oracle, weather } = world;
  const stream = random.pick(['events', 'conflicts', 'conflicts', 'conflicts', null] as const);
  const anchor = stream && oracle[stream].get(world.ledger.cursor(null, 0, stream).last_id);
  // To just before the last drained row, or to any instant.
  const back = anchor
    ? scheduler.now - anchor.insertedAt + 1
    : random.pick([10 * MINUTE, 5 * HOUR, 3 * DAY, 25 * DAY]) * random.next();
  scheduler.note('D1', `RESTORED to ${Math.round(back / MINUTE)} minutes ago`);
  weather.count('D1 restore');
  oracle.restoredAt = scheduler.now;
  oracle.restored(hot.restore(scheduler.now - back));
}

function failOver(world: World, exactly?: number): void {
  const { random, scheduler, hot, oracle, weather, ledger } = world;
  const back = exactly ?? random.pick([1_000, MINUTE, HOUR, 2 * DAY, RECOVERY_POINT]) * random.next();
  const settled = oracle.settled();
  const lost = ledger.engine.failover(scheduler.now - back);
  scheduler.note('Postgres', `FAILED OVER to ${Math.round(back / 1_000)} s ago: ${lost} commits lost`);
  if (lost > 0) weather.count('Postgres failover, commits lost');
  oracle.failedOver(settled, hot);
}

/** Simulates an operator who deletes a drained row from D1 by hand. */
function deleteByHand(world: World): void {
  const { hot, ledger, oracle, scheduler, weather } = world;
  const row = hot.state.events.rows.find(
    ({ id, seq }) => ledger.settledAt(id) !== undefined && seq < ledger.cursor(null, 0, 'events').last_seq,
  );
  if (!row) return;
  weather.count('row deleted by hand');
  scheduler.note('D1', `seq ${row.seq} deleted by hand`);
  hot.remove('events', ({ seq }) => seq === row.seq);
  oracle.handAt = scheduler.now;
  oracle.restored({ events: [row], conflicts: [] });
}

/** Calm: drains until nothing waits, with an operator's resync where the shard is halted. */
async function settle(world: World): Promise<void> {
  const { scheduler, ledger, hot } = world;
  const waits = (): boolean =>
    (['events', 'conflicts'] as const).some((stream) => {
      const cursor = ledger.cursor(null, 0, stream);
      return cursor.halted || hot.state[stream].rows.some((row) => row.seq > cursor.last_seq);
    });
  for (let round = 0; round < 4 || waits(); round++) {
    if (round > 30)
      throw new Violation('one poison row never blocks the rest', 'the last drain does not end');
    scheduler.spawn(scheduler.now + MINUTE, 'operator', operator(world));
    scheduler.spawn(scheduler.now + 2 * MINUTE, 'drain a', drain(world, 20));
    await scheduler.run();
  }
}

async function closeAll(world: World, attempts: Map<string, number>): Promise<void> {
  const { scheduler, ledger } = world;
  for (const period of PERIODS) {
    let closed = false;
    scheduler.spawn(
      scheduler.now + DAY,
      'finalize',
      finalize(world, period, attempts, () => {
        closed = true;
      }),
    );
    await scheduler.run();
    if (!closed) throw new Violation('a drained period can be closed', periodKeyOf(period));
    if (ledger.periods.committed.get(periodKeyOf(period))?.status === 'open')
      throw new Violation('an invoiced period is closed', periodKeyOf(period));
  }
}

/** The call as its sender reported it, without the cost found at the edge. */
function generationOf({ generation, fingerprint }: HotEvent): EventGeneration | null {
  if (generation === null) return null;
  const [content] = JSON.parse(generation) as unknown[];
  return { content: JSON.stringify(content), fingerprint, metered: [], unpriced: null, priced: null };
}

/** After the purge the hot store no longer has the keys, but the ledger does. */
async function sendAgain(world: World): Promise<void> {
  const { scheduler, oracle, random } = world;
  scheduler.spawn(scheduler.now + RETENTION + DAY, 'purge', purge(world));
  await scheduler.run();
  const known = [...oracle.events.values()];
  for (let i = 0; i < 3 && known.length > 0; i++) {
    const { sent: row } = random.pick(known);
    const tenant = TENANTS.find((each) => each.project_id === row.project_id);
    const { metric_name, metric_value, unit, timestamp, user_id, metadata, idempotency_key } = row;
    const fields = { metric_name, metric_value, unit, timestamp, user_id, metadata, idempotency_key };
    const event = { ...fields, generation: generationOf(row) };
    if (tenant) scheduler.spawn(scheduler.now + i * 1_000, `again ${i}`, client(world, tenant, [event]));
  }
  await scheduler.run();
  await settle(world);
}
