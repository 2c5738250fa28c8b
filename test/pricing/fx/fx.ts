/** Shared by the exchange rate tests: files in the ECB's format. */
export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** `eurofxref-hist.csv`: newest day first, no blanks, a trailing comma. */
export function histOf(
  codes: readonly string[],
  rows: readonly (readonly [day: string, ...rates: string[]])[],
): string {
  const lines = [...rows].sort(([a], [b]) => (a < b ? 1 : -1)).map((row) => `${row.join(',')},`);
  return `${[`Date,${codes.join(',')},`, ...lines].join('\n')}\n`;
}

export const dayAt = (first: string, index: number): string =>
  new Date(Date.parse(`${first}T00:00:00Z`) + index * 86_400_000).toISOString().slice(0, 10);
