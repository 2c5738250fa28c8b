/** The suite's own migrated ledger in the run's cluster, for changes that must not affect the shared one. */
import pg from 'pg';
import { appUrlOf } from '../../src/platform/local/stores/app-login.ts';
import { connectOwner, ownerDatabaseUrl } from './client.ts';
import { TEMPLATE, urlOfDatabase } from './template.ts';

export interface OwnDatabase {
  /** As the owner: bypasses row-level security. */
  readonly owner: pg.Client;
  readonly ownerUrl: string;
  /** The URL with which the Workers connect. */
  readonly appUrl: string;
  close(): Promise<void>;
}

export async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

export async function createDatabase(name: string, migrated = true): Promise<OwnDatabase> {
  const database = `${name}_${process.pid}`;
  const cluster = await connectOwner();
  await cluster.query(`CREATE DATABASE ${database}${migrated ? ` TEMPLATE ${TEMPLATE}` : ''}`);
  const ownerUrl = urlOfDatabase(ownerDatabaseUrl, database);
  const owner = await connect(ownerUrl);
  return {
    owner,
    ownerUrl,
    appUrl: appUrlOf(ownerUrl),
    async close() {
      await owner.end();
      await cluster.query(`DROP DATABASE ${database} WITH (FORCE)`);
      await cluster.end();
    },
  };
}
