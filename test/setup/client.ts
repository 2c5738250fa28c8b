/** How an engine test reaches the runtime that test/setup/runtime.ts started. */
import pg from 'pg';
import { inject } from 'vitest';
import type { ControlRequest } from './control.ts';

export const { url: baseUrl, adminKey, ownerDatabaseUrl, databaseUrl, control } = inject('runtime');

export interface ApiInit {
  /** By default the admin key of the run; null sends none. */
  readonly key?: string | null;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, by POST unless a method is given. */
  readonly json?: unknown;
  readonly body?: string | Uint8Array<ArrayBuffer> | ReadableStream;
}

export function api(path: string, { key = adminKey, json, body, ...init }: ApiInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (key !== null && !headers.has('authorization')) headers.set('authorization', `Bearer ${key}`);
  if (json !== undefined && !headers.has('content-type')) headers.set('content-type', 'application/json');
  const sent = json === undefined ? body : JSON.stringify(json);
  return fetch(new URL(path, baseUrl), {
    method: init.method ?? (sent === undefined ? 'GET' : 'POST'),
    headers,
    redirect: 'manual',
    ...(sent !== undefined && { body: sent }),
    ...(sent instanceof ReadableStream && { duplex: 'half' as const }),
  });
}

/** Postgres as the owner: bypasses row-level security, to see the actual rows. End it after use. */
export async function connectOwner(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: ownerDatabaseUrl });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** Rows of one of the run's D1 databases. */
export const queryD1 = <Row>(
  binding: string,
  sql: string,
  ...params: (string | number | null)[]
): Promise<Row[]> => ask({ verb: 'd1', binding, sql, params }) as Promise<Row[]>;

/** Runs a schedule as its cron trigger would. */
export const fireCron = async (cron: string, at?: number): Promise<void> => {
  await ask({ verb: 'fire', cron, ...(at !== undefined && { at }) });
};

export const readPids = (): Promise<{ postgres?: number; workerd?: number }> =>
  ask({ verb: 'pids' }) as Promise<{ postgres?: number; workerd?: number }>;

async function ask(request: ControlRequest): Promise<unknown> {
  const response = await fetch(control.url, { method: 'POST', body: JSON.stringify(request) });
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}
