/**
 * The guard against too many requests of a key. Asking the platform's limiter costs as much as the rest of a small request,
 * so one question stands for several requests: every tenth of a key in this isolate asks, until one is refused; then each
 * asks until one is admitted again. The limiter's own limit is a tenth of the limit meant; both are approximate by nature.
 */
import { BoundedMap } from '../core/bounded-map.ts';

export const REQUESTS_PER_QUESTION = 10;
const KEYS_MAX = 10_000;

export interface Admission {
  /** False where the key has had its requests of this minute. */
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
      // Set before the answer is there: those that come meanwhile are of the same ten.
      untilQuestion.set(keyId, { requests: REQUESTS_PER_QUESTION - 1 });
      const isAdmitted = await ask(keyId);
      if (!isAdmitted) untilQuestion.set(keyId, { requests: 0 });
      return isAdmitted;
    },
  };
}
