/** A row of any table, built from the catalogue alone, so that a table added later is tested too. */
import type pg from 'pg';
import { randomUUID } from '../setup/seeded.ts';

interface Column {
  readonly name: string;
  readonly type: string;
  /** The first value that a check of the form `column IN (…)` allows. */
  readonly allowed: string | null;
  readonly required: boolean;
}

const COLUMNS = `SELECT a.attname AS name, format_type(a.atttypid, NULL) AS type,
  a.attnotnull AND NOT a.atthasdef AS required,
  (SELECT substring(pg_get_constraintdef(c.oid) FROM a.attname || ' = ANY \\(ARRAY\\[''([^'']+)''') FROM pg_constraint c
   WHERE c.conrelid = a.attrelid AND c.contype = 'c' AND a.attnum = ANY (c.conkey) ORDER BY 1 LIMIT 1) AS allowed
  FROM pg_attribute a WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`;

const SAMPLES: Readonly<Record<string, () => string>> = {
  uuid: randomUUID,
  text: () => `sample ${randomUUID()}`,
  smallint: () => '7',
  integer: () => '7',
  bigint: () => '7',
  numeric: () => '1',
  boolean: () => 'true',
  jsonb: () => '{}',
  date: () => '2026-01-01',
  'timestamp with time zone': () => '2026-01-01T00:00:00Z',
};

/** Columns of a check that spans two columns: given even if they may be null. */
const FIXED: Readonly<Record<string, string>> = {
  'discounts.percentage': '10',
  'user_erasures.user_id': 'somebody',
  'billing_periods.ends_at': '2026-02-01T00:00:00Z',
  'ai_cost_adjustments.event_count': '1',
  'event_keys.ingested_at': '2026-01-01T00:00:00Z',
};

export interface SampleRow {
  readonly columns: readonly string[];
  readonly values: readonly string[];
}

/** `tenantColumn` gets the organisation; of the other columns, only the required ones get a value. */
export async function sampleRow(
  client: pg.Client,
  table: string,
  tenantColumn: string,
  organisationId: string,
): Promise<SampleRow> {
  const { rows } = await client.query<Column>(COLUMNS, [table]);
  const given = rows.filter(
    ({ required, name }) => required || name === tenantColumn || FIXED[`${table}.${name}`] !== undefined,
  );
  const sampleOf = ({ name, type, allowed }: Column): string => {
    if (name === tenantColumn) return organisationId;
    const sample = FIXED[`${table}.${name}`] ?? allowed ?? SAMPLES[type]?.();
    if (sample === undefined) throw new Error(`no sample for ${table}.${name} of type ${type}`);
    return sample;
  };
  return { columns: given.map((column) => column.name), values: given.map(sampleOf) };
}

export const insertSample = (client: pg.Client, table: string, { columns, values }: SampleRow) =>
  client.query(
    `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${values.map((_, index) => `$${index + 1}`).join(', ')})`,
    [...values],
  );
