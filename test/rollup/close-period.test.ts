import { expect, test } from 'vitest';
import { assertDrained, type Cutoff, closePeriod, type Verified } from '../../src/rollup/close-period.ts';
import type { Cursor } from '../../src/rollup/ports.ts';
import { hotEvent, NOW, uuid } from './hot-events.ts';

const PERIOD = { organisation_id: uuid(901), year: 2026, month: 1 };

const cursorAt = (last_seq: number, overrides: Partial<Cursor> = {}): Cursor => ({
  shard: 0,
  stream: 'events',
  epoch: 1,
  last_seq,
  last_id: uuid(last_seq),
  halted: false,
  ...overrides,
});

interface Stores {
  readonly cursor: Cursor;
  readonly maxSeq: number;
  readonly stored?: Cutoff;
  /** The row in D1 at the cursor's sequence number or after it. */
  readonly row?: { readonly seq: number; readonly id: string };
}

async function drained({ cursor, maxSeq, stored, row }: Stores) {
  const recorded: Cutoff[] = [];
  const there = row ?? { seq: cursor.last_seq, id: cursor.last_id };
  const result = await assertDrained(
    {
      hot: { maxSeq: async () => maxSeq, read: async () => [hotEvent(there.seq, { id: there.id })] },
      ledger: {
        readCursor: async () => cursor,
        readCutoff: async () => stored ?? null,
        recordCutoff: async (_, cutoff) => {
          recorded.push(cutoff);
        },
      },
    },
    PERIOD,
    0,
  ).catch((error: { code: string }) => error.code);
  return { result, recorded };
}

const CUTOFFS: readonly [name: string, stores: Stores, result: Cutoff | 'not_drained', recorded: Cutoff[]][] =
  [
    ['an empty store', { cursor: cursorAt(0), maxSeq: 0 }, { seq: 0, epoch: 1 }, [{ seq: 0, epoch: 1 }]],
    ['at the cutoff', { cursor: cursorAt(5), maxSeq: 5 }, { seq: 5, epoch: 1 }, [{ seq: 5, epoch: 1 }]],
    ['one before the cutoff', { cursor: cursorAt(4), maxSeq: 5 }, 'not_drained', [{ seq: 5, epoch: 1 }]],
    ['nothing drained yet', { cursor: cursorAt(0), maxSeq: 1 }, 'not_drained', [{ seq: 1, epoch: 1 }]],
    [
      'events after the first attempt do not move the cutoff',
      { cursor: cursorAt(5), maxSeq: 99, stored: { seq: 5, epoch: 1 } },
      { seq: 5, epoch: 1 },
      [],
    ],
    [
      'a cutoff of an older epoch is taken anew',
      { cursor: cursorAt(7, { epoch: 2 }), maxSeq: 8, stored: { seq: 5, epoch: 1 } },
      'not_drained',
      [{ seq: 8, epoch: 2 }],
    ],
    [
      'a halted shard',
      { cursor: cursorAt(5, { halted: true }), maxSeq: 5 },
      'not_drained',
      [{ seq: 5, epoch: 1 }],
    ],
    [
      'a restored store that gives out numbers below the cursor anew',
      { cursor: cursorAt(5), maxSeq: 5, stored: { seq: 5, epoch: 1 }, row: { seq: 5, id: uuid(77) } },
      'not_drained',
      [],
    ],
    [
      "a restored store that lacks the cursor's row",
      { cursor: cursorAt(5), maxSeq: 9, stored: { seq: 5, epoch: 1 }, row: { seq: 9, id: uuid(9) } },
      'not_drained',
      [],
    ],
    [
      'a store restored to before the cutoff that is drained to its end',
      { cursor: cursorAt(5), maxSeq: 5, stored: { seq: 8, epoch: 1 } },
      { seq: 5, epoch: 1 },
      [],
    ],
  ];

test.each(CUTOFFS)('the cutoff: %s', async (_, stores, result, recorded) => {
  expect(await drained(stores)).toEqual({ result, recorded });
});

const VERIFIED: Verified = { dayVersions: 'v1', drained: { shard: 0, cutoff: { seq: 5, epoch: 1 } } };

interface Locked {
  readonly status: 'open' | 'closed';
  readonly versions: string;
  readonly cursor: Cursor;
}

async function close({ status, versions, cursor }: Locked, verified: Verified = VERIFIED) {
  const steps: string[] = [];
  const result = await closePeriod(
    {
      lockPeriod: async () => {
        steps.push('lock');
        return { status };
      },
      readCursor: async () => cursor,
      readDayVersions: async () => {
        steps.push('compare');
        return versions;
      },
      setClosed: async () => {
        steps.push('close');
      },
    },
    PERIOD,
    verified,
    NOW,
  ).catch((error: { code: string }) => error.code);
  return [result, ...steps];
}

test('a period is locked, then compared, then closed', async () => {
  expect(await close({ status: 'open', versions: 'v1', cursor: cursorAt(5) })).toEqual([
    true,
    'lock',
    'compare',
    'close',
  ]);
});

test('days that changed since they were verified leave the period open', async () => {
  expect(await close({ status: 'open', versions: 'v2', cursor: cursorAt(5) })).toEqual([
    false,
    'lock',
    'compare',
  ]);
});

test('a period that was closed before stays as it was closed', async () => {
  const locked = { status: 'closed', versions: 'v1', cursor: cursorAt(0) } as const;
  expect(await close(locked, { ...VERIFIED, drained: null })).toEqual([true, 'lock', 'compare']);
});

test.each([
  ['behind the cutoff', cursorAt(4)],
  ['in another epoch', cursorAt(9, { epoch: 2 })],
  ['halted', cursorAt(9, { halted: true })],
])('a drain that a failover left %s leaves the period open', async (_, cursor) => {
  expect(await close({ status: 'open', versions: 'v1', cursor })).toEqual(['not_drained', 'lock']);
});
