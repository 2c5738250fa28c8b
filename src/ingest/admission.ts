/**
 * Limits the request rate of each key. A call to the platform's limiter costs as much as the rest of a small
 * request, so one call covers several requests: in each isolate, every tenth request of a key asks the limiter,
 * until one is refused. After that each request asks until one is admitted again. The limiter is configured with a
 * tenth of the intended limit; both are approximate by nature.
 */
import { BoundedMap } from '../core/bounded-map.ts';

export const REQUESTS_PER_QUESTION = 10;
const KEYS_MAX = 10_000;

export interface Admission {
  /** False if the key has used up its requests for this minute. */
  admits(keyId: string, ask: (keyId: string) => Promise<boolean>): Promise<boolean>;
}

export function createAdmission(): Admission {
  const untilQuestion = new BoundedMap<string, { requests: number }>({ entriesMax: KEYS_MAX });
  return {
    async admits(keyId, ask) {
      const left = untilQuestion.get(keyId);
      if (left && left.requests > 0) {
        left.requests -= 1;
        return true;
      }
      // Set before the limiter responds: requests that arrive meanwhile belong to the same ten.
      untilQuestion.set(keyId, { requests: REQUESTS_PER_QUESTION - 1 });
      const isAdmitted = await ask(keyId);
      if (!isAdmitted) untilQuestion.set(keyId, { requests: 0 });
      return isAdmitted;
    },
  };
}
