/**
 * Converts a timestamptz as Postgres writes it (`0050-01-02 00:00:00+00`) to RFC 3339 in UTC. Date would read
 * a year of the first century as a two-digit year, so such a text is parsed in ISO 8601 form.
 */
export function instantText(value: string): string {
  const iso = (): string => value.replace(' ', 'T').replace(/[+-]\d\d$/, '$&:00');
  return new Date(value.startsWith('00') ? iso() : value).toISOString();
}
