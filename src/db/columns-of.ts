import { getTableColumns } from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';

/** All columns of a table, of those that are added tomorrow too. */
export const columnsOf = (table: PgTable): string[] => Object.keys(getTableColumns(table));
