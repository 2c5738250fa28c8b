/**
 * (h) `npm start` as its user sees it: from the command to "ready" on an empty and on an existing state, and
 * from Ctrl-C to the end of the process.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REPOSITORY } from '../../src/platform/local/paths.ts';
import { findFreePort } from '../../src/platform/local/ports.ts';
import { median, type Row } from './measurement.ts';

const FIRST_ROUNDS = 3;
const ROUNDS = 5;

export async function measureStartup(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'meterbook-bench-'));
  try {
    const firsts: Timing[] = [];
    for (let round = 0; round < FIRST_ROUNDS; round++)
      firsts.push(await startAndStop(join(folder, `${round}`)));
    const rounds: Timing[] = [];
    for (let round = 0; round < ROUNDS; round++) rounds.push(await startAndStop(join(folder, '0')));
    return [
      describe('h start', 'warm start to ready', startsOf(rounds), { gate: 3, aim: 2 }),
      describe('h first', 'first start, with an empty state, to ready', startsOf(firsts), {
        gate: 5,
        aim: 4,
      }),
      describe('h stop', 'Ctrl-C to gone', stopsOf(rounds), { gate: 0.5, aim: 0.25 }),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const startsOf = (timings: readonly Timing[]): number[] => timings.map(({ start }) => start);
const stopsOf = (timings: readonly Timing[]): number[] => timings.map(({ stop }) => stop);

function describe(
  id: string,
  what: string,
  seconds: readonly number[],
  { gate, aim }: { gate: number; aim: number },
): Row {
  const figure = median(seconds);
  return {
    id,
    what,
    measured: `${figure.toFixed(2)} s (${Math.min(...seconds).toFixed(2)} to ${Math.max(...seconds).toFixed(2)})`,
    floor: '',
    figure,
    target: { gate, aim, bound: 'most' },
    detail: { seconds },
  };
}

interface Timing {
  readonly start: number;
  readonly stop: number;
}

async function startAndStop(stateDir: string): Promise<Timing> {
  const port = await findFreePort();
  const begin = performance.now();
  const child = spawn(process.execPath, ['src/platform/local/bootstrap.mjs', 'start'], {
    cwd: REPOSITORY,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, STATE_DIR: stateDir, PORT: String(port), CRON: 'off' },
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  try {
    await isReady(child);
    const ready = performance.now();
    child.kill('SIGINT');
    await ended;
    return { start: (ready - begin) / 1000, stop: (performance.now() - ready) / 1000 };
  } finally {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  }
}

function isReady(child: ChildProcess): Promise<void> {
  let output = '';
  return new Promise((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      if (output.includes('is ready at')) resolve();
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('exit', (code) => reject(new Error(`npm start ended with ${code}: ${output}`)));
  });
}
