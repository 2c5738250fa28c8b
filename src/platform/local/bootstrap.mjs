// The entry point of every npm script, for any Node from 20 on, with only Node's own modules: installs the
// packages of package-lock.json if they are missing, then runs the command under the Node version that is one
// of them.
import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { install, isInstalled } from './install.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = resolve(HERE, '../../..');
const NODE = join(ROOT, 'node_modules/.bin/node');
const local = (name) => [join(HERE, `${name}.ts`)];

const VITEST = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/vitest.config.ts'];

const COMMANDS = {
  start: local('start'),
  demo: local('demo'),
  migrate: local('migrate'),
  'admin-key': local('admin-key'),
  deploy: local('deploy'),
  'deploy:dry-run': [...local('deploy'), '--dry-run'],
  verify: local('verify'),
  test: [...VITEST, '--project=pure', '--project=engine'],
  'test:long': [...VITEST, '--project=long'],
  bench: ['test/bench/main.ts'],
  faults: ['test/faults/main.ts'],
};

const KEEPS_COMPILED_CODE = ['start', 'demo'];

function fail(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

const [name = '', ...rest] = process.argv.slice(2);
const command = COMMANDS[name];
if (Number(process.versions.node.split('.')[0]) < 20) {
  fail(`Meterbook needs Node 20 or newer; this is ${process.versions.node}.`);
}
if (!command) fail(`Unknown command ${name || '(none)'}. Use one of ${Object.keys(COMMANDS).join(', ')}.`);

try {
  if (!isInstalled(ROOT)) await install(ROOT);
} catch (error) {
  fail(error instanceof Error ? error.message : String(error));
}
if (!existsSync(resolve(ROOT, command[0]))) fail(`The command ${name} is not part of this checkout.`);

/** Where Node keeps compiled code: set here, it also applies to the first file. */
function nameCompileCache() {
  const folder = join(ROOT, 'node_modules/.cache/meterbook');
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
    return { NODE_COMPILE_CACHE: folder };
  } catch {
    // Read-only modules: the command keeps compiled code in its state.
    return {};
  }
}

const child = spawn(NODE, [...command, ...rest], {
  cwd: ROOT,
  stdio: 'inherit',
  env: {
    ...(KEEPS_COMPILED_CODE.includes(name) && nameCompileCache()),
    ...process.env,
    PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH ?? ''}`,
    METERBOOK_PARENT: String(process.pid),
    NODE_NO_WARNINGS: '1',
  },
});

// npm passes on a signal that the terminal has also sent to this process: it is one request, passed on once.
const AGAIN_MS = 1_000;
const lastAt = {};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    const now = performance.now();
    if (lastAt[signal] === undefined || now - lastAt[signal] > AGAIN_MS) child.kill(signal);
    lastAt[signal] = now;
  });
}

// If npm itself was killed, no process passes signals on any more.
const parent = process.ppid;
if (process.env.npm_lifecycle_event) {
  setInterval(() => {
    if (process.ppid !== parent) child.kill('SIGTERM');
  }, 250).unref();
}

child.on('error', (error) => fail(`Cannot run ${NODE} (${error.message}).`));
child.on('exit', (code, signal) => {
  if (signal === null) process.exit(code ?? 1);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  // A signal that does not end this process (npm ignores some) must not leave it hanging.
  setTimeout(() => process.exit(1), 200);
});
