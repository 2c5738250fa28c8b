/** A call's input or output as JSON that can be stored: limited in size, and valid for Postgres. */
import { CanonicalJsonError, canonicalJson } from '../core/canonical-json.ts';
import { utf8Length } from '../core/text.ts';
import { PAYLOAD_LIMITS } from './generation.ts';

/**
 * The payload as canonical JSON of at most 16 KiB. A larger one becomes `{"bytes": n, "head": "…", "truncated":
 * true}`: its full size in bytes, and as much of its text as fits. Lone surrogates (as in text cut between
 * UTF-16 units) and U+0000 become U+FFFD, so that descriptive data never causes a call to be rejected. Throws
 * CanonicalJsonError: too_deep, not_finite.
 */
export function payloadText(value: unknown): string {
  try {
    return boundedText(value);
  } catch (error) {
    if (!(error instanceof CanonicalJsonError && error.code === 'not_unicode')) throw error;
    return boundedText(mended(value, PAYLOAD_LIMITS.levels));
  }
}

function boundedText(value: unknown): string {
  try {
    return canonicalJson(value, PAYLOAD_LIMITS);
  } catch (error) {
    if (!(error instanceof CanonicalJsonError && error.code === 'too_large')) throw error;
    return cut(canonicalJson(value, { ...PAYLOAD_LIMITS, bytes: Number.MAX_SAFE_INTEGER }));
  }
}

const QUOTE = 34;
const BACKSLASH = 92;

function cut(text: string): string {
  const [before, after] = [`{"bytes":${utf8Length(text)},"head":`, ',"truncated":true}'];
  let room = PAYLOAD_LIMITS.bytes - before.length - after.length - 2;
  let end = 0;
  while (end < text.length) {
    const point = text.codePointAt(end) as number;
    room -= bytesInString(point);
    if (room < 0) break;
    end += point > 0xffff ? 2 : 1;
  }
  return `${before}${JSON.stringify(text.slice(0, end))}${after}`;
}

/** Canonical JSON contains no control characters, so only quotes and backslashes are escaped again. */
function bytesInString(point: number): number {
  if (point < 0x80) return point === QUOTE || point === BACKSLASH ? 2 : 1;
  if (point < 0x800) return 2;
  return point > 0xffff ? 4 : 3;
}

/** Text that Postgres can store. */
export const wellFormedText = (text: string): string => text.toWellFormed().replaceAll('\0', '\ufffd');

/** Changes nothing below the allowed depth: such a value is rejected as too deep. */
function mended(value: unknown, levels: number): unknown {
  if (typeof value === 'string') return wellFormedText(value);
  if (typeof value !== 'object' || value === null || levels === 0) return value;
  if (Array.isArray(value)) return value.map((item) => mended(item, levels - 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [wellFormedText(name), mended(member, levels - 1)]),
  );
}
