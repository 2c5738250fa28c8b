import { expect, test } from 'vitest';
import {
  classifyEvents,
  classifyKnown,
  isPlausible,
  prepareEvents,
  readGenerations,
} from '../../src/rollup/classify-events.ts';
import type { HotEvent } from '../../src/rollup/hot-event.ts';
import { keyOf } from '../../src/rollup/ports.ts';
import { hotTextOf } from '../ai/generations.ts';
import { hotEvent, NOW, uuid } from './hot-events.ts';

const NO_INSTANT = 10 ** 17;

const prepare = (rows: readonly HotEvent[]) => {
  const before = prepareEvents(rows);
  return { ...before, ...readGenerations(before) };
};

const CALL = {
  ...{ metric_name: 'ai.calls', metric_value: '1', unit: 'call' },
  generation: hotTextOf({
    ...{ provider: 'p', model: 'm', generation_type: 'chat', status: 'success', idempotency_key: 'k' },
    tokens: { input: '1', output: '0' },
  }),
};

const DEFECTS: readonly [name: string, overrides: Partial<HotEvent>, reason: string, keyed: boolean][] = [
  ['an organisation that is no UUID', { organisation_id: 'nobody' }, 'unreadable_id', false],
  ['a project that is no UUID', { project_id: '' }, 'unreadable_id', false],
  ['an id that is no UUID', { id: 'X' }, 'unreadable_id', false],
  ['a quantity that is none', { metric_value: 'NaN' }, 'unreadable_quantity', true],
  ['a quantity with an exponent', { metric_value: '1e3' }, 'unreadable_quantity', true],
  ['27 digits before the point', { metric_value: '1'.repeat(27) }, 'unreadable_quantity', true],
  ['a receipt before 2000', { ingested_at: Date.UTC(2000, 0, 1) - 1 }, 'unreadable_timestamp', false],
  ['a receipt in 2200', { ingested_at: Date.UTC(2200, 0, 1) }, 'unreadable_timestamp', false],
  ['a receipt that is no instant', { ingested_at: NO_INSTANT }, 'unreadable_timestamp', false],
  ['a timestamp that is no instant', { timestamp: NO_INSTANT }, 'unreadable_timestamp', false],
  ['a timestamp before 1970', { timestamp: -1 }, 'unreadable_timestamp', false],
  ['a generation that is no JSON', { generation: '{' }, 'unreadable_generation', true],
  ['a generation without its fields', { generation: '{}' }, 'unreadable_generation', true],
  ['a generation that is a list of nothing', { generation: '[[]]' }, 'unreadable_generation', true],
  ['a generation that is not one call', { ...CALL, metric_value: '2' }, 'unreadable_generation', true],
  ['a generation of another metric', { ...CALL, metric_name: 'calls' }, 'unreadable_generation', true],
  ['a generation in another unit', { ...CALL, unit: 'piece' }, 'unreadable_generation', true],
  ['metadata that is no JSON', { metadata: '{' }, 'unreadable_metadata', true],
];

test.each(DEFECTS)('%s is quarantined', (_, overrides, reason, keyed) => {
  const event = hotEvent(1, overrides);
  const prepared = prepare([hotEvent(2), event]);
  expect(prepared.good.map(({ seq }) => seq)).toEqual([2]);
  expect(prepared.bad).toMatchObject([{ id: event.id, reason, keyed }]);
  expect(prepared.keyed.some(({ seq }) => seq === 1)).toBe(keyed);
  // The row itself, readable by a person, and an instant that every store can represent.
  const { generation, ...listed } = JSON.parse(prepared.bad[0]?.event ?? '');
  const { generation: sent, ...own } = event;
  expect(listed).toEqual(own);
  expect(generation === null).toBe(sent === null);
  expect(() => new Date(prepared.bad[0]?.received_at ?? Number.NaN).toISOString()).not.toThrow();
});

