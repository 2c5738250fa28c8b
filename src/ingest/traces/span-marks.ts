/** The marks that counted spans leave in their trace: relate-spans.ts derives them, span-store.ts stores them. */

/** What can repeat what. */
export type Family = 'generation' | 'embeddings';

/** How a family's marks say that at the place, or above it, something was counted: what is below repeats it. */
export const COUNTED: Readonly<Record<Family, string>> = { generation: '>', embeddings: 'e>' };
/** That something below the place was counted. */
export const COUNTED_BELOW: Readonly<Record<Family, string>> = { generation: '<', embeddings: 'e<' };
/** That something below the place failed, and used nothing. */
export const FAILED_BELOW: Readonly<Record<Family, string>> = { generation: '~', embeddings: 'e~' };

/** In place of the id of the event that holds a span's key, where its usage is counted by another span. */
export const COUNTED_ELSEWHERE = '';
