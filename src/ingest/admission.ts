/**
 * The guard against too many requests of a key. Asking the platform's limiter costs as much as the rest of a small request,
 * so one question stands for several requests: every tenth of a key in this isolate asks, until one is refused; then each
 * asks until one is admitted again. The limiter's own limit is a tenth of the limit meant; both are approximate by nature.
 */
export const REQUESTS_PER_QUESTION = 10;
const KEYS_MAX = 10_000;

export interface Admission {
  /** False where the key has had its requests of this minute. */
  admits(keyId: string, ask: (keyId: string) => Promise<boolean>): Promise<boolean>;
}

export function createAdmission(): Admission {
  // Requests until the next question. A Map keeps the order of insertion: its first entry is the oldest.
  const untilQuestion = new Map<string, number>();
  return {
    async admits(keyId, ask) {
      const left = untilQuestion.get(keyId) ?? 0;
      if (left > 0) {
        untilQuestion.set(keyId, left - 1);
        return true;
      }
      if (untilQuestion.size >= KEYS_MAX && !untilQuestion.has(keyId)) {
        const oldest = untilQuestion.keys().next();
        if (!oldest.done) untilQuestion.delete(oldest.value);
      }
      // Set before the answer is there: those that come meanwhile are of the same ten.
      untilQuestion.set(keyId, REQUESTS_PER_QUESTION - 1);
      const isAdmitted = await ask(keyId);
      if (!isAdmitted) untilQuestion.set(keyId, 0);
      return isAdmitted;
    },
  };
}
