import { appendAudit, PLATFORM_CHAIN } from '../../access/audit/append-audit.ts';
import { AppError, invalidRequest } from '../../core/error.ts';
import { sha256Hex } from '../../core/sha256.ts';
import type { Ctx } from '../../db/ctx.ts';
import { type LedgerTransaction, PLATFORM } from '../../db/ledger.ts';
import { FONTS_PREFIX } from './load-stored-fonts.ts';

export interface AddFontInput {
  /** `NotoSansSC-Regular.ttf`; names of bold fonts end in `-Bold`. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Retries the documents that waited for glyphs. */
  readonly retryDocuments: (tx: LedgerTransaction) => Promise<number>;
}

export interface AddedFont {
  readonly name: string;
  readonly sha256: string;
  readonly bytes: number;
  /** The number of documents retried because of missing glyphs. */
  readonly documents_retried: number;
}

/** The first four bytes: TrueType outlines (Microsoft's and Apple's variants), or PostScript outlines. */
const SIGNATURES = ['00010000', '74727565', '4f54544f'];

/** Adds a font for characters that the built-in fonts lack. Throws `invalid_request` (not a font), `already_exists`. */
export async function addFont(ctx: Ctx, { name, bytes, retryDocuments }: AddFontInput): Promise<AddedFont> {
  assertFont(bytes);
  const font = { name, sha256: sha256Hex(bytes), bytes: bytes.length };
  return await ctx.ledger.transaction(PLATFORM, async (tx) => {
    const documents_retried = await retryDocuments(tx);
    await appendAudit(tx, ctx, {
      organisation_id: PLATFORM_CHAIN,
      entity_type: 'font',
      entity_id: name,
      action: 'font.add',
      changes: { ...font, documents_retried },
    });
    // Keep this last: if it fails, nothing was audited, and an existing font is never overwritten.
    const file = { bytes, media_type: name.endsWith('.otf') ? 'font/otf' : 'font/ttf' };
    if (await ctx.files.putIfAbsent(FONTS_PREFIX + name, file)) return { ...font, documents_retried };
    throw new AppError('already_exists', 'A font with this name already exists. Choose another name.');
  });
}

const HEADER_BYTES = 12;
const RECORD_BYTES = 16;
/** Tables needed to draw at all; the outlines are in one of the two below. */
const TABLES = ['cmap', 'head', 'hhea', 'hmtx', 'maxp'];
const OUTLINES = ['glyf', 'CFF '];

/** Checks the file's table directory (OpenType 1.9). An unreadable font would block every document that needs one. */
function assertFont(bytes: Uint8Array): void {
  const signature = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const tables = SIGNATURES.includes(signature) ? tablesOf(bytes) : [];
  if (TABLES.every((tag) => tables.includes(tag)) && OUTLINES.some((tag) => tables.includes(tag))) return;
  const detail = 'Must be a TrueType or OpenType font. Font collections are not supported.';
  throw invalidRequest([{ pointer: '', code: 'invalid_format', detail }]);
}

/** The tags of the tables that lie entirely within the file. */
function tablesOf(bytes: Uint8Array): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = bytes.length < HEADER_BYTES ? 0 : view.getUint16(4);
  const tags: string[] = [];
  for (let at = HEADER_BYTES; tags.length < count && at + RECORD_BYTES <= bytes.length; at += RECORD_BYTES) {
    const end = view.getUint32(at + 8) + view.getUint32(at + 12);
    tags.push(end <= bytes.length ? String.fromCharCode(...bytes.subarray(at, at + 4)) : '');
  }
  return tags;
}
