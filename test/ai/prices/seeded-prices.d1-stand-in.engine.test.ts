/** The price book of a migrated ledger: the costs of calls of every seeded model match the oracle. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listBookPrices } from '../../../src/ai/prices/book-store.ts';
import { PLATFORM } from '../../../src/db/ledger.ts';
import { openSuite, type Suite } from '../../invoicing/ledger-of-suite.ts';
import { readSeededModels } from './price-oracle.ts';
import { compareBook } from './seeded-prices.ts';

let suite: Suite;
beforeAll(async () => {
  suite = await openSuite('seeded');
}, 60_000);
afterAll(() => suite?.close());

test('every model of the ledger costs what the seed says, read by the names that calls have', async () => {
  const models = readSeededModels();
  const { ledger } = suite.ctx('2026-11-21T00:00:00Z');
  const prices = await ledger.transaction(PLATFORM, (tx) => listBookPrices(tx, [], models));
  expect(prices).toHaveLength(models.flatMap(({ rows }) => rows).length);
  const { differences, untried } = compareBook(prices, 0xb00c);
  expect(differences).toEqual([]);
  expect(untried).toEqual([]);
});
