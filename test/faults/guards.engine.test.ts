/**
 * The guards of the roll-up on the real engines: what each protects holds on the real source, and breaks on the source
 * with that guard taken out. The simulation does the same for many more, in memory.
 */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { type OwnRuntime, type SentEvent, startOwnRuntime, type Tenant } from '../setup/world.ts';
import { MUTANTS, mutate } from './mutants.ts';

const DAY = '2026-09-01T00:00:00Z';

async function withOwner<T>(world: OwnRuntime, work: (owner: pg.Client) => Promise<T>): Promise<T> {
  const owner = new pg.Client({ connectionString: world.runtime.ownerDatabaseUrl });
  await owner.connect();
  try {
    return await work(owner);
  } finally {
    await owner.end();
  }
}

/** Batches look a week old, as the purge will see them. */
const age = (world: OwnRuntime) =>
  withOwner(world, (owner) =>
    owner.query("UPDATE rollup_batches SET committed_at = committed_at - interval '169 hours'"),
  );

const countHot = async (world: OwnRuntime): Promise<number> => {
  const database = await world.runtime.d1('HOT_0');
  return (await database.prepare('SELECT count(*) AS n FROM usage_events').first<number>('n')) ?? 0;
};

async function totalOf(world: OwnRuntime, tenant: Tenant): Promise<string> {
  const { body } = await world.get(`/v1/admin/usage-aggregates?organisation_id=${tenant.organisation_id}`);
  return body.data[0]?.total_value ?? '0';
}

/** What should be, as far as it is not: an empty list is a guard that works. */
type Probe = (world: OwnRuntime) => Promise<string[]>;

const unlike = (what: string, found: unknown, expected: unknown): string[] =>
  found === expected ? [] : [`${what}: ${String(found)}, not ${String(expected)}`];

const PROBES: readonly { readonly guard: string; readonly mutant: string; readonly probe: Probe }[] = [
  {
    guard: 'the key ledger: a key sent again after the purge counts nothing',
    mutant: 'key ledger: every key is new',
    probe: async (world) => {
      const tenant = await world.tenant();
      await tenant.send(['a', 'm', '1', DAY]);
      await world.post('/v1/admin/jobs/rollup');
      await tenant.send(['b', 'm', '2', DAY]);
      await world.post('/v1/admin/jobs/rollup');
      await age(world);
      await world.post('/v1/admin/jobs/purge');
      const again = await tenant.send(['a', 'm', '1', DAY]);
      await world.post('/v1/admin/jobs/rollup');
      return [
        ...unlike('accepted after the purge', again.body.accepted, 1),
        ...unlike('total', await totalOf(world, tenant), '3'),
      ];
    },
  },
  {
    guard: 'the cursor fence: runs that overlap move the cursor once for each batch',
    mutant: 'cursor fence: not locked',
    probe: async (world) => {
      const tenant = await world.tenant();
      for (let round = 0; round < 2; round++) {
        const events = Array.from({ length: 5_000 }, (): SentEvent => [randomUUID(), 'm', '1', DAY]);
        await tenant.send(...events);
      }
      await Promise.all([1, 2, 3, 4].map(() => world.post('/v1/admin/jobs/rollup')));
      await world.post('/v1/admin/jobs/rollup');
      const verified = await world.post('/v1/admin/jobs/verify');
      return [
        ...unlike('total', await totalOf(world, tenant), '10000'),
        ...unlike('differences', verified.body.differences?.length, 0),
      ];
    },
  },
  {
    guard: 'the read-back: a repeated event is a duplicate, another content a conflict',
    mutant: 'read-back: all accepted',
    probe: async (world) => {
      const tenant = await world.tenant();
      await tenant.send(['a', 'm', '1', DAY]);
      const repeated = await tenant.send(['a', 'm', '1', DAY]);
      const contradicted = await tenant.send(['a', 'm', '2', DAY]);
      return [
        ...unlike('duplicates', repeated.body.duplicates, 1),
        ...unlike('conflicts', contradicted.body.conflicts, 1),
      ];
    },
  },
  {
    guard: 'the purge horizon: what committed within the retention stays',
    mutant: 'purge horizon: now',
    probe: async (world) => {
      const tenant = await world.tenant();
      for (const key of ['a', 'b', 'c']) {
        await tenant.send([key, 'm', '1', DAY]);
        await world.post('/v1/admin/jobs/rollup');
      }
      await world.post('/v1/admin/jobs/purge');
      return unlike('rows in the hot store', await countHot(world), 3);
    },
  },
  {
    guard: 'the restore check: new events under the numbers of lost ones are counted',
    mutant: 'restore check: none',
    probe: async (world) => {
      const tenant = await world.tenant();
      await tenant.send(['a', 'm', '1', DAY], ['b', 'm', '2', DAY]);
      await world.post('/v1/admin/jobs/rollup');
      const database = await world.runtime.d1('HOT_0');
      await database.batch([
        database.prepare('DELETE FROM usage_events'),
        database.prepare("UPDATE sqlite_sequence SET seq = 0 WHERE name = 'usage_events'"),
      ]);
      await tenant.send(['c', 'm', '4', DAY], ['d', 'm', '8', DAY]);
      const halted = await world.post('/v1/admin/jobs/rollup');
      await world.post('/v1/admin/shards/0/resync');
      await world.post('/v1/admin/jobs/rollup');
      return [
        ...unlike('status of the run', halted.body.status, 'failed'),
        ...unlike('total', await totalOf(world, tenant), '15'),
      ];
    },
  },
];

const mutantOf = (name: string) => {
  const mutant = MUTANTS.find((each) => each.name === name);
  if (!mutant) throw new Error(`no mutant ${name}`);
  return mutant;
};

async function probeOn(probe: Probe, mutant?: string): Promise<string[]> {
  const world = await startOwnRuntime(
    mutant === undefined ? {} : { esbuildPlugins: [lenient(mutant)], onLog: () => undefined },
  );
  try {
    return await probe(world);
  } finally {
    await world.stop();
  }
}

/** Each of the three Workers is bundled apart, and not each holds the guard: that it must be found is for the simulation. */
const lenient = (name: string) => {
  const plugin = mutate(mutantOf(name));
  return {
    ...plugin,
    setup: (build: Parameters<typeof plugin.setup>[0]) => plugin.setup({ ...build, onEnd: () => undefined }),
  };
};

describe.each(PROBES)('$guard', ({ mutant, probe }) => {
  test('on the real source', async () => {
    expect(await probeOn(probe)).toEqual([]);
  });
  test('and breaks without it', async () => {
    expect(await probeOn(probe, mutant)).not.toEqual([]);
  });
});
