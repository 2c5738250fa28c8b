import type { HotRow, HotTableName } from './rows.ts';

/** The same as `columns` for a table of D1. */
export const hotColumns = <Name extends HotTableName>(
  _table: Name,
  names: readonly (keyof HotRow<Name> & string)[],
): string => names.join(', ');
