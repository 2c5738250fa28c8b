/** The faults, how often each seed meets them, and the port calls that they strike. */
import type { Random } from './random.ts';
import { type Actor, LostConnection } from './scheduler.ts';

export const FAULTS = [
  'overlap',
  'crash before a call',
  'crash after a call',
  'lost request',
  'lost answer',
  'hang',
  'hang beyond the retention',
  'connection outlives its process',
  'duplicate delivery',
  'retry after a lost answer, same content',
  'retry after a lost answer, other content',
  'D1 restore',
  'D1 restore, numbers reused',
  'D1 restore, conflicts behind',
  'Postgres failover, commits lost',
  'silent abort',
  'poison: quantity',
  'poison: id',
  'poison: instant',
  'poison: metadata',
  'poison: generation',
  'poison: organisation',
  'poison: refused by the ledger',
  'row deleted by hand',
  'purge',
  'late event',
  'fill of a counted call',
  'fill before its call',
  'user or duration of a counted call',
  'key sent again after the purge',
] as const;

export type Fault = (typeof FAULTS)[number];
export type FaultCounts = Record<Fault, number>;

export const noFaults = (): FaultCounts =>
  Object.fromEntries(FAULTS.map((fault) => [fault, 0])) as FaultCounts;

const HOUR = 3_600_000;

/** The faults of a seed and their density. Some seeds are calm, so that a single fault meets an intact system. */
export class Weather {
  readonly counts: FaultCounts;
  readonly random: Random;
  readonly retention: number;
  calm = false;
  #density: number;
  #hangs: number;

  constructor(random: Random, counts: FaultCounts, retention: number) {
    this.random = random;
    this.counts = counts;
    this.retention = retention;
    this.#density = random.pick([0, 0.004, 0.015, 0.04]);
    this.#hangs = random.pick([0, 0.004, 0.02]);
  }

  count(fault: Fault): void {
    this.counts[fault] += 1;
  }

  chance(probability: number): boolean {
    return !this.calm && this.random.chance(probability);
  }

  /** One call of a port: waits, takes effect once or not at all, and may be struck before or after its effect. */
  async call<T>(actor: Actor, name: string, effect: () => T | Promise<T>): Promise<T> {
    await actor.sleep(this.random.between(1, 400));
    await this.#hang(actor, name);
    if (this.chance(this.#density)) await this.#strike(actor, name, 'before');
    const result = await effect();
    actor.note(name);
    if (this.chance(this.#density)) await this.#strike(actor, name, 'after');
    await this.#hang(actor, name);
    return result;
  }

  async #hang(actor: Actor, name: string): Promise<void> {
    if (!this.chance(this.#hangs / 2)) return;
    const long = this.random.chance(0.3);
    this.count(long ? 'hang beyond the retention' : 'hang');
    const duration = long
      ? this.retention + this.random.between(1, 60) * HOUR
      : this.random.between(1, 900) * 60_000;
    actor.note(`hangs at ${name} for ${Math.round(duration / HOUR)} h`);
    await actor.sleep(duration);
  }

  async #strike(actor: Actor, name: string, when: 'before' | 'after'): Promise<void> {
    if (this.random.chance(0.5)) {
      this.count(when === 'before' ? 'crash before a call' : 'crash after a call');
      actor.note(`killed ${when} ${name}`);
      await actor.crash();
    }
    this.count(when === 'before' ? 'lost request' : 'lost answer');
    actor.note(`${when === 'before' ? 'request' : 'answer'} lost: ${name}`);
    throw new LostConnection(`connection lost ${when} ${name}`);
  }
}
