/**
 * Commits small requests together that wait for the same D1: what costs is the commit, not the rows. While one
 * transaction is under way further requests queue up, and the next holds them all. Law 3 holds for each: it is answered
 * from the transaction that held its events, and fails with it.
 *
 * A transaction is always run by one of the requests that are in it: its own context then keeps the I/O alive, also when
 * its client has gone (the caller hands every request's work to waitUntil). Should a leader be lost all the same, those who
 * wait for it go on alone; events sent twice so are safe, because one that finds its own id is still `accepted`.
 */
import { assert } from '../core/error.ts';
import type { HotWriter, InsertRequest } from './accept-events.ts';
import type { Holder } from './verdict.ts';

/** Requests of one transaction: enough to share a commit, few enough to keep it short. */
const GROUP_MAX = 100;
/** A request of more events has work enough for a commit of its own. */
const EVENTS_MAX = 20;
/** Far longer than a transaction takes, and shorter than a client waits. */
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
  /** The request's part of the answer of the transaction that held it: see HotWriter.insertEvents. */
  insert(hot: HotWriter, request: InsertRequest): Promise<Holders>;
}

export function createCommitQueue(clock: () => number): CommitQueue {
  let waiting: Waiter[] = [];
  let busySince: number | null = null;

  /** Runs a transaction for its group, whose first is the caller, and gives the turn on. */
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
      // Out of the queue in the same breath, so that it is not made the leader of a group after it has left.
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

/** A missing answer must not be read as null, which means that all events were new. */
async function insertAll(hot: HotWriter, requests: readonly InsertRequest[]): Promise<readonly Holders[]> {
  const answers = await hot.insertEvents(requests);
  assert(answers.length === requests.length, 'the transaction answers each request it held');
  return answers;
}

async function insertAlone(hot: HotWriter, request: InsertRequest): Promise<Holders> {
  return (await insertAll(hot, [request]))[0] as Holders;
}
