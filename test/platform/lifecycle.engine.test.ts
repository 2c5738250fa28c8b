import { spawn } from 'node:child_process';
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { openState } from '../../src/platform/local/paths.ts';
import { findFreePort } from '../../src/platform/local/ports.ts';
import { findByEnvironment, isAlive } from '../../src/platform/local/processes.ts';
import { STATE_MARK } from '../../src/platform/local/reap.ts';
import { isHotMigrated } from '../../src/platform/local/stores/migrate-hot.ts';
import { HANG_MS } from '../setup/limits.ts';
import { cleanUp, endChild, launch, makeFolder, ROOT, refuse, type Started, start } from './process.ts';

afterAll(cleanUp);

const isAnswering = async (url: string): Promise<boolean> =>
  fetch(`${url}/health`).then(
    (response) => response.status < 500,
    () => false,
  );

async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + HANG_MS / 2;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('it never came true');
    await sleep(50);
  }
}

/** One sentence without internals of the program. */
function expectSentence({ code, said }: { code: number | null; said: string }, words: RegExp): void {
  expect(said).toMatch(words);
  expect(said.trim().split('\n')).toHaveLength(1);
  expect(said).not.toMatch(/\bat .*:\d+:\d+|node_modules|Error:/);
  expect(code).toBe(1);
}

/** 0 if there is no such file: while Postgres restarts there is none for a moment. */
function pidIn(path: string): number {
  try {
    return Number.parseInt(readFileSync(path, 'utf8'), 10) || 0;
  } catch {
    return 0;
  }
}

const enginesOf = (stateDir: string): { postgres: number; workerd: number } => {
  const { root, postgres } = openState(stateDir);
  return {
    postgres: pidIn(join(postgres, 'postmaster.pid')),
    workerd: findByEnvironment(STATE_MARK, root, 'workerd')[0] ?? -1,
  };
};

describe('one state, many starts', () => {
  // 0700, as mkdtemp creates it: as root, Postgres runs as `nobody`, who cannot traverse it.
  const stateDir = join(makeFolder(), 'state');
  let running: Started;

  test('a start on an empty folder serves and says where', async () => {
    running = await start({ stateDir });
    expect(await isAnswering(running.url)).toBe(true);
    expect(running.output()).toContain(running.url);
  });

  test('a second start on the same state refuses and leaves the first alone', async () => {
    expectSentence(await refuse({ stateDir }), /is in use by process \d+/);
    expect(await isAnswering(running.url)).toBe(true);
  });

  test('another state on the same port refuses', async () => {
    const port = Number(new URL(running.url).port);
    expectSentence(await refuse({ stateDir: makeFolder(), port }), new RegExp(`Port ${port} is taken`));
  });

  test('a Postgres that dies alone is started again', async () => {
    const before = enginesOf(stateDir).postgres;
    expect(before).toBeGreaterThan(0);
    process.kill(before, 'SIGKILL');
    await eventually(() => {
      const now = enginesOf(stateDir).postgres;
      return (
        now > 0 && now !== before && isAlive(now) && running.output().includes('Postgres ended by itself')
      );
    });
    expect(running.child.exitCode).toBeNull();
  });

  test('a workerd that dies alone is started again, on the same port', async () => {
    const before = enginesOf(stateDir).workerd;
    process.kill(before, 'SIGKILL');
    await eventually(async () => enginesOf(stateDir).workerd !== before && (await isAnswering(running.url)));
    expect(running.child.exitCode).toBeNull();
  });

  test('a kill -9 leaves D1 files that tell what they were migrated to', async () => {
    await running.end('SIGKILL');
    const { workerd } = enginesOf(stateDir);
    process.kill(workerd, 'SIGKILL');
    await eventually(() => !isAlive(workerd));
    expect(isMigrated('meterbook-directory', 'meterbook-hot-0')).toBe(true);
    expect(isMigrated('meterbook-directory', 'meterbook-of-nobody')).toBe(false);
    running = await start({ stateDir });
  });

  test('after a kill -9 of the whole the next start ends what survived and serves', async () => {
    const survivors = enginesOf(stateDir);
    await running.end('SIGKILL');
    expect(isAlive(survivors.postgres) && isAlive(survivors.workerd)).toBe(true);
    const port = Number(new URL(running.url).port);
    running = await start({ stateDir, port });
    expect(isAlive(survivors.postgres) || isAlive(survivors.workerd)).toBe(false);
    expect(await isAnswering(running.url)).toBe(true);
  });

  test('Ctrl-C stops everything, Postgres included', () => expectCleanEnd('SIGINT'));

  test('a pid that went to a stranger since is not ended, and does not keep Postgres from starting', async () => {
    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    writeFileSync(
      join(openState(stateDir).postgres, 'postmaster.pid'),
      `${stranger.pid}\n/elsewhere\n0\n1\n\n\n\n\n`,
    );
    running = await start({ stateDir });
    expect(await isAnswering(running.url)).toBe(true);
    expect(isAlive(stranger.pid ?? -1)).toBe(true);
    stranger.kill('SIGKILL');
  });

  test('SIGTERM stops everything as well', () => expectCleanEnd('SIGTERM'));

  function isMigrated(...databaseIds: string[]): boolean {
    const { workers, hotMigrations } = openState(stateDir);
    return isHotMigrated({ databaseIds, workersFolder: workers, hashFile: hotMigrations });
  }

  async function expectCleanEnd(signal: NodeJS.Signals): Promise<void> {
    const engines = enginesOf(stateDir);
    expect(await running.end(signal)).toBe(0);
    expect(isAlive(engines.postgres) || isAlive(engines.workerd)).toBe(false);
  }
});

