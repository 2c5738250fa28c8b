/**
 * A cooperative scheduler on virtual time. One actor runs at a time, from one port call to the next; who comes next is
 * decided by the seed alone.
 */
import type { Random } from './random.ts';

/** The connection is gone; whether the call had its effect is not known to the caller. */
export class LostConnection extends Error {}

/** A law does not hold. */
export class Violation extends Error {
  readonly law: string;

  constructor(law: string, detail: string) {
    super(`${law}: ${detail}`);
    this.law = law;
  }
}

interface Turn {
  readonly at: number;
  readonly order: number;
  /** True where an actor goes on and will give the turn back. */
  readonly run: () => boolean;
}

export class Scheduler {
  now: number;
  steps = 0;
  readonly random: Random;
  #notes: (readonly [at: number, who: string, what: string])[] = [];
  traceMax = 60;
  #queue: Turn[] = [];
  #order = 0;
  #endTurn: () => void = () => undefined;
  #failure: unknown;
  #parked = new Set<Actor>();

  constructor(random: Random, now: number) {
    this.random = random;
    this.now = now;
  }

  note(who: string, what: string): void {
    this.#notes.push([this.now, who, what]);
    if (this.#notes.length > this.traceMax * 2) this.#notes.splice(0, this.traceMax);
  }

  /** Written out only here: nobody reads the notes of a seed that breaks nothing. */
  get trace(): string[] {
    return this.#notes.map(
      ([at, who, what]) => `${new Date(at).toISOString().slice(5, 23)} ${who.padEnd(12)} ${what}`,
    );
  }

  at(time: number, run: () => void): void {
    this.#push(time, () => {
      run();
      return false;
    });
  }

  spawn(time: number, name: string, work: (actor: Actor) => Promise<void>): Actor {
    const actor = new Actor(this, name);
    this.#push(time, () => {
      work(actor)
        .catch((error: unknown) => {
          this.#failure ??= error;
        })
        .finally(() => {
          actor.ended = true;
          this.#endTurn();
        });
      return true;
    });
    return actor;
  }

  #push(at: number, run: () => boolean): void {
    const turn = { at: Math.max(at, this.now), order: this.#order++, run };
    let index = this.#queue.length;
    while (index > 0) {
      const other = this.#queue[index - 1];
      if (!other || other.at > turn.at || (other.at === turn.at && other.order > turn.order)) break;
      index -= 1;
    }
    this.#queue.splice(index, 0, turn);
  }

  /** Ends the running actor's turn; it goes on at `at`. */
  resumeAt(at: number): Promise<void> {
    return new Promise((resolve) => {
      this.#push(at, () => {
        resolve();
        return true;
      });
      this.#endTurn();
    });
  }

  /** Ends the running actor's turn until somebody wakes it. */
  park(actor: Actor): Promise<void> {
    this.#parked.add(actor);
    return new Promise((resolve) => {
      actor.wake = () => {
        if (!this.#parked.delete(actor)) return;
        this.#push(this.now + 1, () => {
          resolve();
          return true;
        });
      };
      this.#endTurn();
    });
  }

  /** Ends the running actor's turn for ever. */
  abandon(): Promise<never> {
    this.#endTurn();
    return new Promise(() => undefined);
  }

  /** Runs until nothing is left to do. */
  async run(): Promise<void> {
    for (let turn = this.#queue.pop(); turn; turn = this.#queue.pop()) {
      this.now = Math.max(this.now, turn.at);
      this.steps += 1;
      if (this.steps > 20_000) throw new Violation('everything comes to an end', 'more than 20,000 steps');
      const ended = new Promise<void>((resolve) => {
        this.#endTurn = resolve;
      });
      if (turn.run()) await ended;
      if (this.#failure) throw this.#failure;
    }
    const [stuck] = this.#parked;
    if (stuck) throw new Violation('nobody waits for ever', `${stuck.name} still waits for a lock`);
  }
}

export class Actor {
  readonly name: string;
  readonly scheduler: Scheduler;
  ended = false;
  wake: () => void = () => undefined;
  /** Runs when the process is killed: its connections break. */
  onCrash: () => void = () => undefined;

  constructor(scheduler: Scheduler, name: string) {
    this.scheduler = scheduler;
    this.name = name;
  }

  note(what: string): void {
    this.scheduler.note(this.name, what);
  }

  sleep(duration: number): Promise<void> {
    return this.scheduler.resumeAt(this.scheduler.now + duration);
  }

  park(): Promise<void> {
    return this.scheduler.park(this);
  }

  /** kill -9: no catch, no finally. */
  crash(): Promise<never> {
    this.ended = true;
    this.onCrash();
    return this.scheduler.abandon();
  }
}
