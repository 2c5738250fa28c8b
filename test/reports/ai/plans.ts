/** An index serves every report on calls: the plans of the product's own statements, on a loaded ledger. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PageInput } from '../../../src/core/page.ts';
import type { Ctx } from '../../../src/db/ctx.ts';
import { type Ledger, type LedgerTransaction, PLATFORM } from '../../../src/db/ledger.ts';
import type { CallFilter } from '../../../src/reports/ai/call-filter.ts';
import { GROUPINGS } from '../../../src/reports/ai/call-group.ts';
import { getGeneration } from '../../../src/reports/ai/get-generation.ts';
import { listFailures } from '../../../src/reports/ai/list-failures.ts';
import { listGenerations } from '../../../src/reports/ai/list-generations.ts';
import { listLatency } from '../../../src/reports/ai/list-latency.ts';
import { listSpend } from '../../../src/reports/ai/list-spend.ts';
import { listStatistics } from '../../../src/reports/ai/list-statistics.ts';
import { projectSpend } from '../../../src/reports/ai/project-spend.ts';
import { openSuite, type Suite } from '../../invoicing/ledger-of-suite.ts';
import { loadCalls } from './many-calls.ts';

const NOW = '2026-11-21T15:00:00Z';
const ORGANISATIONS = 40;

let suite: Suite;
let organisation_id: string;
let callId: string;

async function load(calls: number): Promise<void> {
  suite = await openSuite('plans');
  const made = await Promise.all(Array.from({ length: ORGANISATIONS }, () => suite.addOrganisation()));
  const [first] = made;
  if (!first) throw new Error('no organisation');
  organisation_id = first.organisation_id;
  await loadCalls(suite.owner, {
    organisation_ids: made.map((each) => each.organisation_id),
    project_ids: made.map(({ projects: [project = ''] }) => project),
    users: 100,
    calls,
    from: '2026-06-01T00:00:00Z',
    to: '2026-11-21T00:00:00Z',
    payloadBytes: 500,
  });
  const { rows } = await suite.owner.query(
    'SELECT id FROM ai_generations WHERE organisation_id = $1 LIMIT 1',
    [organisation_id],
  );
  callId = rows[0].id;
}

interface Explained {
  readonly text: string;
  readonly plan: string;
}

/** A context whose ledger explains each statement before running it, under its transaction's role and policies. */
function explaining(): { ctx: Ctx; explained: Explained[] } {
  const explained: Explained[] = [];
  const ctx = suite.ctx(NOW);
  const watched = (tx: LedgerTransaction): LedgerTransaction => ({
    ...tx,
    async query<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]> {
      const rows = await tx.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`, values);
      explained.push({ text, plan: rows.map((row) => row['QUERY PLAN']).join('\n') });
      return await tx.query<Row>(text, values);
    },
  });
  const ledger: Ledger = {
    ...ctx.ledger,
    transaction: (reach, work) => ctx.ledger.transaction(reach, (tx) => work(watched(tx))),
  };
  return { ctx: { ...ctx, ledger }, explained };
}

const PAGE: PageInput = { limit: 50, after: null };
const LAST_30_DAYS = { from: '2026-10-23', to: '2026-11-22' };
const USER = { user_id: 'user 7' };

type Ask = (ctx: Ctx, scope: CallFilter) => Promise<unknown>;
const spend =
  (grouping: (typeof GROUPINGS)[number], fields: CallFilter = {}): Ask =>
  (ctx, scope) =>
    listSpend(ctx, { filter: { ...scope, ...fields }, grouping }, PAGE);
const calls =
  (fields: CallFilter, page = PAGE): Ask =>
  (ctx, scope) =>
    listGenerations(ctx, { ...scope, ...fields }, page);

const QUESTIONS: readonly (readonly [string, Ask])[] = [
  ["a user's spend of the month", (ctx, scope) => projectSpend(ctx, { ...scope, ...USER })],
  ["a user's spend by type", spend('type', USER)],
  ["a user's daily trend of 30 days", spend('day', { ...USER, ...LAST_30_DAYS })],
  ['the projection of the month', (ctx, scope) => projectSpend(ctx, scope)],
  ["a user's recent calls", calls(USER)],
  ['statistics by scene', spend('type', LAST_30_DAYS)],
  ["a user's days", (ctx, scope) => listStatistics(ctx, { ...scope, ...USER }, PAGE)],
  ['the days of all users', (ctx, scope) => listStatistics(ctx, scope, PAGE)],
  ['the newest calls', calls({})],
  ['the newest calls of a kind', calls({ model: 'model-3', generation_type: 'type-2' })],
  ['the newest calls that failed', calls({ status: 'failed' })],
  ['the calls of a span', calls({ from: '2026-08-01T00:00:00Z', to: '2026-08-02T00:00:00Z' })],
  [
    'a later page of calls',
    calls(
      {},
      { limit: 50, after: `["2026-09-01 10:00:00+00","${'0'.repeat(8)}-0000-7000-8000-000000000000"]` },
    ),
  ],
  ['a call', (ctx, scope) => getGeneration(ctx, { ...scope, id: callId })],
  ...GROUPINGS.map((grouping) => [`spend by ${grouping}`, spend(grouping)] as const),
  ...GROUPINGS.map(
    (grouping) =>
      [`spend by ${grouping} from an instant on`, spend(grouping, { from: '2026-11-14T12:00:00Z' })] as const,
  ),
  ['errors', (ctx, scope) => listFailures(ctx, scope, PAGE)],
  [
    "a user's errors since an instant",
    (ctx, scope) => listFailures(ctx, { ...scope, ...USER, from: '2026-11-14T12:00:00Z' }, PAGE),
  ],
  ...GROUPINGS.map(
    (grouping) =>
      [
        `latency by ${grouping}`,
        (ctx: Ctx, scope: CallFilter) => listLatency(ctx, { filter: scope, grouping }, PAGE),
      ] as const,
  ),
];

const SCANNED = /Seq Scan on (ai_generations|ai_statistics_daily)\w*/;

/** The tests of a suite, on a ledger with this many calls. */
export function describePlans(calls: number): void {
  beforeAll(() => load(calls));
  afterAll(() => suite?.close());

  describe.each<[string, () => CallFilter]>([
    ['of one organisation', () => ({ organisation_id })],
    ['of all organisations', () => ({})],
  ])('no answer %s reads a table of calls from end to end', (_, scope) => {
    test.each(QUESTIONS)('%s', async (__, ask) => {
      const { ctx, explained } = explaining();
      await ask(ctx, scope());
      const plans = explained.filter(({ text }) => /ai_generations|ai_statistics_daily/.test(text));
      expect(plans.length).toBeGreaterThan(0);
      for (const { plan } of plans) {
        expect(SCANNED.exec(plan)?.[0], plan).toBeUndefined();
        expect(plan).toMatch(/Index (Only )?Scan/);
      }
    });
  });

  test('a question that no index serves is seen', async () => {
    const { ctx, explained } = explaining();
    await ctx.ledger.transaction(PLATFORM, (tx) =>
      tx.query('SELECT count(*) FROM ai_generations WHERE duration_ms = 7'),
    );
    expect(explained[0]?.plan).toMatch(SCANNED);
  });
}
