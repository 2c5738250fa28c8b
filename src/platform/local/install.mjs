// Installs node_modules from package-lock.json; plain JavaScript for Node 20, like bootstrap.mjs.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const STILL_EVERY_MS = 5_000;
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const say = (line) => process.stdout.write(`${line}\n`);
const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

const stampOf = (root) => join(root, 'node_modules/.meterbook-install');
const hashLock = (root) =>
  createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');

/** True if the last successful installation was of this exact lock file. */
export function isInstalled(root) {
  if (!existsSync(join(root, 'node_modules/.bin/node'))) return false;
  const stamp = stampOf(root);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hashLock(root)) return true;
  if (!isInstalledByHand(root)) return false;
  writeStamp(root);
  return true;
}

/** `npm install` leaves a list of the packages it installed; the same versions need no second installation. */
function isInstalledByHand(root) {
  try {
    const wanted = readJson(join(root, 'package-lock.json')).packages;
    const found = readJson(join(root, 'node_modules/.package-lock.json')).packages;
    return Object.entries(wanted).every(([path, { version, optional, peer }]) => {
      const isThere = path === '' || found[path]?.version === version;
      return isThere || (found[path] === undefined && (optional || peer));
    });
  } catch {
    return false;
  }
}

function writeStamp(root) {
  try {
    writeFileSync(stampOf(root), hashLock(root));
  } catch {
    // Read-only modules: the next command checks again.
  }
}

export async function install(root) {
  const unlock = await takeLock(root);
  try {
    if (isInstalled(root)) return;
    await runNpm(root);
    if (!existsSync(join(root, 'node_modules/.bin/node'))) {
      throw new Error(
        'npm installed everything but Node itself: allow install scripts (npm config set ignore-scripts false).',
      );
    }
    writeStamp(root);
  } finally {
    unlock();
  }
}

/** Only one process installs at a time. The lock of a killed one is recognised by its pid. */
async function takeLock(root) {
  const path = join(root, '.meterbook/install.lock');
  let hasTold = false;
  for (;;) {
    try {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, String(process.pid), { flag: 'wx' });
      const unlock = () => rmSync(path, { force: true });
      process.once('exit', unlock);
      return unlock;
    } catch (error) {
      if (error.code !== 'EEXIST') {
        throw new Error(`Meterbook cannot install into ${root} (${error.code}): make the folder writable.`);
      }
    }
    if (isAbandoned(path)) {
      steal(path);
    } else {
      if (!hasTold) say('Another command is already installing; waiting for it …');
      hasTold = true;
      await sleep(300);
    }
  }
}

function isAbandoned(path) {
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    // Between its creation and the writing of its pid the file is empty for a moment.
    if (!pid) return Date.now() - statSync(path).mtimeMs > 5_000;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

/** Moved aside first: of two processes that steal at once, only one finds the file. */
function steal(path) {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
    rmSync(aside, { force: true });
  } catch {
    // The other process was faster.
  }
}

async function runNpm(root) {
  const startedAt = Date.now();
  const count = Object.keys(readJson(join(root, 'package-lock.json')).packages).length;
  say(`Installing up to ${count} packages from the npm registry; the first time takes a minute …`);
  // The machine's own npm configuration must not leave out packages that the commands need.
  const options = [
    'ci',
    '--no-audit',
    '--no-fund',
    '--include=dev',
    '--include=optional',
    '--ignore-scripts=false',
    '--loglevel=error',
  ];
  const npm = process.env.npm_execpath;
  const isScript = npm !== undefined && /npm-cli\.c?js$/.test(npm);
  const child = isScript
    ? spawn(process.execPath, [npm, ...options], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    : spawn('npm', options, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const ticker = setInterval(
    () => say(`  … still installing (${Math.round((Date.now() - startedAt) / 1000)} s)`),
    STILL_EVERY_MS,
  );
  const forward = (signal) => child.kill(signal);
  process.on('SIGINT', forward).on('SIGTERM', forward).on('SIGHUP', forward);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output = (output + text).slice(-20_000);
    });
  }
  try {
    const [code, signal] = await new Promise((done, reject) => {
      child.once('error', reject);
      child.once('close', (...result) => done(result));
    });
    if (signal) throw new Error('The installation was interrupted. Run the command again to restart it.');
    if (code !== 0) throw new Error(`The installation failed: ${reasonIn(output)}`);
  } catch (error) {
    if (error.code === 'ENOENT')
      throw new Error('The installation failed: npm was not found on this machine.');
    throw error;
  } finally {
    clearInterval(ticker);
    process.off('SIGINT', forward).off('SIGTERM', forward).off('SIGHUP', forward);
  }
  say(`Installed in ${Math.round((Date.now() - startedAt) / 1000)} s.`);
}

/** The first informative line of npm's error output. */
function reasonIn(output) {
  const lines = output
    .split('\n')
    .filter((line) => /^npm (error|ERR!)/.test(line))
    .map((line) => line.replace(/^npm (error|ERR!)\s*/, '').trim());
  const telling = lines.filter((line) => line && !/^(code|errno|syscall|path|A complete log)\b/.test(line));
  return (telling[0] ?? lines[0] ?? output.trim().split('\n').at(-1) ?? '').replace(/\.$/, '');
}
