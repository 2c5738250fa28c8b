/** Call costs, from the drain to the response, against a count of the sent calls. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LEDGER_MIGRATIONS } from '../../../src/platform/local/paths.ts';
import type { CallFilter } from '../../../src/reports/ai/call-filter.ts';
import { GROUPINGS, type Grouping } from '../../../src/reports/ai/call-group.ts';
import { listSpend, type SpendInput } from '../../../src/reports/ai/list-spend.ts';
import { verifyBooks } from '../../../src/rollup/verify-books.ts';
import { sendGenerations } from '../../ai/generations.ts';
import { openSuite, type Suite } from '../../invoicing/ledger-of-suite.ts';
import { cases } from '../../pricing/plans/cases.ts';
import { callArbitrary, dayIn, type SentCall, sumsOf } from './sent-calls.ts';

const NOW = '2026-11-21T00:00:00Z';
const ZONES = ['America/New_York', 'Asia/Kolkata'];
const CALLS = 600;

let suite: Suite;
let sent: SentCall[];

beforeAll(async () => {
  suite = await openSuite('spend');
  const organisations = await Promise.all(ZONES.map((timezone) => suite.addOrganisation({ timezone })));
  sent = fc.sample(callArbitrary, cases(CALLS)).map(({ at, organisation, project, content }, index) => ({
    organisation_id: organisations[organisation]?.organisation_id ?? '',
    project_id: organisations[organisation]?.projects[project] ?? '',
    zone: ZONES[organisation] ?? '',
    timestamp: new Date(at).toISOString(),
    content: { ...content, idempotency_key: `call ${index}` },
  }));
  for (const { organisation_id } of organisations)
    sendGenerations(
      suite,
      organisation_id,
      sent.filter((call) => call.organisation_id === organisation_id),
    );
  await suite.drain();
}, 60_000);
afterAll(() => suite?.close());

const FIELDS = ['user_id', 'provider', 'model', 'generation_type', 'application_id'] as const;

function isMeant(call: SentCall, filter: CallFilter): boolean {
  const { from, to, organisation_id, project_id } = filter;
  const placeFor = (bound: string): string =>
    bound.length === 10 ? dayIn(call.zone, call.timestamp) : call.timestamp;
  return (
    (organisation_id === undefined || call.organisation_id === organisation_id) &&
    (project_id === undefined || call.project_id === project_id) &&
    FIELDS.every((name) => filter[name] === undefined || call.content[name] === filter[name]) &&
    (from === undefined || placeFor(from) >= from) &&
    (to === undefined || placeFor(to) < to)
  );
}

const NAME: Readonly<Record<Grouping, (call: SentCall) => string | null>> = {
  type: ({ content }) => content.generation_type,
  model: ({ content }) => `${content.provider}/${content.model}`,
  user: ({ content }) => content.user_id ?? null,
  project: ({ project_id }) => project_id,
  application: ({ content }) => content.application_id ?? null,
  day: ({ zone, timestamp }) => dayIn(zone, timestamp),
};

/** The migration that fills in `cost_count`, found by its content. */
function backFill(): string {
  const texts = readdirSync(LEDGER_MIGRATIONS)
    .filter((name) => name.endsWith('.sql'))
    .map((name) => readFileSync(join(LEDGER_MIGRATIONS, name), 'utf8'));
  const found = texts.filter((text) => text.includes('SET cost_count = g.cost_count'));
  expect(found).toHaveLength(1);
  return found.join();
}

/** All pages of the given size, and the total of the first. */
async function allOf(input: SpendInput, limit: number) {
  const data: { group: string | null; total_cost: string }[] = [];
  let after: string | null = null;
  for (;;) {
    const page = await listSpend(suite.ctx(NOW), input, { limit, after });
    data.push(...page.data);
    after = page.nextAfter;
    if (after === null) return { data, total: page.total };
  }
}

const bound = fc.oneof(
  fc.constantFrom('2026-10-29', '2026-10-31', '2026-11-01', '2026-11-02', '2026-11-06'),
  fc.constantFrom('2026-10-31T18:30:00.000Z', '2026-11-01T04:00:00.000Z', '2026-11-01T05:30:00.000Z'),
);
const one = <T>(...values: T[]) => fc.option(fc.constantFrom(...values), { nil: undefined, freq: 2 });

