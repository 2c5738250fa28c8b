/**
 * Groups small requests that wait for the same D1 into one transaction: the commit is expensive, not the rows.
 * While one transaction runs, further requests queue up, and the next transaction commits them all. Law 3 holds for
 * each request: its response comes from the transaction that contained its events, and it fails if that transaction
 * fails.
 *
 * A transaction is always run by one of its own requests: the context of that request then keeps the I/O alive,
 * even after its client has disconnected (the caller passes every request's work to waitUntil). If a leader is lost
 * anyway, the requests that wait for it continue alone. Sending events twice in this way is safe, because an event
 * that finds its own id is still `accepted`.
 */
import { assert } from '../core/error.ts';
import type { HotWriter, InsertRequest } from './accept-events.ts';
import type { Holder } from './verdict.ts';

/** Requests per transaction: enough to share a commit, few enough to keep it short. */
const GROUP_MAX = 100;
/** A request with more events is worth a commit of its own. */
const EVENTS_MAX = 20;
/** Far longer than a transaction takes, and shorter than a client's timeout. */
const PATIENCE_MS = 5_000;

type Holders = readonly Holder[] | null;

type Turn =
  | { readonly kind: 'lead'; readonly group: readonly Waiter[] }
  | { readonly kind: 'done'; readonly holders: Holders }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'alone' };

interface Waiter {
  readonly request: InsertRequest;
  readonly settle: (turn: Turn) => void;
}

export interface CommitQueue {
  /** Resolves to this request's part of the transaction's result: see HotWriter.insertEvents. */
  insert(hot: HotWriter, request: InsertRequest): Promise<Holders>;
}

export function createCommitQueue(clock: () => number): CommitQueue {
  let waiting: Waiter[] = [];
  let busySince: number | null = null;

  /** Runs a transaction for its group, whose first member is the caller, then starts the next group. */
  async function lead(hot: HotWriter, group: readonly Waiter[]): Promise<Holders> {
    const [, ...others] = group;
    try {
      const answers = await insertAll(
        hot,
        group.map((waiter) => waiter.request),
      );
      others.forEach(({ settle }, index) => {
        settle({ kind: 'done', holders: answers[index + 1] as Holders });
      });
      return answers[0] as Holders;
    } catch (error) {
      for (const { settle } of others) settle({ kind: 'failed', error });
      throw error;
    } finally {
      passOn();
    }
  }

  function passOn(): void {
    const group = waiting.slice(0, GROUP_MAX);
    waiting = waiting.slice(GROUP_MAX);
    busySince = group.length > 0 ? clock() : null;
    group[0]?.settle({ kind: 'lead', group });
  }

  async function waitForTurn(hot: HotWriter, request: InsertRequest): Promise<Holders> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const turn = await new Promise<Turn>((settle) => {
      const waiter = { request, settle };
      waiting.push(waiter);
      // Removed from the queue in the same tick, so that it cannot become the leader of a group after it has left.
      timer = setTimeout(() => {
        waiting = waiting.filter((each) => each !== waiter);
        settle({ kind: 'alone' });
      }, PATIENCE_MS);
    });
    clearTimeout(timer);
    switch (turn.kind) {
      case 'lead':
        return await lead(hot, turn.group);
      case 'done':
        return turn.holders;
      case 'failed':
        throw turn.error;
      case 'alone':
        return await insertAlone(hot, request);
    }
  }

  return {
    async insert(hot, request) {
      if (request.events.length > EVENTS_MAX) return await insertAlone(hot, request);
      const isFree = busySince === null || clock() - busySince > 2 * PATIENCE_MS;
      if (!isFree) return await waitForTurn(hot, request);
      busySince = clock();
      return await lead(hot, [{ request, settle: () => undefined }]);
    },
  };
}

/** Checks the number of results: a missing one must not be read as null, which means that all events were new. */
async function insertAll(hot: HotWriter, requests: readonly InsertRequest[]): Promise<readonly Holders[]> {
  const answers = await hot.insertEvents(requests);
  assert(answers.length === requests.length, 'the transaction answers each request it held');
  return answers;
}

async function insertAlone(hot: HotWriter, request: InsertRequest): Promise<Holders> {
  return (await insertAll(hot, [request]))[0] as Holders;
}
