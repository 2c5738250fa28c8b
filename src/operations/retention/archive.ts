/**
 * A file of payloads: gzip NDJSON with one line per call, and beside it a manifest that states what the file
 * must contain.
 */
import { TOKEN_KINDS, type TokenKind } from '../../ai/generation-row.ts';

export type ArchiveStatus = 'writing' | 'kept' | 'deleting' | 'deleted';

/** Sums over the calls in the file at its creation, as decimal text. */
export type ArchiveSums = Readonly<Record<`${TokenKind}_tokens` | 'cost_usd', string>>;

export const SUM_FIELDS = [...TOKEN_KINDS.map((kind) => `${kind}_tokens` as const), 'cost_usd'] as const;

export interface Manifest extends ArchiveSums {
  readonly organisation_id: string;
  readonly id: string;
  readonly file_key: string;
  readonly rows: number;
  /** Size of the file, and its hash. */
  readonly bytes: number;
  readonly sha256: string;
  readonly first_occurred_at: string;
  readonly last_occurred_at: string;
  readonly last_received_at: string;
}

export interface Archive extends Manifest {
  readonly status: ArchiveStatus;
  readonly replaced_by: string | null;
  readonly created_at: string;
  readonly verified_at: string | null;
  readonly deleted_at: string | null;
}

export interface ArchiveLine {
  readonly id: string;
  readonly occurred_at: string;
  readonly ingested_at: string;
  /** The line as in the file: JSON, never parsed on the way. */
  readonly text: string;
}

export const fileKeyOf = (organisationId: string, id: string): string =>
  `payloads/${organisationId}/${id}.ndjson.gz`;
export const manifestKeyOf = (fileKey: string): string => fileKey.replace(/\.ndjson\.gz$/, '.manifest.json');

const earliest = (instants: readonly string[]): string => instants.reduce((a, b) => (a < b ? a : b));
const latest = (instants: readonly string[]): string => instants.reduce((a, b) => (a > b ? a : b));

/** The time span of the lines; there is at least one. */
export const spanOf = (lines: readonly ArchiveLine[]) => ({
  first_occurred_at: earliest(lines.map((line) => line.occurred_at)),
  last_occurred_at: latest(lines.map((line) => line.occurred_at)),
  last_received_at: latest(lines.map((line) => line.ingested_at)),
});
