/**
 * The marks that counted spans leave at places of their trace: src/ingest/traces/relate-spans.ts creates them,
 * span-store.ts stores them.
 */

/** Calls of the same family can repeat each other's usage. */
export type Family = 'generation' | 'embeddings';

/** A family's mark that a span at the place or above it was counted: spans below repeat it. */
export const COUNTED: Readonly<Record<Family, string>> = { generation: '>', embeddings: 'e>' };
/** A span below the place was counted. */
export const COUNTED_BELOW: Readonly<Record<Family, string>> = { generation: '<', embeddings: 'e<' };
/** A span below the place failed and used nothing. */
export const FAILED_BELOW: Readonly<Record<Family, string>> = { generation: '~', embeddings: 'e~' };

/** Replaces the id of the event that holds a span's key if another span counts its usage. */
export const COUNTED_ELSEWHERE = '';
