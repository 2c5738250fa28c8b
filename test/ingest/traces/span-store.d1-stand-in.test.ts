/** The cost of the statements for traced calls: each finds its rows by an index, regardless of the store's size. */
import { expect, test } from 'vitest';
import type { StampedEvent } from '../../../src/ingest/accept-events.ts';
import { hotWriter } from '../../../src/ingest/store.ts';
import { findMarked, linkPlaces } from '../../../src/ingest/traces/span-store.ts';
import { purgeMarks } from '../../../src/rollup/hot-store.ts';
import { openD1StandIn } from '../../setup/d1-stand-in.ts';
import { sorted } from './calls.ts';
import { spanOf } from './spans.ts';

const stamped = (count: number): StampedEvent[] => {
  const root = spanOf({ attributes: { 'gen_ai.operation.name': 'invoke_agent' } });
  const calls = Array.from({ length: count }, () => spanOf({ trace: root.trace, parent: root.id }));
  return sorted(calls).events.map((event, index) => ({
    id: `e${index}`,
    fingerprint: event.generation?.fingerprint ?? '',
    event,
    timestamp: 0,
  }));
};

const request = (events: readonly StampedEvent[], received_at = 0) => ({
  organisation_id: 'o',
  project_id: 'p',
  events,
  received_at,
});

test('no statement scans events or marks', async () => {
  const { hot, sqlite, texts } = openD1StandIn();
  await hotWriter(hot).insertEvents([request(stamped(3))]);
  await findMarked(hot, 'p', [['a']]);
  await linkPlaces(hot, 'p', [{ place: 'a', above: 'b' }], 0);
  expect(texts).toHaveLength(10);
  let searched = 0;
  for (const text of texts) {
    const plan = sqlite
      .prepare(`EXPLAIN QUERY PLAN ${text}`)
      .all()
      .map(({ detail }) => String(detail));
    const touched = plan.filter((detail) => /\b(usage_events|span_marks|held|found|link)\b/.test(detail));
    searched += touched.length;
    for (const detail of touched) expect(detail).toMatch(/^SEARCH .* USING (COVERING )?INDEX .*=\?/);
  }
  expect(searched).toBeGreaterThan(10);
});

test('a call costs one row and its key, and a mark below and one above, which its siblings share', async () => {
  const { hot, sqlite } = openD1StandIn();
  await hotWriter(hot).insertEvents([request(stamped(10))]);
  const count = (table: string): unknown => sqlite.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n'];
  expect([count('usage_events'), count('span_marks')]).toEqual([10, 11]);
});

test('marks go when they are older than the retention, and no younger one goes', async () => {
  const { hot, sqlite } = openD1StandIn();
  const [old, young] = [stamped(2), stamped(3)];
  await hotWriter(hot).insertEvents([request(old, 1000)]);
  await hotWriter(hot).insertEvents([
    request(
      young.map((each) => ({ ...each, id: `y${each.id}` })),
      2000,
    ),
  ]);
  const ages = (): unknown[] =>
    sqlite
      .prepare('SELECT DISTINCT received_at FROM span_marks')
      .all()
      .map((row) => row['received_at']);
  expect(await purgeMarks(hot, 1000)).toBe(false);
  expect(ages()).toEqual([1000, 2000]);
  await purgeMarks(hot, 2000);
  expect(ages()).toEqual([2000]);
  await purgeMarks(hot, 5000);
  expect(ages()).toEqual([]);
});

test('of many old marks each round takes the first, until none is left', async () => {
  const { hot, sqlite } = openD1StandIn();
  sqlite.exec(`INSERT INTO span_marks (project_id, mark, received_at)
    WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 25000) SELECT 'p', 'm' || i, i FROM n`);
  const rounds = [];
  for (let more = true; more; ) {
    more = await purgeMarks(hot, 24_001);
    rounds.push(more);
  }
  expect(rounds).toEqual([true, true, false]);
  expect(sqlite.prepare('SELECT count(*) AS n FROM span_marks').get()).toEqual({ n: 1000 });
});
