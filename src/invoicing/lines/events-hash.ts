/**
 * How a line proves which events it counts. For each project and day, the ledger sorts the idempotency keys of the
 * line's events by their UTF-8 bytes, writes each as `<bytes>:<key>` (the length in decimal, so that different
 * lists never give the same text), and hashes the whole text with SHA-256: `keys_hash`, in lower-case hexadecimal.
 * The line's hash is the SHA-256 of one row `<project_id> <day> <keys_hash>\n` for each project and day, sorted by
 * project_id and day.
 */
import { sha256Hex } from '../../core/sha256.ts';
import { compareTexts } from './billing-input.ts';

export interface KeysHash {
  readonly project_id: string;
  readonly day: string;
  readonly event_count: number;
  readonly keys_hash: string;
}

export interface EventsProof {
  readonly event_count: number;
  /** Null if there are no events. */
  readonly events_hash: string | null;
}

export function combineKeysHashes(rows: readonly KeysHash[]): EventsProof {
  if (rows.length === 0) return { event_count: 0, events_hash: null };
  const sorted = [...rows].sort((a, b) => compareTexts([a.project_id, a.day], [b.project_id, b.day]));
  return {
    event_count: rows.reduce((count, row) => count + row.event_count, 0),
    events_hash: sha256Hex(sorted.map((row) => `${row.project_id} ${row.day} ${row.keys_hash}\n`).join('')),
  };
}
