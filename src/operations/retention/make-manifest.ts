import { sha256Hex } from '../../core/sha256.ts';
import type { LedgerTransaction } from '../../db/ledger.ts';
import { type ArchiveLine, fileKeyOf, type Manifest, spanOf } from './archive.ts';
import { packLines } from './archive-file.ts';
import { sumCalls } from './archive-store.ts';

export interface MakeManifestInput {
  readonly organisation_id: string;
  /** The id of the archive. */
  readonly id: string;
  readonly lines: readonly ArchiveLine[];
}

/** The file of these lines, and its manifest. */
export async function makeManifest(
  tx: LedgerTransaction,
  { organisation_id, id, lines }: MakeManifestInput,
): Promise<{ readonly manifest: Manifest; readonly bytes: Uint8Array }> {
  const bytes = await packLines(lines);
  const manifest = {
    organisation_id,
    id,
    file_key: fileKeyOf(organisation_id, id),
    rows: lines.length,
    bytes: bytes.length,
    sha256: sha256Hex(bytes),
    ...spanOf(lines),
    ...(await sumCalls(tx, organisation_id, lines)),
  };
  return { manifest, bytes };
}
