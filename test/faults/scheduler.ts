/**
 * A cooperative scheduler on virtual time. One actor runs at a time, from one port call to the next. Only the seed
 * decides which actor runs next.
 */
import type { Random } from './random.ts';

/** The connection is lost. The caller does not know whether the call took effect. */
export class LostConnection extends Error {}

/** A law is broken. */
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
  /** True if an actor resumes and will end the turn itself. */
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

  /** Formatted only on demand, because notes are read only for a seed that breaks a law. */
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

  /** Ends the running actor's turn. The actor resumes at `at`. */
  resumeAt(at: number): Promise<void> {
    return new Promise((resolve) => {
      this.#push(at, () => {
        resolve();
        return true;
      });
      this.#endTurn();
    });
  }

  /** Ends the running actor's turn until another actor wakes it. */
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

  /** Ends the running actor's turn permanently. */
  abandon(): Promise<never> {
    this.#endTurn();
    return new Promise(() => undefined);
  }

  /** Runs until the queue is empty. */
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
  /** Runs when the process is killed, to break its connections. */
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
