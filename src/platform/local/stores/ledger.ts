import pg from 'pg';
import { refusal } from '../refusal.ts';

/** Long enough even while this process is still loading on a slow machine. */
const CONNECT_TIMEOUT_MS = 30_000;

/** Opens the owner's connection; an unreachable database is reported in one sentence, without its password. */
export async function connectLedger(url: string, source = 'DATABASE_URL'): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  client.on('error', () => {});
  try {
    await client.connect();
    return client;
  } catch (error) {
    const { hostname, port, pathname } = new URL(url);
    const place = `${hostname}:${port || 5432}${pathname}`;
    throw refusal(`Cannot reach the Postgres of ${source} at ${place} (${reasonOf(error)}).`);
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return reasonOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}

export function assertDatabaseUrl(url: string): void {
  const isPostgres = URL.canParse(url) && /^postgres(ql)?:$/.test(new URL(url).protocol);
  if (!isPostgres) throw refusal('DATABASE_URL must look like postgres://user:password@host:5432/database.');
}
