import { isHeld, type Row } from './measurement.ts';

const COLUMNS = ['', 'what', 'measured', 'floor', 'ratio', 'gate', 'aim', 'holds'] as const;

/** The figures as a table for people. */
export function printTable(rows: readonly Row[]): string {
  const cells = rows.map((row) => {
    const { id, what, measured, floor, figure, target } = row;
    const held = isHeld(row);
    const sign = target === null ? '' : target.bound === 'least' ? '≥ ' : '≤ ';
    return [
      id,
      what,
      measured,
      floor,
      figure === null ? '' : shorten(figure),
      target === null ? '' : sign + shorten(target.gate),
      target === null ? '' : sign + shorten(target.aim),
      held === null ? '' : held ? 'yes' : 'NO',
    ];
  });
  const table = [[...COLUMNS], ...cells];
  const widths = COLUMNS.map((_, column) => Math.max(...table.map((line) => line[column]?.length ?? 0)));
  return table
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const shorten = (figure: number): string =>
  Number.isInteger(figure) ? String(figure) : figure.toFixed(figure < 10 ? 3 : 1);

export function describeMisses(rows: readonly Row[], failures: readonly string[]): string {
  const missed = rows.filter((row) => isHeld(row) === false).map((row) => row.id);
  const held = rows.filter((row) => isHeld(row) === true).length;
  const gates = missed.length === 0 ? `All ${held} gates hold.` : `Gates missed: ${missed.join(', ')}.`;
  return failures.length === 0 ? gates : `${gates} Could not be measured: ${failures.join('; ')}.`;
}
