/** The time limits of tests only end hanging ones: no verdict depends on how fast a machine is. */

/** For a test, a hook, and a wait for a real process. */
export const HANG_MS = 600_000;
/** For a test that `npm run test:long` runs. */
export const LONG_HANG_MS = 3_600_000;
