import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { HotWriter, InsertRequest, StampedEvent } from '../../src/ingest/accept-events.ts';
import { createCommitQueue } from '../../src/ingest/commit-queue.ts';
import type { SentEvent } from '../../src/ingest/verdict.ts';

const requestOf = (name: string, events = 1): InsertRequest => ({
  organisation_id: 'organisation',
  project_id: name,
  received_at: 0,
  events: Array.from({ length: events }, (_, index) => ({ id: `${name}-${index}` }) as StampedEvent),
});

const holderOf = (request: InsertRequest): SentEvent[] =>
  request.events.map(({ id }) => ({ id: `holder of ${id}`, fingerprint: 'f' }));

/** A hot store whose transactions end when the test ends them. */
function createHot() {
  const transactions: { requests: string[]; commit: () => void; fail: (error: Error) => void }[] = [];
  const hot: HotWriter = {
    insertEvents: (requests) =>
      new Promise((resolve, reject) => {
        transactions.push({
          requests: requests.map((request) => request.project_id),
          commit: () => resolve(requests.map(holderOf)),
          fail: reject,
        });
      }),
    insertConflicts: async () => undefined,
  };
  return { hot, transactions };
}

const settle = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('requests that wait for the same store, a stand-in', () => {
  test('the first goes at once and alone; those that come meanwhile share the next transaction, each with its own answer', async () => {
    const { hot, transactions } = createHot();
    const queue = createCommitQueue(() => Date.now());
    const answers = ['a', 'b', 'c', 'd'].map((name, index) => queue.insert(hot, requestOf(name, index + 1)));
    await settle();
    expect(transactions.map(({ requests }) => requests)).toEqual([['a']]);
    transactions[0]?.commit();
    await settle();
    expect(transactions.map(({ requests }) => requests)).toEqual([['a'], ['b', 'c', 'd']]);
    transactions[1]?.commit();
    expect(await Promise.all(answers)).toEqual(
      ['a', 'b', 'c', 'd'].map((name, index) => holderOf(requestOf(name, index + 1))),
    );
    const next = queue.insert(hot, requestOf('e'));
    await settle();
    expect(transactions[2]?.requests).toEqual(['e']);
    transactions[2]?.commit();
    await next;
  });

  test('a transaction that fails fails all that were in it, and none else', async () => {
    const { hot, transactions } = createHot();
    const queue = createCommitQueue(() => Date.now());
    const [first, ...grouped] = ['a', 'b', 'c'].map((name) => queue.insert(hot, requestOf(name)));
    await settle();
    transactions[0]?.commit();
    await first;
    const failed = Promise.allSettled(grouped);
    await settle();
    const after = queue.insert(hot, requestOf('d'));
    transactions[1]?.fail(new Error('no D1'));
    expect((await failed).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await settle();
    transactions[2]?.commit();
    expect(await after).toEqual(holderOf(requestOf('d')));
  });

  test('a request of many events goes alone and waits for nobody', async () => {
    const { hot, transactions } = createHot();
    const queue = createCommitQueue(() => Date.now());
    for (const [name, events] of [
      ['a', 1],
      ['large', 21],
      ['b', 20],
    ] as const)
      void queue.insert(hot, requestOf(name, events));
    await settle();
    expect(transactions.map(({ requests }) => requests)).toEqual([['a'], ['large']]);
  });

  test('a transaction holds at most 100 requests, in the order in which they came', async () => {
    const { hot, transactions } = createHot();
    const queue = createCommitQueue(() => Date.now());
    const names = Array.from({ length: 202 }, (_, index) => `r${index}`);
    const answers = names.map((name) => queue.insert(hot, requestOf(name)));
    for (let turn = 0; turn < 4; turn++) {
      await settle();
      transactions[turn]?.commit();
    }
    await Promise.all(answers);
    expect(transactions.map(({ requests }) => requests.length)).toEqual([1, 100, 100, 1]);
    expect(transactions.flatMap(({ requests }) => requests)).toEqual(names);
  });
});

describe('a leader that is lost with its context, before a stand-in', () => {
  test('keeps nobody waiting: the others go on alone, and new requests after it', async () => {
    const { hot, transactions } = createHot();
    const queue = createCommitQueue(() => Date.now());
    void queue.insert(hot, requestOf('lost'));
    const waiting = queue.insert(hot, requestOf('waiting'));
    await vi.advanceTimersByTimeAsync(4_999);
    expect(transactions.map(({ requests }) => requests)).toEqual([['lost']]);
    await vi.advanceTimersByTimeAsync(1);
    expect(transactions.map(({ requests }) => requests)).toEqual([['lost'], ['waiting']]);
    transactions[1]?.commit();
    expect(await waiting).toEqual(holderOf(requestOf('waiting')));

    await vi.advanceTimersByTimeAsync(5_001);
    const later = queue.insert(hot, requestOf('later'));
    await settle();
    expect(transactions[2]?.requests).toEqual(['later']);
    transactions[2]?.commit();
    expect(await later).toEqual(holderOf(requestOf('later')));
  });

  test('one that comes back late gives the turn to those that wait then, not to one that has left', async () => {
    const { hot, transactions } = createHot();
    const queue = createCommitQueue(() => Date.now());
    const slow = queue.insert(hot, requestOf('slow'));
    const left = queue.insert(hot, requestOf('left'));
    await vi.advanceTimersByTimeAsync(5_000);
    const patient = queue.insert(hot, requestOf('patient'));
    await settle();
    transactions[0]?.commit();
    await slow;
    await settle();
    expect(transactions.map(({ requests }) => requests)).toEqual([['slow'], ['left'], ['patient']]);
    transactions[1]?.commit();
    transactions[2]?.commit();
    expect(await Promise.all([left, patient])).toEqual([
      holderOf(requestOf('left')),
      holderOf(requestOf('patient')),
    ]);
  });
});
