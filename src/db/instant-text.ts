/**
 * A timestamptz as Postgres writes it (`0050-01-02 00:00:00+00`), as RFC 3339 in UTC. Of the first century Date would take
 * the year for one of two digits: that is read in ISO 8601's own form.
 */
export function instantText(value: string): string {
  const iso = (): string => value.replace(' ', 'T').replace(/[+-]\d\d$/, '$&:00');
  return new Date(value.startsWith('00') ? iso() : value).toISOString();
}
