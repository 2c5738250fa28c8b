/** Files of payloads in the file store: written, read back and compared. */
import { canonicalJson } from '../../core/canonical-json.ts';
import type { FileStore } from '../../core/ports.ts';
import { sha256Hex } from '../../core/sha256.ts';
import { type ArchiveLine, type Manifest, manifestKeyOf } from './archive.ts';

/** The file does not exist, or does not match its manifest. */
export class UnreadableArchive extends Error {}

async function through(
  coder: CompressionStream | DecompressionStream,
  bytes: Uint8Array,
): Promise<Uint8Array> {
  const writer = coder.writable.getWriter();
  // An error surfaces on the side that is read.
  const written = writer
    .write(bytes.slice())
    .then(() => writer.close())
    .catch(() => undefined);
  const read = new Uint8Array(await new Response(coder.readable).arrayBuffer());
  await written;
  return read;
}

export async function packLines(lines: readonly ArchiveLine[]): Promise<Uint8Array> {
  const text = lines.map((line) => `${line.text}\n`).join('');
  return await through(new CompressionStream('gzip'), new TextEncoder().encode(text));
}

const manifestText = (manifest: Manifest): string =>
  // Only the manifest's own fields, whatever else the row has.
  canonicalJson({
    organisation_id: manifest.organisation_id,
    id: manifest.id,
    file_key: manifest.file_key,
    rows: manifest.rows,
    bytes: manifest.bytes,
    sha256: manifest.sha256,
    first_occurred_at: manifest.first_occurred_at,
    last_occurred_at: manifest.last_occurred_at,
    last_received_at: manifest.last_received_at,
    sums: {
      input_tokens: manifest.input_tokens,
      output_tokens: manifest.output_tokens,
      cache_read_tokens: manifest.cache_read_tokens,
      cache_write_5m_tokens: manifest.cache_write_5m_tokens,
      cache_write_1h_tokens: manifest.cache_write_1h_tokens,
      reasoning_tokens: manifest.reasoning_tokens,
      cost_usd: manifest.cost_usd,
    },
  });

/** The lines of a file that matches its manifest. Throws `UnreadableArchive`. */
export async function readLines(files: FileStore, manifest: Manifest): Promise<ArchiveLine[]> {
  const refuse = (what: string): never => {
    throw new UnreadableArchive(`${manifest.file_key} ${what}`);
  };
  const file = await files.get(manifest.file_key);
  if (!file) return refuse('is missing');
  if (file.bytes.length !== manifest.bytes || sha256Hex(file.bytes) !== manifest.sha256)
    return refuse('does not match its hash');
  const text = new TextDecoder().decode(await through(new DecompressionStream('gzip'), file.bytes));
  const lines = text
    .split('\n')
    .slice(0, -1)
    .map((line) => ({ ...(JSON.parse(line) as Omit<ArchiveLine, 'text'>), text: line }))
    .map(({ id, occurred_at, ingested_at, text }): ArchiveLine => ({ id, occurred_at, ingested_at, text }));
  if (lines.length !== manifest.rows) return refuse(`has ${lines.length} rows, not ${manifest.rows}`);
  return lines;
}

/**
 * Writes the file and its manifest, and reads both back. Throws `UnreadableArchive` if they differ from what
 * was written.
 */
export async function writeArchive(
  files: FileStore,
  manifest: Manifest,
  bytes: Uint8Array,
  lines: readonly ArchiveLine[],
): Promise<void> {
  const manifestKey = manifestKeyOf(manifest.file_key);
  const text = manifestText(manifest);
  await files.putIfAbsent(manifest.file_key, { bytes, media_type: 'application/gzip' });
  await files.putIfAbsent(manifestKey, {
    bytes: new TextEncoder().encode(text),
    media_type: 'application/json',
  });
  const read = await readLines(files, manifest);
  const isSame = read.every((line, index) => line.text === lines[index]?.text);
  const manifestFile = await files.get(manifestKey);
  if (!isSame || !manifestFile || new TextDecoder().decode(manifestFile.bytes) !== text)
    throw new UnreadableArchive(`${manifest.file_key} does not read back as written`);
}

export const removeArchive = (files: FileStore, fileKey: string): Promise<void> =>
  files.delete([fileKey, manifestKeyOf(fileKey)]);
