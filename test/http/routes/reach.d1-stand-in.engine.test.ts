/** Law 10 in the verbs: what a read can see follows from its actor, for every reading route of the router. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Actor } from '../../../src/core/actor.ts';
import { AppError } from '../../../src/core/error.ts';
import type { Ctx } from '../../../src/db/ctx.ts';
import type { Answer, Route } from '../../../src/http/route.ts';
import { ROUTES } from '../../../src/http/routes/index.ts';
import { insertSample, sampleRow } from '../../db/sample-rows.ts';
import { openSuite, type Suite } from '../../invoicing/ledger-of-suite.ts';
import { randomUUID } from '../../setup/seeded.ts';
import { UNKNOWN_ID } from '../wire.ts';

const [OURS, THEIRS] = [randomUUID(), randomUUID()];
const NOW = '2026-01-10T12:00:00Z';
const ADMIN: Actor = { kind: 'admin', user_id: randomUUID(), key_id: randomUUID(), role: 'admin' };
const PROJECT: Actor = { kind: 'project', key_id: randomUUID(), organisation_id: OURS, project_id: OURS };

const reads = ROUTES.filter(({ method, audience }) => method === 'get' && audience === 'admin').map(
  (route) => ({ path: route.path.replace('/v1/admin/', ''), route }),
);
const single = reads.filter(({ path }) => path.includes('/:id'));
const many = reads.filter(({ path }) => !path.includes('/:'));

/** Data of the installation. */
const SHARED = ['billing-entities', 'exchange-rates', 'tax-rates', 'fonts'];
/** Data that a tenant's transaction may not read at all. */
const OPERATORS_OWN = ['jobs', 'status'];

let suite: Suite;
/** The id of each table's one row in either organisation. */
const ids: Record<string, Record<string, string>> = { [OURS]: {}, [THEIRS]: {} };

beforeAll(async () => {
  suite = await openSuite('reach');
  const { owner } = suite;
  const { rows: tables } = await owner.query<{ table: string; tenant: string }>(
    `SELECT c.relname AS table, CASE WHEN c.relname = 'organisations' THEN 'id' ELSE 'organisation_id' END AS tenant
     FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relrowsecurity
       AND NOT c.relispartition`,
  );
  // Foreign keys are disabled: each table gets a row of both organisations.
  await owner.query('SET session_replication_role = replica');
  await owner.query(`SELECT ensure_usage_event_partitions('2026-01-01', '2026-01-31')`);
  for (const { table, tenant } of tables) {
    for (const organisation of [OURS, THEIRS]) {
      const row = await sampleRow(owner, table, tenant, organisation);
      await insertSample(owner, table, row);
      const at = row.columns.indexOf('id');
      if (at >= 0) (ids[organisation] as Record<string, string>)[table] = row.values[at] ?? '';
    }
  }
  for (const organisation of [OURS, THEIRS]) {
    const { projects, invoices } = ids[organisation] as Record<string, string>;
    const of = (table: string, column: string, id: string | undefined) =>
      owner.query(`UPDATE ${table} SET ${column} = $1 WHERE organisation_id = $2`, [id, organisation]);
    await of('ai_generations', 'project_id', projects);
    await of('ai_generations', 'cost_source', 'unpriced');
    await of('ai_generations', 'status', 'failed');
    await of('invoice_line_items', 'invoice_id', invoices);
    // Failures are a share of all calls of the model, which the statistics count.
    for (const column of ['provider', 'model']) {
      await of('ai_generations', column, organisation);
      await of('ai_statistics_daily', column, organisation);
    }
  }
  await owner.query('SET session_replication_role = origin');
});
afterAll(() => suite.close());

type Query = Readonly<Record<string, string>>;

const REQUIRED: Readonly<Record<string, Query>> = {
  'ai/spend': { group_by: 'model', from: '2025-12-01' },
  'ai/latency': { from: '2025-12-01' },
  'ai/errors': { from: '2025-12-01' },
};

/** The answer as text; a failure as its code, or as the SQLSTATE. */
async function ask(
  { route, path }: { readonly route: Route; readonly path: string },
  actor: Actor,
  { id, ...query }: Query = {},
): Promise<string> {
  const ctx: Ctx = suite.ctx(NOW, { actor, files: FILES });
  try {
    const answer: Answer = await route.handle(ctx, {
      params: { id },
      query: route.query?.parse({ ...REQUIRED[path], ...query }),
      body: undefined,
      bytes: new Uint8Array(),
      headers: new Headers(),
      idempotencyKey: null,
      settings: SETTINGS,
    });
    const { body } = answer;
    return body instanceof ReadableStream ? await new Response(body).text() : JSON.stringify(body);
  } catch (error) {
    if (error instanceof AppError) return `${error.code}: ${error.message}`;
    const { code = String(error) } = error as { code?: string };
    return code;
  }
}

