/** One simulated installation: two stores, the oracle, and the state that the actors share. */
import { type FaultCounts, Weather } from './faults.ts';
import { HotMemory } from './hot-memory.ts';
import { Connection } from './ledger-ports.ts';
import { LedgerMemory } from './ledger-tables.ts';
import { Oracle } from './oracle.ts';
import { Random } from './random.ts';
import { type Actor, Scheduler } from './scheduler.ts';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const START = Date.UTC(2026, 0, 20);
export const RETENTION = 168 * HOUR;
/** How far a standby may lag. The retention exceeds it by more than a transaction can be idle. */
export const RECOVERY_POINT = RETENTION - HOUR;

export interface Tenant {
  readonly organisation_id: string;
  readonly project_id: string;
}

const uuid = (number: number): string => `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`;

export const TENANTS: readonly Tenant[] = [
  { organisation_id: uuid(1), project_id: uuid(11) },
  { organisation_id: uuid(1), project_id: uuid(12) },
  { organisation_id: uuid(2), project_id: uuid(13) },
];

/** Organisations that store no payloads of their AI calls. */
const SILENT: ReadonlySet<string> = new Set([uuid(2)]);

const CALENDARS = new Map([
  [uuid(1), [{ from_year: 2000, from_month: 1, timezone: 'UTC', currency: 'USD' }]],
  [
    uuid(2),
    [
      { from_year: 2000, from_month: 1, timezone: 'Asia/Kolkata', currency: 'INR' },
      { from_year: 2026, from_month: 2, timezone: 'America/New_York', currency: 'INR' },
    ],
  ],
]);

export interface World {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly weather: Weather;
  readonly hot: HotMemory;
  readonly ledger: LedgerMemory;
  readonly oracle: Oracle;
  /** The maximum number of rows in one batch of a drain. */
  readonly batchLimit: number;
  connect(actor: Actor): Connection;
}

export function createWorld(seed: number, counts: FaultCounts): World {
  const random = new Random(seed);
  const scheduler = new Scheduler(random, START);
  const weather = new Weather(random, counts, RETENTION);
  const ledger = new LedgerMemory(scheduler, CALENDARS, SILENT);
  const oracle = new Oracle(scheduler, weather, ledger);
  const hot = new HotMemory(scheduler, oracle);
  oracle.hot = hot;
  const connect = (actor: Actor): Connection => new Connection(ledger, weather, actor);
  return { scheduler, random, weather, hot, ledger, oracle, batchLimit: random.between(1, 6), connect };
}
