/**
 * Canonical JSON (RFC 8785): members sorted by UTF-16 units, numbers as ECMAScript prints them, no white
 * space. The text is written directly from the value, so that a member named `__proto__` is data like any
 * other.
 */
import { utf8Length } from './text.ts';

export interface CanonicalLimits {
  /** The outermost object or array is level 1. */
  readonly levels: number;
  /** UTF-8 bytes of the canonical text. */
  readonly bytes: number;
}

export type CanonicalFault = 'too_deep' | 'too_large' | 'not_unicode' | 'not_finite' | 'not_json';

/** Why a value has no canonical text. The caller turns it into its own fault. */
export class CanonicalJsonError extends Error {
  readonly code: CanonicalFault;

  constructor(code: CanonicalFault) {
    super(`no canonical JSON: ${code}`);
    this.name = 'CanonicalJsonError';
    this.code = code;
  }
}

const NO_LIMITS: CanonicalLimits = { levels: 100, bytes: Number.MAX_SAFE_INTEGER };

/**
 * The canonical text of a JSON value. Throws CanonicalJsonError: too_deep, too_large, not_unicode (a lone
 * surrogate or U+0000, in a name or a value), not_finite (`1e400` parses to Infinity), not_json (undefined, a
 * function …).
 * The walk stops at the depth limit, and as soon as the text must exceed the size limit, however large the
 * value is.
 */
export function canonicalJson(value: unknown, limits: CanonicalLimits = NO_LIMITS): string {
  const text = write(value, limits.levels, limits.bytes);
  // A UTF-16 unit takes one to three bytes.
  if (text.length * 3 > limits.bytes && utf8Length(text) > limits.bytes)
    throw new CanonicalJsonError('too_large');
  return text;
}

function write(value: unknown, levels: number, room: number): string {
  switch (typeof value) {
    case 'string':
      return quote(value);
    case 'number':
      if (!Number.isFinite(value)) throw new CanonicalJsonError('not_finite');
      return String(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      if (levels === 0) throw new CanonicalJsonError('too_deep');
      return Array.isArray(value) ? writeArray(value, levels, room) : writeObject(value, levels, room);
    default:
      throw new CanonicalJsonError('not_json');
  }
}

function writeArray(items: readonly unknown[], levels: number, room: number): string {
  let text = '[';
  for (let i = 0; i < items.length; i++) {
    if (i > 0) text += ',';
    text += write(items[i], levels - 1, room - text.length);
    if (text.length > room) throw new CanonicalJsonError('too_large');
  }
  return `${text}]`;
}

function writeObject(value: object, levels: number, room: number): string {
  const members = value as Readonly<Record<string, unknown>>;
  const names = Object.keys(members);
  // A member takes at least five bytes, including its comma: do not sort names that cannot fit.
  if (names.length * 5 > room) throw new CanonicalJsonError('too_large');
  if (!isSorted(names)) names.sort();
  let text = '{';
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    text += i > 0 ? `,${quote(name)}:` : `${quote(name)}:`;
    text += write(members[name], levels - 1, room - text.length);
    if (text.length > room) throw new CanonicalJsonError('too_large');
  }
  return `${text}}`;
}

function isSorted(names: readonly string[]): boolean {
  for (let i = 1; i < names.length; i++) if ((names[i - 1] as string) > (names[i] as string)) return false;
  return true;
}

// The characters that JSON escapes, and the surrogates, which must be checked in pairs.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is searched
const SPECIAL = /["\\\u0000-\u001f\ud800-\udfff]/;

/** The canonical text of a string. Throws CanonicalJsonError: not_unicode. */
export function quote(text: string): string {
  if (!SPECIAL.test(text)) return `"${text}"`;
  if (!text.isWellFormed() || text.includes('\0')) throw new CanonicalJsonError('not_unicode');
  return JSON.stringify(text);
}
