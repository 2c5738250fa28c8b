/** The rows of the tables as declared in src/db/tables: types only, so that no drizzle code ends up in a Worker. */
import type { PgTable } from 'drizzle-orm/pg-core';
import type { SQLiteTable } from 'drizzle-orm/sqlite-core';
import type * as hot from './hot-schema.ts';
import type * as ai from './tables/ai.ts';
import type * as invoicing from './tables/invoicing.ts';
import type * as operations from './tables/operations.ts';
import type * as payments from './tables/payments.ts';
import type * as pricing from './tables/pricing.ts';
import type * as tenants from './tables/tenants.ts';
import type * as usage from './tables/usage.ts';

type Wings = typeof ai &
  typeof invoicing &
  typeof operations &
  typeof payments &
  typeof pricing &
  typeof tenants &
  typeof usage;

type Tables = {
  [Key in keyof Wings as Wings[Key] extends PgTable ? Wings[Key]['_']['name'] : never]: Wings[Key];
};

export type TableName = keyof Tables;
/** The row of a SELECT of all columns. */
export type Row<Name extends TableName> = Tables[Name]['$inferSelect'];
/** The row of an INSERT: columns with a default may be left out. */
export type NewRow<Name extends TableName> = Tables[Name]['$inferInsert'];

type HotTables = {
  [Key in keyof typeof hot as (typeof hot)[Key] extends SQLiteTable
    ? (typeof hot)[Key]['_']['name']
    : never]: (typeof hot)[Key];
};

export type HotTableName = keyof HotTables;
/** The same for a D1 table. */
export type HotRow<Name extends HotTableName> = HotTables[Name]['$inferSelect'];
