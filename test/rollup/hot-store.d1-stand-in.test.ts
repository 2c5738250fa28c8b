import { expect, test } from 'vitest';
import type { HotDatabase } from '../../src/db/hot.ts';
import { hotReader } from '../../src/rollup/hot-store.ts';
import { openD1StandIn } from '../setup/d1-stand-in.ts';

/** A store with one event for each content; null makes a plain event. */
function storeOf(contents: readonly (string | null)[]): HotDatabase {
  const { hot, sqlite } = openD1StandIn();
  const insert = sqlite.prepare(
    `INSERT INTO usage_events (id, organisation_id, project_id, metric_name, metric_value, unit, timestamp, metadata,
       idempotency_key, fingerprint, ingested_at, generation) VALUES (?1, 'o', 'p', 'm', '1', '', 0, '{}', ?1, 'f', 0, ?2)`,
  );
  contents.forEach((content, index) => void insert.run(`k${index}`, content));
  return hot;
}

const large = (bytes: number): string => `"${'x'.repeat(bytes - 2)}"`;
const MB = 1_000_000;

test.each<[string, (string | null)[], number]>([
  ['plain events, as many as are asked for', new Array(5001).fill(null), 5001],
  ['calls within 8 MB', new Array(8).fill(large(MB)), 8],
  ['calls beyond it end with the one that crosses the bound', new Array(20).fill(large(MB)), 9],
  [
    'plain events after large calls',
    [...new Array(4).fill(large(2 * MB)), null, null, large(2 * MB), null],
    7,
  ],
])('a read of the hot store holds %s', async (_, contents, count) => {
  const rows = await hotReader(storeOf(contents)).read('events', 1, 5001);
  expect(rows.map(({ seq }) => seq)).toEqual(Array.from({ length: count }, (_each, index) => index + 1));
  expect(rows.map(({ generation }) => generation)).toEqual(contents.slice(0, count));
});
