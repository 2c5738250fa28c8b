/** The real thing beside the simulation: processes are killed while two drains overlap, and the sums are exact. */
import { test } from 'vitest';
import { expectKillsSurvived } from '../shortened.ts';

test('kill -9 of Postgres and of workerd over 4,000 events, each once, lose and double nothing', () =>
  expectKillsSurvived({ rounds: 2, events: 4_000 }));