const refuse = async (): Promise<never> => {
  throw new Error('no file is read');
};
const FILES: Ctx['files'] = { get: refuse, putIfAbsent: refuse, delete: refuse, list: async () => [] };
const SETTINGS = {
  testClock: false,
  schedules: false,
  clock: () => Date.parse(NOW),
  budgetMs: 1000,
} as Parameters<Route['handle']>[1]['settings'];

const ofTenants = many.filter(({ path }) => ![...SHARED, ...OPERATORS_OWN].includes(path));
const byOrganisation = ofTenants.filter(({ path }) => path !== 'organisations');

describe('a list', () => {
  test.each(byOrganisation)(
    '$path shows an admin all, or the organisation that it asks for',
    async (read) => {
      const [all, ours, theirs, unknown] = [
        await ask(read, ADMIN),
        await ask(read, ADMIN, { organisation_id: OURS }),
        await ask(read, ADMIN, { organisation_id: THEIRS }),
        await ask(read, ADMIN, { organisation_id: UNKNOWN_ID }),
      ];
      expect(ours).not.toEqual(all);
      expect(theirs).not.toEqual(unknown);
      expect(ours).not.toContain(THEIRS);
      expect(theirs).not.toContain(OURS);
    },
  );

  test.each(byOrganisation)(
    '$path shows a project key its own organisation, asked for or not',
    async (read) => {
      const own = await ask(read, ADMIN, { organisation_id: OURS });
      expect(await ask(read, PROJECT)).toEqual(own);
      expect(await ask(read, PROJECT, { organisation_id: OURS })).toEqual(own);
    },
  );

  test.each(byOrganisation)(
    '$path shows a project key of a foreign organisation what an unknown one has',
    async (read) => {
      const unknown = await ask(read, ADMIN, { organisation_id: UNKNOWN_ID });
      expect(await ask(read, PROJECT, { organisation_id: THEIRS })).toEqual(unknown);
      expect(await ask(read, PROJECT, { organisation_id: UNKNOWN_ID })).toEqual(unknown);
    },
  );

  test('of organisations shows an admin both and a project key its own', async () => {
    const read = many.find(({ path }) => path === 'organisations') as (typeof many)[number];
    const [all, own] = [await ask(read, ADMIN), await ask(read, PROJECT)];
    expect(all).toContain(OURS);
    expect(all).toContain(THEIRS);
    expect(own).toContain(OURS);
    expect(own).not.toContain(THEIRS);
  });

  test.each(many.filter(({ path }) => SHARED.includes(path)))('$path is the same for all', async (read) => {
    expect(await ask(read, PROJECT)).toEqual(await ask(read, ADMIN));
  });

  test.each(many.filter(({ path }) => OPERATORS_OWN.includes(path)))(
    '$path is closed to a project key',
    async (read) => {
      expect(await ask(read, ADMIN)).toMatch(/^\{/);
      expect(await ask(read, PROJECT)).toBe('42501');
    },
  );

  test.each(ofTenants)('$path shows nothing to anyone without a key', async (read) => {
    expect(await ask(read, { kind: 'anonymous' })).toMatch(/^unauthorized/);
  });
});

describe('an id', () => {
  const tableOf = (path: string): string => {
    const [name = ''] = path.replace('ai/generations', 'ai_generations').replace(/^ai\//, '').split('/');
    return name.replaceAll('-', '_');
  };
  const isShared = ({ path }: { readonly path: string }): boolean =>
    SHARED.some((name) => path.startsWith(name));

  test.each(single.filter((read) => !isShared(read)))(
    '$path of another organisation answers a project key like an unknown one',
    async (read) => {
      const table = tableOf(read.path);
      const [theirs = '', ours = ''] = [ids[THEIRS]?.[table], ids[OURS]?.[table]];
      const unknown = await ask(read, PROJECT, { id: UNKNOWN_ID });
      expect(unknown).toMatch(/^not_found/);
      expect(await ask(read, ADMIN, { id: UNKNOWN_ID })).toBe(unknown);
      expect(await ask(read, PROJECT, { id: theirs })).toBe(unknown);
      expect(await ask(read, PROJECT, { id: ours })).not.toBe(unknown);
      expect(await ask(read, ADMIN, { id: theirs })).not.toBe(unknown);
    },
  );
});
