import type { HotRow, HotTableName } from './rows.ts';

/** Like `columns`, for a D1 table. */
export const hotColumns = <Name extends HotTableName>(
  _table: Name,
  names: readonly (keyof HotRow<Name> & string)[],
): string => names.join(', ');
