import { isAlive } from './processes.ts';

const AGAIN_MS = 2_000;
const FORCE_AFTER_MS = 10_000;

/**
 * Stops once, however the signal arrives: a Ctrl-C reaches every process of the terminal's group and is also
 * passed on by the parent processes, so the same request may arrive three times. A second, later request ends
 * the process immediately. `exitCode` is for work that a stop leaves unfinished.
 */
export function onStopSignal(stop: () => Promise<void>, exitCode = 0): void {
  let firstAt: number | undefined;
  const handle = (): void => {
    const now = performance.now();
    if (firstAt !== undefined) {
      if (now - firstAt > AGAIN_MS) process.exit(1);
      return;
    }
    firstAt = now;
    setTimeout(() => process.exit(1), FORCE_AFTER_MS).unref();
    stop().then(
      () => process.exit(exitCode),
      () => process.exit(1),
    );
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, handle);
  watchParent(handle);
}

/**
 * If an ancestor was killed (kill -9 of npm), no process is left to pass a signal on, so its end is the
 * signal. If the variable names another process than the parent, it was only inherited.
 */
function watchParent(handle: () => void): void {
  const parent = Number(process.env.METERBOOK_PARENT ?? 0);
  if (!parent || (parent !== process.ppid && isAlive(parent))) return;
  setInterval(() => {
    if (process.ppid !== parent) handle();
  }, 250).unref();
}
