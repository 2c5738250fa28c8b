/**
 * Every guard of the roll-up with what is left when it is taken away. The same patches serve the tests on real engines:
 * `mutate` is an esbuild plugin that replaces the one snippet in the one file, and fails where it is not there just once.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';
import { GENERATION_MUTANTS } from './generation-mutants.ts';

export interface Mutant {
  readonly name: string;
  /** From the root of the repository. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** What the guard is there for. */
  readonly law: string;
  /** Why no test can tell this mutant from the original; such a mutant must survive. */
  readonly equivalent?: string;
}

const DRAIN = 'src/rollup/drain-hot-events.ts';
const PURGE = 'src/rollup/purge-hot-events.ts';
const CLOSE = 'src/rollup/close-period.ts';
const PORTS = 'src/rollup/ports.ts';
const STORE = 'src/rollup/store.ts';
const PERIODS = 'src/rollup/period-store.ts';
const CURSORS = 'src/rollup/cursor-store.ts';
const CLASSIFY = 'src/rollup/classify-events.ts';

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'key ledger: every key is new',
    file: DRAIN,
    find: 'const fresh = await entering;',
    replace: 'await entering; const fresh = "all";',
    law: 'no key is counted twice',
  },
  {
    name: 'cursor fence: not locked',
    file: DRAIN,
    find: 'if (!(await tx.lockCursor(cursor))) return null;',
    replace: '',
    law: 'batches are contiguous',
  },
  {
    name: 'cursor fence: locked, the answer ignored',
    file: DRAIN,
    find: 'if (!(await tx.lockCursor(cursor))) return null;',
    replace: 'await tx.lockCursor(cursor);',
    law: 'batches are contiguous',
  },
  {
    name: 'read-back: all accepted',
    file: 'src/ingest/accept-events.ts',
    find: 'if (holders === null) return',
    replace: 'if (true) return',
    law: 'accepted means stored',
  },
  {
    name: 'verdict: another fingerprint is a duplicate',
    file: 'src/ingest/verdict.ts',
    find: "holder.fingerprint === sent.fingerprint ? 'duplicate' : 'conflict'",
    replace: "'duplicate'",
    law: 'same content is a duplicate, other content a conflict',
  },
  {
    name: 'conflict: not recorded before the answer',
    file: 'src/ingest/accept-events.ts',
    find: 'if (refused.length > 0) await hot.insertConflicts(tenant, refused, now);',
    replace: '',
    law: 'every conflict answered is listed',
  },
  {
    name: 'conflict at the drain: not listed',
    file: DRAIN,
    find: 'if (known.length > 0) await tx.insertKnown(known);',
    replace: '',
    law: 'accepted means counted once',
  },
  {
    name: 'purge horizon: now',
    file: PURGE,
    find: 'const { shard, stream, horizon } = input;',
    replace: 'const { shard, stream, now: horizon } = input;',
    law: 'the purge never takes what a failover could lose',
  },
  {
    name: 'purge: no recount',
    file: PURGE,
    find: 'if (found !== n_in && found !== 0) {',
    replace: 'if (false) {',
    law: 'the purge takes exactly what was drained',
  },
  {
    name: "purge: the anchor's batch goes too",
    file: PURGE,
    find: 'listPurgeable(shard, stream, before,',
    replace: 'listPurgeable(shard, stream, { ...before, to_seq: before.to_seq + 1 },',
    law: "the cursor's own row stays, in every state that a failover can bring back",
  },
  {
    name: 'restore check: none',
    file: PORTS,
    find: 'row?.seq === last_seq && row.id === last_id',
    replace: 'true',
    law: 'accepted means counted once',
  },
  {
    name: 'restore check: by seq only',
    file: PORTS,
    find: 'row?.seq === last_seq && row.id === last_id',
    replace: 'row?.seq === last_seq',
    law: 'accepted means counted once',
  },
  {
    name: 'restore check: by id only',
    file: PORTS,
    find: 'row?.seq === last_seq && row.id === last_id',
    replace: 'row?.id === last_id',
    law: 'accepted means counted once',
    equivalent: 'a row keeps its number for life and an id is given once: the id alone names the row',
  },
  {
    name: 'restore check: not at the drain',
    file: DRAIN,
    find: 'if (!isCursorRow(cursor, rows.shift())) {',
    replace: 'if (rows.shift() === null) {',
    law: 'accepted means counted once',
  },
  {
    name: 'restore check: not at the close',
    file: CLOSE,
    find: '|| !(await isUnrestored(hot, cursor))',
    replace: '',
    law: 'what was acknowledged before the cutoff is inside the period',
  },
  {
    name: 'bisection: a refused batch is tried whole for ever',
    file: DRAIN,
    find: 'if (!isDeterministic(error)) throw error;',
    replace: 'throw error;',
    law: 'one poison row never blocks the rest',
  },
  {
    name: 'bisection: the poison row is skipped, not quarantined',
    file: DRAIN,
    find: 'await tx.insertQuarantined(input.shard, [poison(row, error)]);',
    replace: '',
    law: 'accepted means counted once',
  },
  {
    name: 'quarantine: bad rows are not kept',
    file: DRAIN,
    find: 'if (quarantined.length > 0) await tx.insertQuarantined(shard, quarantined);',
    replace: '',
    law: 'accepted means counted once',
  },
  {
    name: 'quarantine: what is bad depends on the clock',
    file: CLASSIFY,
    find: 'receivedAt >= RECEIVED_MIN && receivedAt < RECEIVED_MAX;',
    replace: 'receivedAt >= RECEIVED_MIN && receivedAt < Date.UTC(2026, 1, 20);',
    law: 'only what cannot be counted is quarantined',
  },
  {
    name: 'users: those that events name do not appear',
    file: DRAIN,
    find: 'if (seen.length > 0) await tx.insertUsers(seen, now);',
    replace: '',
    law: 'who is named by an event is a user',
  },
  {
    name: 'users: those of events that are not counted appear too',
    file: DRAIN,
    find: 'const seen = seenUsers(counted);',
    replace: 'const seen = seenUsers(keyed);',
    law: 'who is named by no event is no user',
  },
  {
    name: 'commit tag: ROLLBACK is taken for COMMIT',
    file: 'src/db/ledger.ts',
    find: "if (command !== 'COMMIT') throw",
    replace: 'if (false) throw',
    law: 'what is taken for committed is committed',
  },
  {
    name: 'period: read without its share lock',
    file: DRAIN,
    find: 'const periods = await tx.lockPeriods(organisationIds, from, to);',
    replace:
      'const periods = (await tx.loadCalendars(organisationIds)).flatMap((each) => [...each.periods]);',
    law: "a closed period's aggregates never change",
  },
  {
    name: 'finalize: the period is not locked',
    file: CLOSE,
    find: 'const { status } = await tx.lockPeriod(period);',
    replace: 'const status = "open";',
    law: "a closed period's aggregates never change",
  },
  {
    name: 'finalize: the days are not compared under the lock',
    file: CLOSE,
    find: 'if ((await tx.readDayVersions(period)) !== dayVersions) return false;',
    replace: '',
    law: 'what was verified is what was invoiced',
  },
  {
    name: 'cutoff: not waited for',
    file: CLOSE,
    find: '&& cursor.last_seq >= cutoff.seq;',
    replace: ';',
    law: 'what was acknowledged before the cutoff is inside the period',
  },
  {
    name: 'cutoff: not compared again under the lock',
    file: CLOSE,
    find: "if (status === 'open' && drained !== null) {",
    replace: 'if (false) {',
    law: 'what was acknowledged before the cutoff is inside the period',
  },
  {
    name: 'cutoff: kept over a resync',
    file: CLOSE,
    find: 'if (cutoff === null || cutoff.epoch !== before.epoch) {',
    replace: 'if (cutoff === null) {',
    law: 'a drained period can be closed',
  },
  {
    name: 'cutoff: a restored store must reach it',
    file: CLOSE,
    find: "seq: Math.min(cutoff.seq, await hot.maxSeq('events'))",
    replace: 'seq: cutoff.seq',
    law: 'a drained period can be closed',
  },
  ...GENERATION_MUTANTS,
  // What the stores promise is simulated: these take the promise away from the stores in memory, SQL_MUTANTS from the SQL.
  {
    name: "hot store: deletes although the cursor's row is gone",
    file: 'test/faults/hot-memory.ts',
    find: 'if (!rows.some((row) => row.seq === last_seq && row.id === last_id)) return 0;',
    replace: '',
    law: 'the purge never takes what is not drained',
  },
  {
    name: 'hot store: a purge of an older epoch still deletes',
    file: 'test/faults/hot-memory.ts',
    find: 'if (hot.state.epoch > epoch) return 0;',
    replace: '',
    law: "the cursor's own row stays",
  },
  {
    name: 'ledger: a batch is dated by another clock than its own',
    file: 'test/faults/rollup-transaction.ts',
    find: 'committed_at: ledger.engine.scheduler.now',
    replace: 'committed_at: 0',
    law: 'the purge never takes what a failover could lose',
  },
  {
    name: 'ledger: the stamp of the days has no quantities',
    file: 'test/faults/ledger-ports.ts',
    find: '[what, day, version, total, count]',
    replace: '[what, day, version]',
    law: 'what was verified is what was invoiced',
  },
];

