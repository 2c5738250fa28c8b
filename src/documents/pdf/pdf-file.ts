/** A PDF in the file store. Its key is the hash of its bytes, and reads are verified against it. */
import type { FileStore } from '../../core/ports.ts';
import { sha256Hex } from '../../core/sha256.ts';

export const pdfKeyOf = (sha256: string): string => `documents/${sha256}.pdf`;

/** Throws if the file is missing or differs from what was rendered. */
export async function readPdf(files: FileStore, sha256: string): Promise<Uint8Array> {
  const file = await files.get(pdfKeyOf(sha256));
  if (!file) throw new Error(`the PDF ${sha256} is not in the file store`);
  if (sha256Hex(file.bytes) !== sha256) throw new Error(`the stored PDF ${sha256} does not match its hash`);
  return file.bytes;
}

/** The document's number, safe for a header and for every file system. */
export const pdfNameOf = (number: string): string =>
  `${number.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[.-]+/, '') || 'document'}.pdf`;
