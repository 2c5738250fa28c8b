/** (a) Ingest in batches against SQLite itself, in this process, inserting the same rows into the same table. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { uuidv7 } from '../../src/core/id.ts';
import { HOT_MIGRATIONS } from '../../src/platform/local/paths.ts';
import { type BenchEvent, makeEvents } from './events.ts';
import { type Lab, openLab, type Tenant } from './lab.ts';
import { prepare } from './load.ts';
import { contest, perSecond, type Row } from './measurement.ts';

const BATCH = 1_000;
const BATCHES = 60;
const IN_FLIGHT = 4;
const ROUNDS = 7;

export async function measureBatches(): Promise<Row[]> {
  const lab = await openLab();
  try {
    const tenants = await lab.addTenants(1);
    const sqlite = openSqlite(join(lab.stateDir, 'floor.sqlite'));
    const result = await contest(
      ROUNDS,
      () => ingest(lab, tenants),
      async () => insert(sqlite),
    );
    sqlite.close();
    return [
      {
        id: 'a',
        what: `ingest, batches of ${BATCH}, ${IN_FLIGHT} in flight, against node:sqlite`,
        measured: perSecond(result.measured, 'events'),
        floor: perSecond(result.floor, 'events'),
        figure: result.ratio,
        target: { gate: 0.25, aim: 0.36, bound: 'least' },
        detail: { ...result },
      },
    ];
  } finally {
    await lab.stop();
  }
}

async function ingest(lab: Lab, tenants: readonly Tenant[]): Promise<number> {
  const requests = Array.from({ length: BATCHES }, (_, index) =>
    prepare({
      path: '/v1/events',
      key: tenants[index % tenants.length]?.key ?? '',
      body: JSON.stringify(makeEvents(BATCH)),
    }),
  );
  return (BATCH * BATCHES) / (await lab.load(IN_FLIGHT, requests));
}

/** The migrated D1 schema in a file of its own, as durable as D1: write-ahead log, synchronous FULL. */
export function openSqlite(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  for (const name of readdirSync(HOT_MIGRATIONS).filter((file) => file.endsWith('.sql')).sort()) {
    database.exec(readFileSync(join(HOT_MIGRATIONS, name), 'utf8').replaceAll('--> statement-breakpoint', ''));
  }
  return database;
}

const INSERT = `INSERT INTO usage_events (id, organisation_id, project_id, metric_name, metric_value, unit, timestamp,
  user_id, metadata, idempotency_key, fingerprint, ingested_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

function insert(database: DatabaseSync): number {
  const batches = Array.from({ length: BATCHES }, () => rowsOf(makeEvents(BATCH)));
  const statement = database.prepare(INSERT);
  const startedAt = performance.now();
  for (const rows of batches) {
    database.exec('BEGIN');
    for (const row of rows) statement.run(...row);
    database.exec('COMMIT');
  }
  return (BATCH * BATCHES) / ((performance.now() - startedAt) / 1000);
}

const TENANT = '00000000-0000-7000-8000-00000000beef';

function rowsOf(events: readonly BenchEvent[]): SQLInputValue[][] {
  const now = Date.now();
  return events.map((event) => [
    uuidv7(now),
    TENANT,
    TENANT,
    event.metric_name,
    event.metric_value,
    event.unit,
    Date.parse(event.timestamp),
    event.user_id,
    JSON.stringify(event.metadata),
    event.idempotency_key,
    'x'.repeat(43),
    now,
  ]);
}
