/** (h) `npm start` on a state that exists, as its user sees it: from the command to "ready", from Ctrl-C to gone. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REPOSITORY } from '../../src/platform/local/paths.ts';
import { findFreePort } from '../../src/platform/local/ports.ts';
import { median, type Row } from './measurement.ts';

const ROUNDS = 5;

export async function measureStartup(): Promise<Row[]> {
  const stateDir = mkdtempSync(join(tmpdir(), 'meterbook-bench-'));
  try {
    const first = await startAndStop(stateDir);
    const rounds: Timing[] = [];
    for (let round = 0; round < ROUNDS; round++) rounds.push(await startAndStop(stateDir));
    const start = median(rounds.map((round) => round.start));
    const stop = median(rounds.map((round) => round.stop));
    const detail = { first, rounds };
    return [
      {
        id: 'h start',
        what: 'warm start to ready',
        measured: `${start.toFixed(2)} s (the first, with an empty state, ${first.start.toFixed(2)} s)`,
        floor: '',
        figure: start,
        target: { gate: 5, aim: 3, bound: 'most' },
        detail,
      },
      {
        id: 'h stop',
        what: 'Ctrl-C to gone',
        measured: `${stop.toFixed(2)} s`,
        floor: '',
        figure: stop,
        target: { gate: 2, aim: 1, bound: 'most' },
        detail,
      },
    ];
  } finally {
    rmSync(stateDir, { recursive: true, force: true });
  }
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
