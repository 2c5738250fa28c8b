/** Information about the machine's processes: from /proc on Linux, from ps elsewhere. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const LINUX = process.platform === 'linux';

/** False also for a zombie: it has ended and only waits for its parent to read its status. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  if (!LINUX) return true;
  const stat = read(`/proc/${pid}/stat`);
  const state = stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
  return state !== 'Z' && state !== 'X' && stat !== '';
}

export function commandLineOf(pid: number): string {
  if (LINUX) return read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
  return ps('-o', 'command=', '-p', String(pid)).trim();
}

export function workingFolderOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
}

/** Processes of this user that were started with `name=value` in their environment and whose program is `program`. */
export function findByEnvironment(name: string, value: string, program: string): number[] {
  const mark = `${name}=${value}`;
  if (!LINUX) {
    return ps('-axwwE', '-o', 'pid=,command=')
      .split('\n')
      .filter((line) => line.includes(program) && line.includes(mark))
      .map((line) => Number.parseInt(line, 10));
  }
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter(
      (pid) =>
        commandLineOf(pid).includes(program) &&
        read(`/proc/${pid}/environ`).split('\0').includes(mark) &&
        isAlive(pid),
    );
}

/** Sends each signal in turn, waiting up to its timeout for the process to exit. */
export async function endProcess(pid: number, steps: readonly [NodeJS.Signals, number][]): Promise<boolean> {
  for (const [signal, patienceMs] of steps) {
    try {
      process.kill(pid, signal);
    } catch {
      return true;
    }
    const deadline = performance.now() + patienceMs;
    while (performance.now() < deadline) {
      if (!isAlive(pid)) return true;
      await sleep(10);
    }
  }
  return !isAlive(pid);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function ps(...options: string[]): string {
  try {
    return execFileSync('ps', options, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return '';
  }
}
