export interface MediaType {
  /** Lower case, without parameters: `application/json`. */
  readonly type: string;
  /** Lower case. Null if the header names none. */
  readonly charset: string | null;
}

/** Parses the parts of a Content-Type (RFC 9110 §8.3) that are used here. */
export function parseMediaType(header: string): MediaType {
  const [type = '', ...parameters] = header.split(';');
  let charset: string | null = null;
  for (const parameter of parameters) {
    const [name = '', value = ''] = parameter.split('=');
    if (name.trim().toLowerCase() === 'charset')
      charset = value
        .trim()
        .replace(/^"(.*)"$/, '$1')
        .toLowerCase();
  }
  return { type: type.trim().toLowerCase(), charset };
}

export const isJsonType = ({ type }: MediaType): boolean =>
  type === 'application/json' || type === 'text/json' || /^[^/ ]+\/[^/ ]+\+json$/.test(type);
