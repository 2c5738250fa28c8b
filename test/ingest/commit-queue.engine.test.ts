/** Many concurrent clients, some of which hang up: every request ends, and every acknowledged event is stored. */
import { request as httpRequest } from 'node:http';
import { beforeAll, expect, test } from 'vitest';
import { adminKey, baseUrl, queryD1 } from '../setup/client.ts';
import { createWorld, type Tenant } from '../setup/world.ts';

const world = createWorld(() => baseUrl, adminKey);
let tenants: Tenant[];

beforeAll(async () => {
  tenants = [await world.tenant(), await world.tenant()];
});

type Outcome = { readonly key: string; readonly tenant: Tenant; readonly answer: string | null };

/** Sends one event in its own request. `hangUpAfterMs` closes the connection at that time in any case. */
function sendOne(tenant: Tenant, key: string, hangUpAfterMs: number | null): Promise<Outcome> {
  const url = new URL('/v1/events', baseUrl);
  const body = JSON.stringify({
    metric_name: 'm',
    metric_value: '1',
    unit: 'unit',
    timestamp: '2026-09-01T00:00:00Z',
    idempotency_key: key,
  });
  return new Promise((resolve) => {
    const sent = httpRequest(
      url,
      {
        method: 'POST',
        agent: false,
        headers: { authorization: `Bearer ${tenant.key}`, 'content-type': 'application/json' },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', () => resolve({ key, tenant, answer: null }));
        response.on('end', () => resolve({ key, tenant, answer: Buffer.concat(chunks).toString('utf8') }));
      },
    );
    sent.on('error', () => resolve({ key, tenant, answer: null }));
    sent.end(body);
    if (hangUpAfterMs !== null) setTimeout(() => sent.destroy(), hangUpAfterMs);
  });
}

test('600 requests of two tenants, a third of which hang up, all come to an end, and all that were acknowledged are stored once', async () => {
  const outcomes: Outcome[] = [];
  for (let round = 0; round < 6; round++) {
    const sent = Array.from({ length: 100 }, (_, index) => {
      const tenant = tenants[index % 2] as Tenant;
      // Keys repeat within a round. Across tenants the same key is a different event.
      const hangUpAfterMs = index % 3 === 0 ? (index * 7) % 40 : null;
      return sendOne(tenant, `round-${round}-${index % 80}`, hangUpAfterMs);
    });
    outcomes.push(...(await Promise.all(sent)));
  }
  const stored = await queryD1<{ project_id: string; idempotency_key: string; id: string }>(
    'HOT_0',
    'SELECT project_id, idempotency_key, id FROM usage_events WHERE project_id IN (?1, ?2)',
    ...tenants.map((tenant) => tenant.project_id),
  );
  const idOf = new Map(stored.map((row) => [`${row.project_id} ${row.idempotency_key}`, row.id]));
  expect(idOf.size).toBe(stored.length);
  const answered = outcomes.filter((outcome) => outcome.answer !== null);
  expect(answered.length).toBeGreaterThan(350);
  const accepted = new Set<string>();
  for (const { key, tenant, answer } of answered) {
    const receipt = JSON.parse(answer ?? '') as { results: { status: string; id: string }[] };
    const place = `${tenant.project_id} ${key}`;
    expect(['accepted', 'duplicate']).toContain(receipt.results[0]?.status);
    expect(receipt.results[0]?.id).toBe(idOf.get(place));
    if (receipt.results[0]?.status !== 'accepted') continue;
    expect(accepted.has(place)).toBe(false);
    accepted.add(place);
  }
});

test('a request after the storm is answered', async () => {
  const [tenant] = tenants as [Tenant];
  expect((await tenant.send(['after', 'm', '1', '2026-09-01T00:00:00Z'])).body.accepted).toBe(1);
});
