/** Queries of AI calls over HTTP: lists, pages, single calls and CSV. */
import { beforeAll, describe, expect, test } from 'vitest';
import { api } from '../setup/client.ts';
import { randomUUID } from '../setup/seeded.ts';
import type { Json, Tenant } from '../setup/world.ts';
import { type Answer, ask, type EventFields, generationOf, problemOf, UNKNOWN_ID, world } from './wire.ts';

let own: Tenant;
let other: Tenant;
const AT = (minute: number): string => new Date(Date.now() - 3_600_000 + minute * 60_000).toISOString();

async function record(tenant: Tenant, ...calls: EventFields[]): Promise<string[]> {
  const { status, body } = await world.post(
    '/v1/ai/generations',
    { generations: calls.map((call) => generationOf(call)) },
    tenant.key,
  );
  expect(status, JSON.stringify(body)).toBe(202);
  await world.job('rollup');
  return body.results.map(({ id }: { id: string }) => id);
}

const get = (path: string): Promise<Answer> => ask(`/v1/admin/ai/${path}`);
const idsOf = ({ body }: Answer): string[] => body.data.map(({ id }: { id: string }) => id);

/** The ids of all pages of a list. */
async function idsOfAll(path: string, limit: number, between?: () => Promise<void>): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor = ''; ; ) {
    const answer = await get(`${path}&limit=${limit}${cursor}`);
    ids.push(...idsOf(answer));
    if (answer.body.next_cursor === null) return ids;
    cursor = `&cursor=${answer.body.next_cursor}`;
    await between?.();
  }
}

beforeAll(async () => {
  [own, other] = [await world.tenant(), await world.tenant()];
});

const FULL = {
  provider: 'openai',
  model: 'gpt-of-the-tests',
  generation_type: 'summary',
  scene_description: '=1+1',
  user_id: 'ann',
  session_id: 's1',
  application_id: 'app',
  sku: 'pro',
  request_id: 'req_1',
  response_id: 'msg_1',
  status: 'failed',
  error_code: 'overloaded',
  error_message: '@said "no",\nthen',
  duration_ms: 1234,
  service_tier: 'batch',
  tokens: {
    input: 1000,
    output: 200,
    cache_read: 30,
    cache_write_5m: 4,
    cache_write_1h: 5,
    reasoning: 60,
    convention: 'disjoint',
  },
  cost_usd: '0.004500000001',
  input_summary: 'in',
  output_summary: 'out',
  request_data: { messages: ['hi'] },
  response_data: [null, 1.5],
  ip_address: '192.0.2.1',
  user_agent: 'curl',
};

describe('a call', () => {
  test('is listed with all its columns and the sums of its tokens, and read alone with its payloads', async () => {
    const tenant = await world.tenant();
    const occurred_at = AT(0);
    const [id] = await record(tenant, { ...FULL, occurred_at, idempotency_key: 'mine' });
    const { body } = await get(`generations?organisation_id=${tenant.organisation_id}`);
    const { tokens: _, request_data, response_data, ...told } = FULL;
    expect(body.data).toEqual([
      {
        ...told,
        id,
        organisation_id: tenant.organisation_id,
        project_id: tenant.project_id,
        idempotency_key: expect.any(String),
        client_key: 'mine',
        scene: 'summary',
        input_tokens: 1000,
        output_tokens: 200,
        cache_read_tokens: 30,
        cache_write_5m_tokens: 4,
        cache_write_1h_tokens: 5,
        reasoning_tokens: 60,
        prompt_tokens: 1039,
        completion_tokens: 260,
        total_tokens: 1299,
        cost_source: 'reported',
        price_ids: null,
        occurred_at,
        ingested_at: expect.any(String),
        day: occurred_at.slice(0, 10),
        archive_id: null,
      },
    ]);
    const single = await get(`generations/${id}?organisation_id=${tenant.organisation_id}`);
    expect(single.body).toEqual({ ...body.data[0], request_data, response_data });
    expect((await get(`generations/${id}`)).body).toEqual(single.body);
  });

  test('has no payloads where its organisation keeps none, and null for what nobody said', async () => {
    const tenant = await world.tenant({ store_ai_payloads: false });
    const [id] = await record(tenant, {
      model: 'of-no-book',
      request_data: 'secret',
      input_summary: 'secret',
    });
    const { body } = await get(`generations/${id}`);
    expect(body).toMatchObject({
      request_data: null,
      response_data: null,
      input_summary: null,
      user_id: null,
    });
    expect(body).toMatchObject({
      cost_usd: null,
      cost_source: 'unpriced',
      price_ids: null,
      duration_ms: null,
    });
  });

  test('names its prices where the book made its cost', async () => {
    const [id] = await record(own, { model: 'claude-sonnet-4-5', tokens: { input: 740, output: 255 } });
    const { body } = await get(`generations/${id}`);
    expect(body).toMatchObject({ cost_usd: '0.006045', cost_source: 'priced' });
    expect(body.price_ids).toHaveLength(2);
  });

  test('of another organisation answers like one that nobody sent', async () => {
    const [id] = await record(other, {});
    const foreign = await get(`generations/${id}?organisation_id=${own.organisation_id}`);
    const unknown = await get(`generations/${UNKNOWN_ID}?organisation_id=${own.organisation_id}`);
    problemOf(foreign, 404);
    expect({ ...foreign.body, request_id: '' }).toEqual({ ...unknown.body, request_id: '' });
    expect(idsOf(await get(`generations?organisation_id=${own.organisation_id}&limit=1000`))).not.toContain(
      id,
    );
  });
});

