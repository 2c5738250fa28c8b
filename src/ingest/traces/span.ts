/** A span as either encoding of OTLP brings it: what billing reads of it, and nothing else. */
export type Value =
  | string
  | boolean
  /** An int64. */
  | bigint
  /** A double. */
  | number
  | null
  | readonly Value[]
  | { readonly [name: string]: Value };

export type Attributes = ReadonlyMap<string, Value>;

export interface Span {
  /** Lower-case hex, empty if it is not a valid id. */
  readonly trace_id: string;
  readonly span_id: string;
  /** Empty for a root, and if it is not a valid id. */
  readonly parent_span_id: string;
  readonly kind: number;
  /** Nanoseconds since the epoch, 0 where unknown. */
  readonly started_at: bigint;
  readonly ended_at: bigint;
  readonly is_error: boolean;
  readonly status_message: string;
  readonly attributes: Attributes;
  readonly resource: Attributes;
}

export const INTERNAL_KIND = 1;
export const ERROR_STATUS = 2;

/** Deeper values count as null; no attribute that is read here has any. */
export const VALUE_LEVELS_MAX = 32;

export const hexOf = (bytes: Uint8Array): string => {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
};

/** The id in lower case; empty where it has another length or is all zeros, which both say that it is none. */
export const validId = (hex: string, bytes: 8 | 16): string => {
  const id = hex.toLowerCase();
  return id.length === bytes * 2 && /^[0-9a-f]*[1-9a-f][0-9a-f]*$/.test(id) ? id : '';
};

/** Of bytes in an attribute, which JSON has no form for. */
export const base64Of = (bytes: Uint8Array): string => {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
};
