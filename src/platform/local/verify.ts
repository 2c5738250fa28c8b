/** `npm run verify`: format and lint, types, pure tests and tidy, in parallel; no database. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { REPOSITORY } from './paths.ts';
import { onStopSignal } from './signals.ts';

interface Check {
  readonly name: string;
  readonly command: readonly string[];
}

const CHECKS: readonly Check[] = [
  { name: 'format and lint', command: ['.bin/biome', 'check', '--error-on-warnings'] },
  { name: 'types', command: ['.bin/tsc', '--noEmit'] },
  {
    name: 'pure tests',
    command: ['.bin/vitest', 'run', '--config', 'test/vitest.config.ts', '--project', 'pure'],
  },
];

const INTERRUPTED = 130;
const running = new Set<ReturnType<typeof spawn>>();

function runCheck({ name, command }: Check): Promise<boolean> {
  const startedAt = performance.now();
  const [program = '', ...options] = command;
  const child = spawn(join(REPOSITORY, 'node_modules', program), options, {
    cwd: REPOSITORY,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...(process.stdout.isTTY && { FORCE_COLOR: '1' }) },
  });
  running.add(child);
  const output: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => output.push(chunk));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      running.delete(child);
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      if (code !== 0) process.stdout.write(Buffer.concat(output));
      process.stdout.write(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)\n`);
      resolve(code === 0);
    });
  });
}

onStopSignal(async () => {
  for (const child of running) child.kill('SIGTERM');
}, INTERRUPTED);
const results = await Promise.all(CHECKS.map(runCheck));
process.exit(results.includes(false) ? 1 : 0);
