/**
 * The parts of a statement that are columns of one table, checked by the compiler: if a column is renamed or
 * removed in src/db/tables, every store that lists, inserts, updates or filters by it fails to compile. The
 * rest of a statement is plain SQL.
 */
import { assert } from '../core/error.ts';
import { type Bindings, makeBindings } from './bindings.ts';
import type { NewRow, Row, TableName } from './rows.ts';

declare const YIELDS: unique symbol;

/** Column names separated by commas, as SELECT and RETURNING list them. */
export type ColumnList<Yields> = string & { readonly [YIELDS]?: Yields };

/** The row that a column list yields. */
export type RowOf<List> = List extends ColumnList<infer Yields> ? Yields : never;

/** `alias`: the table's alias in a statement with several tables. */
export const columns = <Name extends TableName, Column extends keyof Row<Name> & string>(
  _table: Name,
  names: readonly Column[],
  alias?: string,
): ColumnList<Pick<Row<Name>, Column>> => names.map((name) => qualified(name, alias)).join(', ');

const qualified = (name: string, alias: string | undefined): string =>
  alias === undefined ? name : `${alias}.${name}`;

/** Keeps only the named columns of a row: an object built by a verb may have more properties than its type declares. */
export const pick = <Given, Name extends keyof Given>(
  row: Given,
  names: readonly Name[],
): Pick<Given, Name> => Object.fromEntries(names.map((name) => [name, row[name]])) as Pick<Given, Name>;

/** SQL in place of a value. */
class Expression {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** The text comes from code, never from input. */
export const expression = (text: string): Expression => new Expression(text);
/** The start of the transaction; `CLOCK` is the current time. */
export const NOW = expression('now()');
export const CLOCK = expression('clock_timestamp()');

/** Rejects columns that the table does not have, even in an object that is not a literal. */
type Only<Given, Known> = Given & Record<Exclude<keyof Given, keyof Known>, never>;

/** The text can be continued: use `bind` for further values. */
export interface Statement extends Bindings {
  readonly text: string;
}

/** Inserts the columns that `row` names; the others take their defaults. ON CONFLICT and RETURNING can follow. */
export function insertOf<Name extends TableName, New extends Settable<NewRow<Name>>>(
  table: Name,
  row: Only<New, NewRow<Name>>,
): Statement {
  const bindings = makeBindings();
  const given = givenIn(row);
  const names = given.map(([name]) => name).join(', ');
  const values = given.map(([, value]) => settledBy(value, bindings)).join(', ');
  return { ...bindings, text: `INSERT INTO ${table} (${names}) VALUES (${values})` };
}

/** Updates the rows whose columns equal `where`. More conditions, and RETURNING, can follow. */
export function updateOf<Name extends TableName, Changes extends Partial<Settable<NewRow<Name>>>>(
  table: Name,
  changes: Only<Changes, NewRow<Name>>,
  where: Partial<Row<Name>>,
): Statement {
  const bindings = makeBindings();
  const equal = (name: string, value: unknown): string => `${name} = ${settledBy(value, bindings)}`;
  const set = givenIn(changes).map(([name, value]) => equal(name, value));
  const conditions = givenIn(where).map(([name, value]) => equal(name, value));
  assert(set.length > 0 && conditions.length > 0, 'an update sets columns of chosen rows');
  return { ...bindings, text: `UPDATE ${table} SET ${set.join(', ')} WHERE ${conditions.join(' AND ')}` };
}

/** The filters of a list by equality with these columns; an undefined value filters nothing. */
export const matching = <
  Name extends TableName,
  Column extends keyof Row<Name> & string,
  Filter extends { readonly [Key in Column]?: Filterable<Row<Name>[Key]> },
>(
  _table: Name,
  filter: Filter,
  names: readonly Column[],
  alias?: string,
): (readonly [string, string | number | boolean | undefined])[] =>
  names.map((name) => [`${qualified(name, alias)} =`, filter[name]] as const);

type Filterable<Value> = Extract<Value, string | number | boolean> | undefined;
type Settable<Columns> = { [Column in keyof Columns]: Columns[Column] | Expression };

/** Leaves out undefined values. */
function givenIn(row: object): [name: string, value: unknown][] {
  const given = Object.entries(row).filter(([, value]) => value !== undefined);
  // The compiler checks the names; this check also catches names that a cast hid from it.
  for (const [name] of given) assert(/^[a-z][a-z0-9_]*$/.test(name), `${name} is not the name of a column`);
  return given;
}

/** Arrays and objects are bound as JSON text, for jsonb columns: pg would send an array as a Postgres array. */
function settledBy(value: unknown, { bind }: Bindings): string {
  if (value instanceof Expression) return value.text;
  return bind(typeof value === 'object' && value !== null ? JSON.stringify(value) : value);
}
