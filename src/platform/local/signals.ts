import { isAlive } from './processes.ts';

const AGAIN_MS = 2_000;
const FORCE_AFTER_MS = 10_000;

/**
 * Stops once, however the signal comes: a Ctrl-C reaches every process of the terminal's group and is passed on by those
 * above as well, so the same wish may arrive three times. A second wish, later, is impatience and ends the process.
 * `exitCode` is for work that a stop leaves unfinished.
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
 * Killed above us (kill -9 of npm): nobody is left to pass a signal on, so its end is the signal. Where the variable
 * names another than our parent it was only handed down to us.
 */
function watchParent(handle: () => void): void {
  const parent = Number(process.env.METERBOOK_PARENT ?? 0);
  if (!parent || (parent !== process.ppid && isAlive(parent))) return;
  setInterval(() => {
    if (process.ppid !== parent) handle();
  }, 250).unref();
}
