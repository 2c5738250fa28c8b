/**
 * The guards of the roll-up on the real engines. What each guard protects holds on the real source and breaks on the
 * source without that guard. The simulation does the same in memory for many more guards.
 */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { configureShards } from '../setup/shards.ts';
import {
  createWorld,
  type OwnRuntime,
  SCENARIO_ADMIN_KEY,
  type SentEvent,
  startOwnRuntime,
  type Tenant,
  type World,
} from '../setup/world.ts';
import { MUTANTS } from './mutants.ts';
import { SWITCH, switchGuards } from './switched-guards.ts';

const DAY = '2026-09-01T00:00:00Z';
let own: OwnRuntime;

async function withOwner<T>(work: (owner: pg.Client) => Promise<T>): Promise<T> {
  const owner = new pg.Client({ connectionString: own.runtime.ownerDatabaseUrl });
  await owner.connect();
  try {
    return await work(owner);
  } finally {
    await owner.end();
  }
}

/** Makes batches look a week old to the purge. */
const age = ({ shard }: Tenant) =>
  withOwner((owner) =>
    owner.query(
      "UPDATE rollup_batches SET committed_at = committed_at - interval '169 hours' WHERE shard = $1",
      [shard],
    ),
  );

const hotOf = ({ shard }: Tenant) => own.runtime.d1(`HOT_${shard}`);

const countHot = async (tenant: Tenant): Promise<number> => {
  const database = await hotOf(tenant);
  return (await database.prepare('SELECT count(*) AS n FROM usage_events').first<number>('n')) ?? 0;
};

async function totalOf(world: World, tenant: Tenant): Promise<string> {
  const { body } = await world.get(`/v1/admin/usage-aggregates?organisation_id=${tenant.organisation_id}`);
  return body.data[0]?.total_value ?? '0';
}

const countDifferences = async (world: World): Promise<number> =>
  (await world.post('/v1/admin/jobs/verify')).body.differences.length;

/** Returns the failed expectations: an empty list means that the guard works. */
type Probe = (world: World) => Promise<string[]>;

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
      await age(tenant);
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
      const before = await countDifferences(world);
      for (let round = 0; round < 2; round++) {
        const events = Array.from({ length: 5_000 }, (_, n): SentEvent => [`${round} ${n}`, 'm', '1', DAY]);
        await tenant.send(...events);
      }
      await Promise.all([1, 2, 3, 4].map(() => world.post('/v1/admin/jobs/rollup')));
      await world.post('/v1/admin/jobs/rollup');
      return [
        ...unlike('total', await totalOf(world, tenant), '10000'),
        ...unlike('differences', await countDifferences(world), before),
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
      return unlike('rows in the hot store', await countHot(tenant), 3);
    },
  },
  {
    guard: 'the restore check: new events under the numbers of lost ones are counted',
    mutant: 'restore check: none',
    probe: async (world) => {
      const tenant = await world.tenant();
      await tenant.send(['a', 'm', '1', DAY], ['b', 'm', '2', DAY]);
      await world.post('/v1/admin/jobs/rollup');
      const database = await hotOf(tenant);
      await database.batch([
        database.prepare('DELETE FROM usage_events'),
        database.prepare("UPDATE sqlite_sequence SET seq = 0 WHERE name = 'usage_events'"),
      ]);
      await tenant.send(['c', 'm', '4', DAY], ['d', 'm', '8', DAY]);
      const halted = await world.post('/v1/admin/jobs/rollup');
      await world.post(`/v1/admin/shards/${tenant.shard}/resync`);
      await world.post('/v1/admin/jobs/rollup');
      return [
        ...unlike('halted', String(halted.body.halted_shards), String(tenant.shard)),
        ...unlike('total', await totalOf(world, tenant), '15'),
      ];
    },
  },
];

/** Each probe has its own shard, so that the damage from a missing guard does not affect other probes. */
const configuration = configureShards(2 * PROBES.length);

const mutantOf = (name: string) => {
  const mutant = MUTANTS.find((each) => each.name === name);
  if (!mutant) throw new Error(`no mutant ${name}`);
  return mutant;
};

beforeAll(async () => {
  own = await startOwnRuntime({
    configPath: configuration.configPath,
    esbuildPlugins: [switchGuards(PROBES.map(({ mutant }) => mutantOf(mutant)))],
    onLog: () => undefined,
  });
});
afterAll(async () => {
  await own?.stop();
  configuration.remove();
});

// All guards first, while the books are still intact.
describe('on the real source', () => {
  test.each(PROBES)('$guard', async ({ probe }) => {
    expect(await probe(own)).toEqual([]);
  });
});

describe('breaks without its guard', () => {
  test.each(PROBES)('$guard', async ({ mutant, probe }) => {
    const world = createWorld(() => own.runtime.url, SCENARIO_ADMIN_KEY, { [SWITCH]: mutant });
    expect(await probe(world)).not.toEqual([]);
  });
});
