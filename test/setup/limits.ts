/** The limits of tests end what hangs and judge nothing: no verdict depends on how fast a machine is. */

/** Of a test, a hook, and a wait for a real process. */
export const HANG_MS = 600_000;
/** Of a test that `npm run test:long` runs. */
export const LONG_HANG_MS = 3_600_000;
