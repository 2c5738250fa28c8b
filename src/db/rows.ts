/** The rows of the tables as src/db/tables declares them: types only, so that nothing of drizzle reaches a Worker. */
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
/** What a SELECT of all columns yields. */
export type Row<Name extends TableName> = Tables[Name]['$inferSelect'];
/** What an INSERT takes: columns with a default may be left out. */
export type NewRow<Name extends TableName> = Tables[Name]['$inferInsert'];

type HotTables = {
  [Key in keyof typeof hot as (typeof hot)[Key] extends SQLiteTable
    ? (typeof hot)[Key]['_']['name']
    : never]: (typeof hot)[Key];
};

export type HotTableName = keyof HotTables;
/** The same of a table of D1. */
export type HotRow<Name extends HotTableName> = HotTables[Name]['$inferSelect'];