describe('the list of calls', () => {
  test('is narrowed by each filter, and by both names of a type', async () => {
    const tenant = await world.tenant();
    const [first, second] = await record(
      tenant,
      { ...FULL, occurred_at: AT(0) },
      { model: 'of-no-book', occurred_at: AT(1), cost_usd: '1' },
    );
    const of = `generations?organisation_id=${tenant.organisation_id}`;
    for (const name of [
      'user_id',
      'session_id',
      'application_id',
      'provider',
      'model',
      'generation_type',
      'status',
      'error_code',
      'request_id',
      'response_id',
    ] as const) {
      expect([name, idsOf(await get(`${of}&${name}=${FULL[name]}`))]).toEqual([name, [first]]);
    }
    expect(idsOf(await get(`${of}&scene=summary&generation_type=summary`))).toEqual([first]);
    expect(idsOf(await get(`${of}&project_id=${tenant.project_id}`))).toEqual([second, first]);
    expect(idsOf(await get(`${of}&project_id=${other.project_id}`))).toEqual([]);
    expect(idsOf(await get(`${of}&cost_source=reported`))).toEqual([second, first]);
    expect(idsOf(await get(`${of}&from=${AT(0.5)}`))).toEqual([second]);
    expect(idsOf(await get(`${of}&to=${AT(0.5)}`))).toEqual([first]);
    expect(idsOf(await get(`${of}&from=0001-01-01&to=9999-12-31`))).toEqual([second, first]);
    expect(idsOf(await get(`${of}&user_id=`))).toEqual([]);
  });

  test('gives each call once, the newest first, in pages of any size, also those of one moment', async () => {
    const tenant = await world.tenant();
    const at = AT(3);
    const ids = await record(
      tenant,
      ...Array.from({ length: 7 }, (_, index) => ({ occurred_at: index < 5 ? at : AT(index) })),
    );
    const of = `generations?organisation_id=${tenant.organisation_id}`;
    const whole = idsOf(await get(of));
    expect(whole.slice(0, 2)).toEqual([ids[6], ids[5]]);
    expect(whole.slice(2)).toEqual(ids.slice(0, 5).toSorted().reverse());
    for (const limit of [1, 2, 7]) expect(await idsOfAll(of, limit)).toEqual(whole);
  });

  test('holds while calls come in: none is shown twice, none that was there is missed', async () => {
    const tenant = await world.tenant();
    const early = await record(tenant, ...[10, 20, 30, 40].map((minute) => ({ occurred_at: AT(minute) })));
    const late: string[] = [];
    let round = 0;
    const seen = await idsOfAll(`generations?organisation_id=${tenant.organisation_id}`, 2, async () => {
      if (round++ > 0) return;
      // One newer than the page before, one on a later page.
      late.push(...(await record(tenant, { occurred_at: AT(50) }, { occurred_at: AT(15) })));
    });
    expect(seen).toEqual([early[3], early[2], early[1], late[1], early[0]]);
  });

  test('of all organisations has the calls of each', async () => {
    const user_id = randomUUID();
    const [a] = await record(own, { user_id, occurred_at: AT(1) });
    const [b] = await record(other, { user_id, occurred_at: AT(2) });
    expect(await idsOfAll(`generations?user_id=${user_id}`, 1)).toEqual([b, a]);
    const { body } = await get(`spend?group_by=user&user_id=${user_id}&from=2020-01-01`);
    expect(body.data).toMatchObject([{ group: user_id, user_id, call_count: 2 }]);
    expect(body.total).toMatchObject({ call_count: 2 });
    expect((await get(`statistics?user_id=${user_id}`)).body.data).toHaveLength(2);
  });
});