test('a call in the list of the quarantined is shown by its names, and what is none as the text that it is', () => {
  const shown = (overrides: Partial<HotEvent>) =>
    JSON.parse(prepare([hotEvent(1, overrides)]).bad[0]?.event ?? '').generation;
  expect(shown({ ...CALL, unit: 'piece' })).toEqual({
    ...{ provider: 'p', model: 'm', generation_type: 'chat', status: 'success', idempotency_key: 'k' },
    tokens: {
      input: '1',
      output: '0',
    },
  });
  expect(shown({ generation: '[7' })).toBe('[7');
  expect(shown({ generation: '7' })).toBe('7');
});

test('a row at the limits is good', () => {
  const good = [
    hotEvent(1, { metric_value: `-${'9'.repeat(26)}.${'9'.repeat(12)}` }),
    hotEvent(2, { ingested_at: Date.UTC(2000, 0, 1), timestamp: 0 }),
    hotEvent(3, { ingested_at: Date.UTC(2200, 0, 1) - 1 }),
  ];
  expect(prepare(good)).toMatchObject({ good, bad: [], keyed: good });
  expect(prepare([])).toEqual({ good: [], bad: [], keyed: [], generations: new Map() });
});

test('no clock decides whether a row is plausible', () => {
  expect(isPlausible.length).toBe(1);
  expect([NOW, NOW + 0.5, Number.NaN].map((instant) => isPlausible(instant))).toEqual([true, false, false]);
});

test('the row that owns its key is a replay, and not listed', () => {
  expect(classifyKnown(hotEvent(1), { event_id: uuid(1), fingerprint: 'f' })).toBeNull();
});

test('the same content under a known key is a duplicate, other content a conflict', () => {
  const owner = { event_id: uuid(9), fingerprint: 'f' };
  expect(classifyKnown(hotEvent(1), owner)).toMatchObject({ kind: 'duplicate', first_event_id: uuid(9) });
  expect(classifyKnown(hotEvent(1, { fingerprint: 'g' }), owner)).toMatchObject({ kind: 'conflict' });
});

test('a row with unreadable metadata can still be listed, with the text that it has', () => {
  const known = classifyKnown(hotEvent(1, { metadata: '{' }), { event_id: uuid(9), fingerprint: 'f' });
  expect(JSON.parse(known?.event ?? '')).toMatchObject({ metadata: '{', metric_value: '1' });
});

test('where every key is new nothing is known', () => {
  const { isFresh, known, nDuplicate, nConflict } = classifyEvents([hotEvent(1)], 'all', new Map());
  expect([isFresh({ id: uuid(1) }), known, nDuplicate, nConflict]).toEqual([true, [], 0, 0]);
});

test('fresh, replayed, duplicate and conflicting rows of a batch are told apart', () => {
  const [fresh, replay, duplicate] = [hotEvent(1), hotEvent(2), hotEvent(3)];
  const conflict = hotEvent(4, { fingerprint: 'g' });
  const owners = new Map([
    [keyOf(replay), { event_id: replay.id, fingerprint: 'f' }],
    [keyOf(duplicate), { event_id: uuid(8), fingerprint: 'f' }],
    [keyOf(conflict), { event_id: uuid(9), fingerprint: 'f' }],
  ]);
  const all = [fresh, replay, duplicate, conflict];
  const { isFresh, known, nDuplicate, nConflict } = classifyEvents(all, new Set([fresh.id]), owners);
  expect(all.map(isFresh)).toEqual([true, false, false, false]);
  expect(known.map(({ id, kind }) => [id, kind])).toEqual([
    [duplicate.id, 'duplicate'],
    [conflict.id, 'conflict'],
  ]);
  // A replay counts as a duplicate in the sums of its batch.
  expect([nDuplicate, nConflict]).toEqual([2, 1]);
});

test('a key that is neither new nor in the ledger is a defect', () => {
  expect(() => classifyEvents([hotEvent(1)], new Set(), new Map())).toThrow('neither new nor in the ledger');
});

test('a generation that is one call is good', () => {
  const event = hotEvent(1, CALL);
  const { good, bad, generations } = prepare([event]);
  expect([good, bad, generations.get(event.id)?.model]).toEqual([[event], [], 'm']);
});
