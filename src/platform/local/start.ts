/** `npm start`. */
import { resolve } from 'node:path';
import { keepCompiledCode } from './compile-cache.ts';
import { readEnvironment } from './environment.ts';
import { runCommand } from './refusal.ts';
import type { Runtime } from './runtime.ts';
import { onStopSignal } from './signals.ts';

await runCommand(async () => {
  const startedAt = performance.now();
  const environment = readEnvironment();
  keepCompiledCode(environment.stateDir);
  // A reader that closes the pipe (`npm start | head`) must not end the process that supervises the engines.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const abort = new AbortController();
  let starting: Promise<Runtime> | undefined;
  onStopSignal(async () => {
    say('Stopping …');
    abort.abort();
    await starting?.then(
      (runtime) => runtime.stop(),
      () => undefined,
    );
  });
  const { startRuntime } = await import('./runtime.ts');
  starting = startRuntime({
    ...environment,
    signal: abort.signal,
    onProgress: say,
    onLog: (level, message) => process.stderr.write(`[${level}] ${message}\n`),
  });
  const runtime = await starting.catch((error: unknown) => {
    if (!abort.signal.aborted) throw error;
  });
  // Stopped while starting: the signal's handler ends the process.
  if (!runtime) return;

  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  say(`\nMeterbook is ready at ${runtime.url} (${seconds} s). State: ${resolve(environment.stateDir)}`);
  if (!environment.crons) say('CRON=off: scheduled jobs are off. Run them with POST /v1/admin/jobs/{name}.');
  if (runtime.adminKey) {
    say(`\nFirst admin key, shown only now: ${runtime.adminKey}`);
  }
  say(
    `\nNext: GET ${runtime.url}/ready, the API reference at ${runtime.url}/docs, a walk-through with curl in README.md.`,
  );
  say('Ctrl-C stops everything.');
});
