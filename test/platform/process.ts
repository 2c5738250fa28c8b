/** `npm start` as its users run it: a separate process, controlled by signals, observed through its output. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findFreePort } from '../../src/platform/local/ports.ts';

export const ROOT = resolve(import.meta.dirname, '../..');

export interface Started {
  readonly child: ChildProcess;
  readonly url: string;
  output(): string;
  /** Sends the signal and waits for the end; returns the exit code. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

export interface StartOptions {
  readonly stateDir: string;
  readonly port?: number;
  readonly checkout?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const children = new Set<ChildProcess>();
const folders = new Set<string>();

/** A folder that only its owner can enter, as mkdtemp creates it. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'meterbook-lifecycle-'));
  folders.add(folder);
  return folder;
}

/** For afterAll: cleans up whatever a failed test left. */
export async function cleanUp(): Promise<void> {
  await Promise.all([...children].map((child) => endChild(child, 'SIGTERM')));
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

export function launch({ stateDir, port, checkout = ROOT, env }: StartOptions) {
  const child = spawn(process.execPath, [join(checkout, 'src/platform/local/start.ts')], {
    cwd: checkout,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      STATE_DIR: stateDir,
      PORT: String(port),
      CRON: 'off',
      // Ends by itself if this test process is killed.
      METERBOOK_PARENT: String(process.pid),
      ...env,
    },
  });
  children.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return { child, output: () => output };
}

export async function start(options: StartOptions): Promise<Started> {
  const port = options.port ?? (await findFreePort());
  const { child, output } = launch({ ...options, port });
  while (!output().includes('is ready at')) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${output()}`);
    await sleep(20);
  }
  return {
    child,
    url: `http://127.0.0.1:${port}`,
    output,
    end: (signal) => endChild(child, signal),
  };
}

/** For a start that must fail: its exit code and its stderr. */
export async function refuse(options: StartOptions): Promise<{ code: number | null; said: string }> {
  const { child, output } = launch({ ...options, port: options.port ?? (await findFreePort()) });
  let said = '';
  child.stderr?.on('data', (text: string) => {
    said += text;
  });
  const code = await ended(child);
  if (said === '') said = output();
  return { code, said };
}

export async function endChild(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) child.kill(signal);
  return await ended(child);
}

async function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    await new Promise((done) => child.once('close', done));
  }
  children.delete(child);
  return child.exitCode;
}