/** Guards that stand in SQL, for the tests on real engines. */
export const SQL_MUTANTS: readonly Mutant[] = [
  {
    name: "hot store: deletes although the cursor's row is gone",
    file: 'src/rollup/hot-store.ts',
    find: 'AS anchor WHERE anchor.seq = ?3 AND anchor.id = ?4)',
    replace: 'AS anchor WHERE ?3 IS NOT NULL AND ?4 IS NOT NULL)',
    law: 'the purge never takes what is not drained',
  },
  {
    name: 'ledger: the cursor is locked wherever it stands',
    file: STORE,
    find: 'AND epoch = $3 AND last_seq = $4 AND halted_at IS NULL FOR UPDATE',
    replace: 'AND ($3::int IS NOT NULL OR $4::bigint IS NOT NULL)',
    law: 'batches are contiguous',
  },
  {
    name: 'ledger: periods are read without their share lock',
    file: 'src/tenants/period-store.ts',
    find: 'ORDER BY organisation_id, year, month FOR SHARE',
    replace: 'ORDER BY organisation_id, year, month',
    law: "a closed period's aggregates never change",
  },
  {
    name: 'ledger: the period is read without its lock',
    file: PERIODS,
    find: 'OF_PERIOD} FOR UPDATE',
    replace: 'OF_PERIOD}',
    law: "a closed period's aggregates never change",
  },
  {
    name: 'ledger: a position younger than the horizon',
    file: CURSORS,
    find: 'AND b.committed_at <= $3 AND c.halted_at IS NULL',
    replace: 'AND $3::timestamptz IS NOT NULL AND c.halted_at IS NULL',
    law: 'the purge never takes what a failover could lose',
  },
];

const ROOT = join(import.meta.dirname, '../..');

export function mutate(mutant: Mutant): Plugin {
  const path = join(ROOT, mutant.file);
  return {
    name: `mutant: ${mutant.name}`,
    setup(build) {
      let isLoaded = false;
      build.onLoad({ filter: /\.ts$/ }, async (file) => {
        if (file.path !== path) return undefined;
        const parts = (await readFile(path, 'utf8')).split(mutant.find);
        if (parts.length !== 2)
          throw new Error(`${mutant.file} has its guard ${parts.length - 1} times, not once: ${mutant.find}`);
        isLoaded = true;
        return { contents: parts.join(mutant.replace), loader: 'ts' };
      });
      build.onEnd(() => {
        if (!isLoaded) throw new Error(`${mutant.file} is not part of the bundle`);
      });
    },
  };
}