test('a start that is stopped half-way leaves nothing running', async () => {
  const stateDir = makeFolder();
  const { root } = openState(stateDir);
  const { child, output } = launch({ stateDir, port: await findFreePort() });
  await eventually(() => output().includes('Starting Postgres'));
  expect(await endChild(child, 'SIGINT')).toBe(0);
  expect(findByEnvironment(STATE_MARK, root, 'workerd')).toEqual([]);
  expect(findByEnvironment('STATE_DIR', stateDir, 'postgres')).toEqual([]);
});

describe('migrations', () => {
  /** This checkout, with one more migration in both stores. */
  function makeNewerCheckout(): string {
    const checkout = makeFolder();
    for (const name of ['src', 'workers', 'migrations', 'wrangler.toml', 'package.json', 'tsconfig.json']) {
      cpSync(join(ROOT, name), join(checkout, name), { recursive: true });
    }
    symlinkSync(join(ROOT, 'node_modules'), join(checkout, 'node_modules'));
    writeFileSync(
      join(checkout, 'migrations/d1/9999_probe.sql'),
      'CREATE TABLE probe (id INTEGER PRIMARY KEY);\n',
    );
    writeFileSync(join(checkout, 'migrations/postgres/9999_probe.sql'), 'CREATE TABLE probe (id integer);\n');
    const journalPath = join(checkout, 'migrations/postgres/meta/_journal.json');
    const journal = JSON.parse(readFileSync(journalPath, 'utf8')) as { entries: { when: number }[] };
    const when = Math.max(...journal.entries.map((entry) => entry.when)) + 1;
    const probe = { idx: journal.entries.length, version: '7', when, tag: '9999_probe', breakpoints: true };
    writeFileSync(journalPath, JSON.stringify({ ...journal, entries: [...journal.entries, probe] }));
    return checkout;
  }

  test('an older state is migrated and a newer one refused', async () => {
    const stateDir = makeFolder();
    const checkout = makeNewerCheckout();
    await (await start({ stateDir })).end('SIGINT');

    const newer = await start({ stateDir, checkout });
    expect(newer.output()).toContain('Postgres: 1 migration applied.');
    expect(newer.output()).toContain('D1: 2 migrations applied.');
    await newer.end('SIGINT');

    const again = await start({ stateDir, checkout });
    expect(again.output()).not.toContain('applied');
    await again.end('SIGINT');

    expectSentence(await refuse({ stateDir }), /holds migrations that this checkout does not know/);
  });
});

describe('what cannot work is one sentence', () => {
  test('a state folder that cannot be written', async () => {
    const file = join(makeFolder(), 'file');
    writeFileSync(file, '');
    expectSentence(await refuse({ stateDir: join(file, 'state') }), /cannot be written \(ENOTDIR\)/);
  });

  test('a port held by any other program', async () => {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    expectSentence(await refuse({ stateDir: makeFolder(), port }), /is taken by another program/);
    server.close();
  });

  test.each([
    [
      'a database that is not there',
      { DATABASE_URL: 'postgres://me:hush@127.0.0.1:1/books' },
      /127\.0\.0\.1:1\/books/,
    ],
    ['a database URL that is none', { DATABASE_URL: 'mysql://hush' }, /DATABASE_URL must look like/],
    ['an admin key that is too short', { BOOTSTRAP_ADMIN_KEY: 'short' }, /needs at least 24/],
    ['a port that is none', { PORT: 'http' }, /PORT must be a number/],
    ['a switch that is neither', { CRON: 'yes' }, /CRON must be on or off/],
  ])('%s', async (_, env, words) => {
    const refused = await refuse({ stateDir: makeFolder(), env });
    expectSentence(refused, words);
    expect(refused.said).not.toContain('hush');
  });
});