test('every answer, from the days or from the calls, is the sum of what was sent, to the last digit', async () => {
  const ids = [...new Set(sent.map((call) => call.organisation_id))];
  const projects = [...new Set(sent.map((call) => call.project_id))];
  const question = fc.record({
    grouping: fc.constantFrom(...GROUPINGS),
    limit: fc.constantFrom(1, 2, 1000),
    filter: fc.record({
      organisation_id: one(...ids),
      project_id: one(...projects),
      user_id: one('u1', 'ü3', '', 'nobody'),
      provider: one('acme'),
      model: one('m1', '__proto__'),
      generation_type: one('chat', 'a\\b'),
      application_id: one('[]'),
      from: fc.option(bound, { nil: undefined }).map((from) => from ?? '2026-10-29'),
      to: fc.option(bound, { nil: undefined }),
    }),
  });
  await fc.assert(
    fc.asyncProperty(question, async ({ grouping, filter, limit }) => {
      const meant = sent.filter((call) => isMeant(call, filter));
      const groups = Map.groupBy(meant, NAME[grouping]);
      const { data, total } = await allOf({ grouping, filter }, limit);
      expect(total).toEqual(sumsOf(meant));
      expect(new Map(data.map((row) => [row.group, row]))).toEqual(
        new Map([...groups].map(([name, calls]) => [name, expect.objectContaining(sumsOf(calls))])),
      );
      expect(data).toHaveLength(groups.size);
      if (grouping === 'day') {
        expect(data.map((row) => row.group)).toEqual([...groups.keys()].sort());
      } else {
        const units = data.map(({ total_cost }) => {
          const [integer = '', decimals = ''] = total_cost.split('.');
          return BigInt(integer + decimals.padEnd(12, '0'));
        });
        expect(units).toEqual(units.toSorted((a, b) => (a === b ? 0 : a < b ? 1 : -1)));
      }
    }),
    cases(150),
  );
}, 120_000);

describe('the answer from the days and the answer from the calls are one', () => {
  test.each(['type', 'model', 'user', 'day'] as const)('by %s', async (grouping) => {
    const [first] = sent;
    const organisation_id = first?.organisation_id;
    const days = { organisation_id, from: '2026-10-01', to: '2026-12-01' };
    const fromDays = await allOf({ grouping, filter: days }, 1000);
    // Instants that select the same calls: no call is near them.
    const instants = { organisation_id, from: '2026-10-01T00:00:00.000Z', to: '2026-12-01T00:00:00.000Z' };
    const fromCalls = await allOf({ grouping, filter: instants }, 1000);
    expect(fromDays.data.length).toBeGreaterThan(1);
    expect(fromCalls).toEqual(fromDays);
  });
});

test("without `from` it is the month so far of the organisation's zone; over all, that of UTC by each one's days", async () => {
  for (const [index, zone] of ZONES.entries()) {
    const organisation_id = sent.find((call) => call.zone === zone)?.organisation_id;
    // The same instant, just before and after midnight in New York.
    for (const [now, month] of [
      ['2026-11-01T03:59:59.999Z', index === 0 ? '2026-10' : '2026-11'],
      ['2026-11-01T04:00:00Z', '2026-11'],
    ] as const) {
      const meant = sent.filter((call) => call.zone === zone && dayIn(zone, call.timestamp) >= `${month}-01`);
      const { total } = await listSpend(
        suite.ctx(now),
        { grouping: 'type', filter: { organisation_id } },
        { limit: 1, after: null },
      );
      expect([zone, now, total]).toEqual([zone, now, sumsOf(meant)]);
    }
  }
  const { total } = await listSpend(
    suite.ctx('2026-11-01T00:00:00Z'),
    { grouping: 'type', filter: {} },
    { limit: 1, after: null },
  );
  expect(total).toEqual(sumsOf(sent.filter((call) => dayIn(call.zone, call.timestamp) >= '2026-11-01')));
});

test('nothing sent is a total of nothing, without an average', async () => {
  const { organisation_id } = await suite.addOrganisation();
  for (const grouping of GROUPINGS) {
    const { data, total } = await allOf({ grouping, filter: { organisation_id } }, 10);
    expect(data).toEqual([]);
    expect(total).toEqual(sumsOf([]));
  }
});

test('the number of calls that have a cost is filled in for days kept before it was, and agrees with the calls', async () => {
  expect(await verifyBooks(suite.ctx(NOW), { since: null })).toEqual([]);
  await suite.owner.query('UPDATE ai_statistics_daily SET cost_count = 0');
  const found = await verifyBooks(suite.ctx(NOW), { since: null });
  expect(new Set(found.map(({ check }) => check))).toEqual(new Set(['statistics']));
  await suite.owner.query(backFill());
  expect(await verifyBooks(suite.ctx(NOW), { since: null })).toEqual([]);
});
