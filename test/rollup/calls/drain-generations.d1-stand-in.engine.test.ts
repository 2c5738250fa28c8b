/** Drains AI calls from the hot store into the books: the row, metered usage, the day's statistics, and repeats. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runRollup } from '../../../src/rollup/run-rollup.ts';
import { verifyBooks } from '../../../src/rollup/verify-books.ts';
import {
  contentOf,
  FULL,
  type GenerationContent,
  hotTextOf,
  sendFill,
  sendGenerations,
} from '../../ai/generations.ts';
import { openSuite, type Suite } from '../../invoicing/ledger-of-suite.ts';

let suite: Suite;

beforeAll(async () => {
  suite = await openSuite('generations');
}, 60_000);
afterAll(() => suite?.close());

const DAY = '2026-09-10T10:00:00Z';
const NOW = '2026-11-21T00:00:00Z';

async function rowsOf(sql: string, ...values: unknown[]): Promise<Record<string, unknown>[]> {
  return (await suite.owner.query({ text: sql, values })).rows;
}

const generationOf = async (id: string): Promise<Record<string, unknown>> => {
  const [row] = await rowsOf('SELECT * FROM ai_generations WHERE id = $1', id);
  if (!row) throw new Error(`no generation ${id}`);
  return row;
};

const meteredOf = async (table: string, organisationId: string): Promise<Record<string, unknown>[]> =>
  await rowsOf(
    `SELECT metric_name, unit, trim_scale(sum(total_value))::text AS total, sum(event_count)::int AS n FROM ${table}
     WHERE organisation_id = $1 GROUP BY 1, 2 ORDER BY 1`,
    organisationId,
  );

const verified = async (): Promise<unknown[]> => verifyBooks(suite.ctx(NOW), { since: null });

describe('a generation that is drained', () => {
  test('is a row with every field, an event of ai.calls and a sum of each quantity at every level', async () => {
    const { organisation_id, projects } = await suite.addOrganisation();
    const [project_id = ''] = projects;
    const [id = ''] = sendGenerations(suite, organisation_id, [
      { project_id, timestamp: DAY, idempotency_key: 'ai:x', content: FULL },
    ]);
    await suite.drain();
    const { tokens: _, duration_ms, ...same } = FULL;
    expect(await generationOf(id)).toMatchObject({
      ...same,
      organisation_id,
      project_id,
      idempotency_key: 'ai:x',
      client_key: 'caller-key',
      duration_ms: String(duration_ms),
      input_tokens: '1000',
      output_tokens: '200',
      cache_read_tokens: '30',
      cache_write_5m_tokens: '4',
      cache_write_1h_tokens: '5',
      reasoning_tokens: '60',
      cost_source: 'reported',
      price_ids: null,
      adjustment_ids: null,
    });
    const quantities = [
      { metric_name: 'ai.cache_read_tokens', unit: 'token', total: '30', n: 1 },
      { metric_name: 'ai.cache_write_tokens', unit: 'token', total: '9', n: 1 },
      { metric_name: 'ai.calls', unit: 'call', total: '1', n: 1 },
      { metric_name: 'ai.cost_usd', unit: 'usd', total: '0.004500000001', n: 1 },
      { metric_name: 'ai.input_tokens', unit: 'token', total: '1000', n: 1 },
      { metric_name: 'ai.output_tokens', unit: 'token', total: '260', n: 1 },
    ];
    for (const table of ['usage_hourly', 'usage_daily', 'usage_aggregates'])
      expect(await meteredOf(table, organisation_id)).toEqual(quantities);
    const counted = 'SELECT metric_name, metric_value, unit FROM counted_events WHERE organisation_id = $1';
    expect(await rowsOf(counted, organisation_id)).toEqual([
      { metric_name: 'ai.calls', metric_value: '1', unit: 'call' },
    ]);
    expect(await rowsOf('SELECT id FROM usage_events WHERE organisation_id = $1', organisation_id)).toEqual(
      [],
    );
    expect(await verified()).toEqual([]);
  });

  test('without a cost is unpriced and meters none; kinds that are zero are no usage', async () => {
    const { organisation_id, projects } = await suite.addOrganisation();
    const [project_id = ''] = projects;
    const [id = ''] = sendGenerations(suite, organisation_id, [
      { project_id, timestamp: DAY, content: { tokens: { input: '7', output: '0' } } },
    ]);
    await suite.drain();
    expect(await generationOf(id)).toMatchObject({
      cost_usd: null,
      cost_source: 'unpriced',
      client_key: null,
    });
    const metrics = (await meteredOf('usage_daily', organisation_id)).map(({ metric_name }) => metric_name);
    expect(metrics).toEqual(['ai.calls', 'ai.input_tokens']);
  });

  test('adds to the statistics of its user, day, type and model, whatever its status, and only once', async () => {
    const { organisation_id, projects } = await suite.addOrganisation({ timezone: 'Asia/Kolkata' });
    const [project_id = ''] = projects;
    const send = (key: string, content: GenerationContent, timestamp = DAY) =>
      sendGenerations(suite, organisation_id, [
        { project_id, timestamp, content: { idempotency_key: key, ...content } },
      ]);
    send('1', { user_id: 'u', duration_ms: 100, cost_usd: '0.1' });
    send('2', { user_id: 'u', status: 'timeout', cost_usd: '0.2', tokens: { input: '1', output: '0' } });
    await suite.drain();
    send('3', { user_id: 'u', duration_ms: 301 });
    send('4', {});
    // After 18:30 UTC it is the next day in the organisation's time zone.
    send('5', { user_id: 'u' }, '2026-09-10T19:00:00Z');
    await suite.drain();
    const rows = await rowsOf(
      `SELECT day::text, user_id, total_requests::int AS n, success_requests::int AS good, failed_requests::int AS bad,
         input_tokens, output_tokens, cost_usd, duration_ms_sum, duration_count::int AS timed
       FROM ai_statistics_daily WHERE organisation_id = $1 ORDER BY user_id, day`,
      organisation_id,
    );
    expect(rows).toMatchObject([
      {
        day: '2026-09-10',
        user_id: '',
        n: 1,
        good: 1,
        bad: 0,
        cost_usd: '0',
        duration_ms_sum: '0',
        timed: 0,
      },
      {
        ...{
          day: '2026-09-10',
          user_id: 'u',
          n: 3,
          good: 2,
          bad: 1,
          input_tokens: '2001',
          output_tokens: '400',
        },
        ...{ cost_usd: '0.3', duration_ms_sum: '401', timed: 2 },
      },
      { day: '2026-09-11', user_id: 'u', n: 1 },
    ]);
    expect(await verified()).toEqual([]);
  });

  test('keeps no payload where the organisation stores none, nor does what is listed of it', async () => {
    const { organisation_id, projects } = await suite.addOrganisation();
    await suite.owner.query('UPDATE organisations SET store_ai_payloads = false WHERE id = $1', [
      organisation_id,
    ]);
    const [project_id = ''] = projects;
    const sent = { project_id, timestamp: DAY, idempotency_key: 'ai:silent', content: FULL };
    const [id = ''] = sendGenerations(suite, organisation_id, [sent]);
    const content = { ...FULL, request_data: 'secret' };
    sendFill(suite, { ...sent, organisation_id, first_event_id: id, content, received_at: DAY });
    await suite.drain();
    const row = await generationOf(id);
    for (const name of ['input_summary', 'output_summary', 'request_data', 'response_data'])
      expect([name, row[name]]).toEqual([name, null]);
    expect(row['scene_description']).toBe('a chat');
    const [listed] = await rowsOf('SELECT event FROM event_conflicts WHERE first_event_id = $1', id);
    expect(listed).toMatchObject({ event: { generation: { session_id: 's1' } } });
    expect(JSON.stringify(listed)).not.toMatch(/secret|hi|öut/);
  });

  const BROKEN: readonly [name: string, text: string][] = [
    ['no JSON', '{'],
    ['a list', '[]'],
    ['no tokens', hotTextOf({ ...contentOf(), tokens: undefined })],
    ['no count of output', '[["p","m","chat","1"]]'],
    ['tokens below zero', hotTextOf(contentOf({ tokens: { input: '-1', output: '0' } }))],
    ['half a token', hotTextOf(contentOf({ tokens: { input: '0.5', output: '0' } }))],
    ['a status that is none', hotTextOf(contentOf({ status: 'fine' }))],
    ['a cost below zero', hotTextOf(contentOf({ cost_usd: '-1' }))],
    ['a model that is a number', hotTextOf(contentOf({ model: 4 }))],
    ['a model that is a number, by names', JSON.stringify(contentOf({ model: 4 }))],
  ];

  test.each(BROKEN)('with %s is quarantined whole, and the rest is counted', async (_, text) => {
    const { organisation_id, projects } = await suite.addOrganisation();
    const [project_id = ''] = projects;
    const sent = [{ text }, { content: { idempotency_key: 'good' } }].map((each) => ({
      ...each,
      project_id,
      timestamp: DAY,
    }));
    const [bad = '', good = ''] = sendGenerations(suite, organisation_id, sent);
    const { shards, openLedger } = suite.ctx(NOW);
    const input = { shards, openLedger, now: Date.parse(NOW), hasTime: () => true };
    expect(await runRollup(input)).toMatchObject({ n_counted: 1, n_quarantined: 1 });
    const [row] = await rowsOf('SELECT reason, keyed, event FROM event_quarantine WHERE id = $1', bad);
    expect(row).toMatchObject({ reason: 'unreadable_generation', keyed: true });
    expect(JSON.parse(String(row?.['event']))).toMatchObject({ generation: expect.anything() });
    expect(await rowsOf('SELECT id FROM ai_generations WHERE organisation_id = $1', organisation_id)).toEqual(
      [{ id: good }],
    );
    expect(await verified()).toEqual([]);
  });
});

describe('a call that comes again', () => {
  const FIRST: GenerationContent = { response_id: 'msg_1', session_id: 'first', cost_usd: '1' };
  const AGAIN: GenerationContent = {
    response_id: 'msg_1',
    session_id: 'second',
    sku: 'pro',
    response_data: { text: 'ok' },
    cost_usd: '5',
    user_id: 'late',
    duration_ms: 9,
    tokens: { input: '9', output: '9' },
  };
  const FILLED = { session_id: 'first', sku: 'pro', response_data: { text: 'ok' } };
  const COUNTED = { cost_usd: '1.000000000000', input_tokens: '1000', user_id: 'late', duration_ms: '9' };

  const ORDERS: readonly [name: string, first: 'event' | 'fill'][] = [
    ['after its first', 'event'],
    ['before its first', 'fill'],
  ];

  test.each(ORDERS)('drained %s fills what is empty and changes nothing counted', async (_, first) => {
    const { organisation_id, projects } = await suite.addOrganisation();
    const [project_id = ''] = projects;
    const sent = { project_id, timestamp: DAY, idempotency_key: `ai:${first}`, content: FIRST };
    const [id = ''] = sendGenerations(suite, organisation_id, [sent]);
    const [event] = suite.sqlite.prepare('SELECT * FROM usage_events WHERE id = ?').all(id);
    if (!event) throw new Error('no event was sent');
    if (first === 'fill') suite.sqlite.prepare('DELETE FROM usage_events WHERE id = ?').run(id);
    else await suite.drain();
    const fill = { ...sent, organisation_id, first_event_id: id };
    sendFill(suite, { ...fill, content: AGAIN, received_at: '2026-09-11T00:00:00Z' });
    const third = { ...AGAIN, sku: 'other', user_agent: 'x' };
    sendFill(suite, { ...fill, content: third, received_at: '2026-09-12T00:00:00Z' });
    await suite.drain();
    if (first === 'fill') {
      const names = Object.keys(event);
      suite.sqlite
        .prepare(`INSERT INTO usage_events (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`)
        .run(...Object.values(event));
      await suite.drain();
    }
    expect(await generationOf(id)).toMatchObject({ ...FILLED, ...COUNTED, user_agent: 'x' });
    const statistics = await rowsOf(
      `SELECT user_id, total_requests::int AS n, cost_usd AS cost, duration_ms_sum AS ms, duration_count::int AS timed
       FROM ai_statistics_daily WHERE organisation_id = $1`,
      organisation_id,
    );
    expect(statistics).toEqual([{ user_id: 'late', n: 1, cost: '1', ms: '9', timed: 1 }]);
    expect(await rowsOf('SELECT user_id FROM counted_events WHERE id = $1', id)).toEqual([
      { user_id: 'late' },
    ]);
    const listed = await rowsOf('SELECT kind FROM event_conflicts WHERE first_event_id = $1', id);
    expect(listed).toEqual([{ kind: 'fill' }, { kind: 'fill' }]);
    expect(await verified()).toEqual([]);
  });

  test('under the key of a repetition that the hot store took for the first fills the call that owns the key', async () => {
    const { organisation_id, projects } = await suite.addOrganisation();
    const [project_id = ''] = projects;
    const sent = { project_id, timestamp: DAY, idempotency_key: 'ai:owner', content: FIRST };
    const [id = ''] = sendGenerations(suite, organisation_id, [sent]);
    await suite.drain();
    const fill = { ...sent, organisation_id, first_event_id: '00000000-0000-7000-8000-0000000000aa' };
    sendFill(suite, { ...fill, content: AGAIN, received_at: '2026-09-11T00:00:00Z' });
    await suite.drain();
    expect(await generationOf(id)).toMatchObject({ ...FILLED, ...COUNTED });
  });

  test('after the hot store has forgotten the first is a duplicate that fills, counted once', async () => {
    const { organisation_id, projects } = await suite.addOrganisation();
    const [project_id = ''] = projects;
    const sent = { project_id, timestamp: DAY, idempotency_key: 'ai:old', fingerprint: 'same' };
    const [id = ''] = sendGenerations(suite, organisation_id, [{ ...sent, content: FIRST }]);
    await suite.drain();
    suite.sqlite.prepare(`UPDATE usage_events SET idempotency_key = 'purged' WHERE id = ?`).run(id);
    const [again = ''] = sendGenerations(suite, organisation_id, [{ ...sent, content: AGAIN }]);
    await suite.drain();
    expect(await generationOf(id)).toMatchObject({ ...FILLED, ...COUNTED });
    expect(await rowsOf('SELECT kind, event FROM event_conflicts WHERE id = $1', again)).toMatchObject([
      { kind: 'duplicate', event: { generation: { sku: 'pro' } } },
    ]);
    expect(await rowsOf('SELECT 1 FROM ai_generations WHERE id = $1', again)).toEqual([]);
    expect(await verified()).toEqual([]);
  });
});
