/** Lists: pages by cursor, stable while rows are added; a cursor is valid only for the list that returned it. */
import { describe, expect, test } from 'vitest';
import { ask, eventOf, problemOf, send, world } from '../http/wire.ts';
import type { Json } from '../setup/world.ts';

async function readAll(path: string, limit: number, between?: () => Promise<unknown>): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | null = null;
  do {
    const { status, body }: { status: number; body: Json } = await world.get(
      `${path}&limit=${limit}${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    expect(status, JSON.stringify(body)).toBe(200);
    expect(Object.keys(body)).toEqual(['data', 'next_cursor']);
    expect(body.data.length).toBeLessThanOrEqual(limit);
    ids.push(...body.data.map((row: Json) => row.id));
    cursor = body.next_cursor;
    if (cursor !== null) await between?.();
  } while (cursor !== null);
  return ids;
}

describe('pages of projects', () => {
  test.each([1, 2, 3, 7, 8])('of %i show every row once, in order, while new ones come in', async (limit) => {
    const { organisation_id } = await world.tenant();
    const add = () => world.post('/v1/admin/projects', { organisation_id, name: 'P' });
    for (let i = 0; i < 6; i++) await add();
    const path = `/v1/admin/projects?organisation_id=${organisation_id}`;
    const before = await readAll(path, 1000);
    expect(before).toHaveLength(7);
    let added = 0;
    const seen = await readAll(path, limit, async () => {
      if (added++ < 3) await add();
    });
    expect(seen.slice(0, 7)).toEqual(before);
    expect(new Set(seen).size).toBe(seen.length);
  });

  test('end with null where the last page is exactly full', async () => {
    const { organisation_id } = await world.tenant();
    const { body } = await world.get(`/v1/admin/projects?organisation_id=${organisation_id}&limit=1`);
    expect(body).toMatchObject({ data: [{}], next_cursor: null });
  });
});

test('a limit above 1,000 is read as 1,000; without one it is 50', async () => {
  const tenant = await world.tenant();
  const events = Array.from({ length: 1001 }, () => eventOf({ timestamp: '2026-01-01T00:00:00Z' }));
  await send(tenant.key, events);
  await world.job('rollup');
  const path = `/v1/admin/usage-events?organisation_id=${tenant.organisation_id}`;
  const sizes = async (query: string) => (await world.get(path + query)).body.data.length;
  expect(await sizes('&limit=999999')).toBe(1000);
  expect(await sizes('')).toBe(50);
  expect(await readAll(path, 400)).toHaveLength(1001);
});

describe('a cursor', () => {
  const LISTS = [
    'organisations',
    'projects',
    'api-keys',
    'pricing-plans',
    'usage-events',
    'usage-aggregates',
  ];
  LISTS.push('event-conflicts', 'event-quarantine', 'invoices', 'jobs');

  const forge = (scope: string, after: unknown): string =>
    btoa(encodeURIComponent(JSON.stringify([scope, after])))
      .replaceAll('+', '-')
      .replaceAll('/', '_')
      .replaceAll('=', '');

  test('of another list or of other filters is refused', async () => {
    const { organisation_id, project_id } = await world.tenant();
    await world.post('/v1/admin/projects', { organisation_id, name: 'P' });
    await world.post('/v1/admin/api-keys', { project_id, name: 'K' });
    const path = `/v1/admin/projects?organisation_id=${organisation_id}&limit=1`;
    const { next_cursor } = (await world.get(path)).body;
    expect(next_cursor).toMatch(/^[A-Za-z0-9_-]+$/);
    for (const other of [
      `/v1/admin/projects?limit=1&cursor=${next_cursor}`,
      `${path}&external_key=x&cursor=${next_cursor}`,
      `/v1/admin/api-keys?organisation_id=${organisation_id}&cursor=${next_cursor}`,
    ]) {
      expect(problemOf(await ask(other), 422).pointers).toEqual(['?cursor']);
    }
    // Another page size is the same list.
    expect((await ask(`${path.replace('limit=1', 'limit=5')}&cursor=${next_cursor}`)).body.data).toHaveLength(
      1,
    );
  });

  test.each(LISTS)('of %s that is not ours is refused, however well it is forged', async (list) => {
    const forged = ['xyz', '', '\0', "' OR 1=1", 1, null, ['x']].map((after) => forge(`${list} {}`, after));
    for (const cursor of ['x', '%00', '====', 'W10', 'bnVsbA', ...forged]) {
      const answer = await ask(`/v1/admin/${list}?cursor=${cursor}`);
      // Quarantine ids are any text, so any text is a valid position in that list.
      if (list === 'event-quarantine' && answer.status === 200) continue;
      expect(problemOf(answer, 422).pointers).toEqual(['?cursor']);
    }
  });

  test('of usage is a place, not an id', async () => {
    const tenant = await world.tenant();
    const days = ['2026-01-01', '2026-01-02', '2026-01-03'];
    await send(
      tenant.key,
      days.flatMap((day) =>
        ['a', 'ü'].map((metric_name) => eventOf({ metric_name, timestamp: `${day}T12:00:00Z` })),
      ),
    );
    await world.job('rollup');
    const path = '/v1/usage?from=2026-01-01&to=2026-02-01';
    const whole = (await world.get(path, tenant.key)).body;
    expect(whole.data).toHaveLength(6);
    const rows: Json[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: Json = await world.get(`${path}&limit=4${cursor && `&cursor=${cursor}`}`, tenant.key);
      rows.push(...page.body.data);
      cursor = page.body.next_cursor;
    }
    expect(rows).toEqual(whole.data);
  });
});
