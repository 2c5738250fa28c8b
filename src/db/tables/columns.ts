/** The column types, roles and policies that the Postgres tables share. */
import { sql } from 'drizzle-orm';
import { customType, pgPolicy, pgRole } from 'drizzle-orm/pg-core';
import { instantText } from '../instant-text.ts';

/** timestamptz in Postgres; in code, RFC 3339 UTC text with milliseconds. */
export const instant = customType<{ data: string; driverData: string }>({
  dataType: () => 'timestamptz',
  fromDriver: instantText,
});

/** NUMERIC without a bound, as decimal text; never a JS number. */
export const decimalText = customType<{ data: string; driverData: string }>({ dataType: () => 'numeric' });

export const quantityText = customType<{ data: string; driverData: string }>({
  dataType: () => 'numeric(38, 12)',
});

export const tenantRole = pgRole('meterbook_tenant');

export const platformRole = pgRole('meterbook_platform');

export const ofOrganisation = sql`organisation_id = NULLIF(current_setting('app.organisation_id', true), '')::uuid`;

export const policies = (table: string, using = ofOrganisation, withCheck = using) => [
  pgPolicy(`${table}_tenant`, { as: 'permissive', for: 'all', to: tenantRole, using, withCheck }),
  pgPolicy(`${table}_platform`, {
    as: 'permissive',
    for: 'all',
    to: platformRole,
    using: sql`true`,
    withCheck: sql`true`,
  }),
];

export const created = { created_at: instant().notNull().default(sql`now()`) };

export const timestamps = { ...created, updated_at: instant().notNull().default(sql`now()`) };
