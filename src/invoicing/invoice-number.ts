/** Numbers of invoices (law 7): gapless per seller, series and financial year, and they end in their sequence digits. */
const SEQUENCE_DIGITS = 6;

/**
 * The financial year that holds a day, by the month in which it starts: '2026' where that is January, else '2026-27' from
 * that month of 2026 on.
 */
export function financialYearOf(day: string, startMonth: number): string {
  const year = BigInt(day.slice(0, 4));
  if (startMonth === 1) return day.slice(0, 4);
  const startsBefore = day.slice(5, 7) < String(startMonth).padStart(2, '0');
  const first = startsBefore ? year - 1n : year;
  return `${String(first).padStart(4, '0')}-${String(first + 1n).slice(-2)}`;
}

/** `{series}-{fy}-{seq}` with INV, 2026-27 and 42 → INV-2026-27-000042. A format that ends otherwise gets -{seq}. */
export function formatInvoiceNumber(
  format: string,
  { series, financialYear, sequence }: { series: string; financialYear: string; sequence: number },
): string {
  const complete = format.endsWith('{seq}') ? format : `${format}-{seq}`;
  const seq = String(sequence).padStart(SEQUENCE_DIGITS, '0');
  const fields: Readonly<Record<string, string>> = {
    '{series}': series,
    '{fy}': financialYear,
    '{seq}': seq,
  };
  return complete.replace(/\{(?:series|fy|seq)\}/g, (field) => fields[field] ?? field);
}
