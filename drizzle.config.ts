import { defineConfig } from 'drizzle-kit';

// `STORE=d1 drizzle-kit generate` writes a migration for the hot stores, without it one for the ledger.
export default process.env.STORE === 'd1'
  ? defineConfig({ dialect: 'sqlite', schema: './src/db/hot-schema.ts', out: './migrations/d1' })
  : defineConfig({
      dialect: 'postgresql',
      schema: './src/db/tables/*.ts',
      out: './migrations/postgres',
      entities: { roles: true },
    });