test('spend names its groups, with both names of a type, and its total is of all pages', async () => {
  const tenant = await world.tenant();
  await record(
    tenant,
    {
      generation_type: 'chat',
      cost_usd: '0.1',
      tokens: { input: 10, output: 1, cache_read: 5, convention: 'disjoint' },
    },
    { generation_type: 'chat', model: 'of-no-book', tokens: { input: 1, output: 1 } },
    { generation_type: 'draft', cost_usd: '2', tokens: { input: 1, output: 1 } },
  );
  const of = `&organisation_id=${tenant.organisation_id}`;
  const total = {
    call_count: 3,
    unpriced_calls: 1,
    total_cost: '2.1',
    avg_cost: '1.05',
    input_tokens: '17',
    output_tokens: '3',
    total_tokens: '20',
  };
  for (const group_by of ['type', 'scene']) {
    const { body } = await get(`spend?group_by=${group_by}&limit=1&from=2020-01-01${of}`);
    expect(body).toMatchObject({
      data: [{ group: 'draft', generation_type: 'draft', scene: 'draft', total_cost: '2' }],
      total,
    });
    const next = await get(
      `spend?group_by=${group_by}&limit=1&from=2020-01-01${of}&cursor=${body.next_cursor}`,
    );
    expect(next.body).toMatchObject({
      data: [{ group: 'chat', total_cost: '0.1', avg_cost: '0.1', unpriced_calls: 1 }],
      total,
      next_cursor: null,
    });
  }
});

describe('as CSV', () => {
  test('calls come whole, newest first, with texts that no spreadsheet runs and without payloads', async () => {
    const tenant = await world.tenant();
    await record(
      tenant,
      ...[0, 1].map((minute) => ({ ...FULL, response_id: `msg_${minute}`, occurred_at: AT(minute) })),
    );
    await record(other, { user_id: 'foreign' });
    const response = await api(
      `/v1/admin/exports/ai-generations?organisation_id=${tenant.organisation_id}&scene=summary`,
    );
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="ai-generations.csv"');
    const text = await response.text();
    const [header = '', first = ''] = text.split('\r\n');
    expect(text.match(/msg_\d/g)).toEqual(['msg_1', 'msg_0']);
    expect(header.split(',')).toContain('cost_usd');
    expect(header).not.toMatch(/request_data|response_data/);
    expect(first).toContain(",'=1+1,");
    expect(text).toContain(`"'@said ""no"",\nthen"`);
    expect(text).toContain(',1039,260,1299,0.004500000001,reported,');
    expect(text).not.toContain('foreign');
    expect(text).not.toContain('messages');
    const list = `/v1/admin/ai/generations?organisation_id=${tenant.organisation_id}&scene=summary&limit=1`;
    const listed = await api(list, { headers: { accept: 'text/csv' } });
    expect(listed.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(await listed.text()).toBe(text);
  });

  test('a filter that finds nothing gives the header alone', async () => {
    const response = await api(`/v1/admin/exports/ai-generations?organisation_id=${UNKNOWN_ID}`);
    expect((await response.text()).trimEnd().split('\r\n')).toHaveLength(1);
  });
});

test('the newest calls of a user, and what they cost, agree with one another', async () => {
  const tenant = await world.tenant();
  await record(
    tenant,
    ...[1, 2, 3].map((cost) => ({
      user_id: 'bob',
      cost_usd: String(cost),
      status: cost === 3 ? 'failed' : 'success',
    })),
  );
  const of = `organisation_id=${tenant.organisation_id}&user_id=bob`;
  const total = (rows: Json[], name: string): number =>
    rows.reduce((sum, row) => sum + Math.round(row[name]), 0);
  expect(total((await get(`generations?${of}`)).body.data, 'cost_usd')).toBe(6);
  expect(total((await get(`statistics?${of}`)).body.data, 'total_cost')).toBe(6);
  expect((await get(`spend?group_by=day&from=2020-01-01&${of}`)).body.total.total_cost).toBe('6');
  expect((await get(`errors?${of}`)).body.data).toMatchObject([{ calls: 1, share: '0.333333', users: 1 }]);
  expect((await get(`latency?${of}`)).body.data).toMatchObject([{ calls: 3, timed_calls: 0, p50: null }]);
});
