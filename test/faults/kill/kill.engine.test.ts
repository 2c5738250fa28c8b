/** Besides the simulation, real processes: they are killed while two drains overlap, and the sums stay exact. */
import { test } from 'vitest';
import { expectKillsSurvived } from '../shortened.ts';

test('kill -9 of Postgres and of workerd over 4,000 events, each once, lose and double nothing', () =>
  expectKillsSurvived({ rounds: 2, events: 4_000 }));
