/** Readable tables. */
export type Say = (line: string) => void;

/** Digits in groups of three, by text: a quantity never passes through a float, not even for display. */
export const grouped = (decimal: string): string => {
  const [whole = '', fraction] = decimal.split('.');
  const groups = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? groups : `${groups}.${fraction}`;
};

export function table(
  say: Say,
  head: readonly string[],
  rows: readonly (readonly string[])[],
  left: readonly number[] = [0],
): void {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (left.includes(i) ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('   ');
  if (head.some((title) => title !== '')) say(`  ${line(head)}`);
  say(`  ${widths.map((width) => '─'.repeat(width)).join('───')}`);
  for (const row of rows) say(`  ${line(row)}`);
}
