/**
 * An organisation that stores no payloads: they reach no store, not even the hot one, and calls are still recognised.
 */
import { describe, expect, test } from 'vitest';
import { ask, generationOf, world } from '../../http/wire.ts';
import { queryD1 } from '../../setup/client.ts';
import { randomUUID } from '../../setup/seeded.ts';
import type { Json, Tenant } from '../../setup/world.ts';
import { jsonTraces, spanOf, TRACES_PATH } from '../traces/spans.ts';

const SECRET = `secret-${randomUUID()}`;
const PAYLOAD = {
  input_summary: `in ${SECRET}`,
  output_summary: `out ${SECRET}`,
  request_data: { ask: SECRET },
  response_data: [SECRET, 'ü😀'],
};

const send = (tenant: Tenant, json: unknown) => ask('/v1/ai/generations', { key: tenant.key, json });

/** The number of hot store rows that contain the secret. */
async function tracesInHot({ project_id }: Tenant): Promise<number> {
  const [row] = await queryD1<{ n: number }>(
    'HOT_0',
    `SELECT (SELECT count(*) FROM usage_events WHERE project_id = ?1 AND instr(generation, ?2) > 0)
       + (SELECT count(*) FROM event_conflicts WHERE project_id = ?1 AND instr(event, ?2) > 0) AS n`,
    project_id,
    SECRET,
  );
  return row?.n ?? -1;
}

const switchTo = async (tenant: Tenant, store_ai_payloads: boolean): Promise<void> => {
  const { status, body } = await world.patch(`/v1/admin/organisations/${tenant.organisation_id}`, {
    store_ai_payloads,
  });
  expect(status, JSON.stringify(body)).toBe(200);
};

describe('where payloads are not kept', () => {
  test('none comes into the hot store: of a call, its copies, a conflict, many calls at once, or a trace', async () => {
    const tenant = await world.tenant({ store_ai_payloads: false });
    const call = generationOf({ ...PAYLOAD, user_id: 'ann', sku: 'pro' });
    const first = await send(tenant, call);
    expect(first.body).toMatchObject({ accepted: 1 });
    expect((await send(tenant, { ...call, sku: 'other' })).status).toBe(409);
    const known = generationOf({ response_id: randomUUID(), ...PAYLOAD });
    expect((await send(tenant, known)).body).toMatchObject({ accepted: 1 });
    expect((await send(tenant, { ...known, sku: 'later' })).body).toMatchObject({ duplicates: 1 });
    const many = Array.from({ length: 30 }, () => generationOf(PAYLOAD));
    expect((await send(tenant, many)).body).toMatchObject({ accepted: 30 });
    await Promise.all(many.map(() => send(tenant, generationOf(PAYLOAD))));
    const attributes = { 'gen_ai.input.messages': SECRET, 'langfuse.observation.output': SECRET };
    const traced = await ask(TRACES_PATH, { key: tenant.key, json: jsonTraces([spanOf({ attributes })]) });
    expect(traced.body.spans).toMatchObject({ accepted: 1 });
    expect(await tracesInHot(tenant)).toBe(0);

    await world.job('rollup');
    const { body } = await world.get(
      `/v1/admin/ai/generations?organisation_id=${tenant.organisation_id}&limit=100`,
    );
    expect(body.data).toHaveLength(63);
    const kept = body.data.find((each: Json) => each.id === first.body.results[0].id);
    expect(kept).toMatchObject({ user_id: 'ann', sku: 'pro', input_summary: null });
    expect(body.data.find((each: Json) => each.response_id === known['response_id'])).toMatchObject({
      sku: 'later',
    });
  });

  test('what is sent again after the switch, either way, is the same call', async () => {
    const tenant = await world.tenant({ store_ai_payloads: false });
    const call = generationOf(PAYLOAD);
    expect((await send(tenant, call)).body).toMatchObject({ accepted: 1 });
    await switchTo(tenant, true);
    // A new key, for which the edge has nothing cached.
    const { body } = await world.post('/v1/admin/api-keys', { project_id: tenant.project_id, name: 'New' });
    const after = { ...tenant, key: body.key as string };
    expect((await send(after, call)).body).toMatchObject({ duplicates: 1, conflicts: 0 });
    expect((await send(after, generationOf(PAYLOAD))).body).toMatchObject({ accepted: 1 });
    expect(await tracesInHot(tenant)).toBeGreaterThan(0);
  });

  test('the edge is told by the change itself, under a version of its own', async () => {
    const tenant = await world.tenant();
    const told = () =>
      queryD1<{ stores_payloads: number; version: number }>(
        'DIRECTORY',
        'SELECT stores_payloads, version FROM published_organisations WHERE organisation_id = ?',
        tenant.organisation_id,
      );
    const [before] = await told();
    expect(before?.stores_payloads).toBe(1);
    await switchTo(tenant, false);
    const [after] = await told();
    expect(after?.stores_payloads).toBe(0);
    expect(after?.version).toBeGreaterThan(before?.version ?? 0);
  });
});
