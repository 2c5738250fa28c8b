/** (a) Ingest in batches against SQLite itself, in this process, inserting the same rows into the same table. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { uuidv7 } from '../../src/core/id.ts';
import { HOT_MIGRATIONS } from '../../src/platform/local/paths.ts';
import { type BenchEvent, type KeyOrder, makeEvents } from './events.ts';
import { type Lab, openLab } from './lab.ts';
import { prepare } from './load.ts';
import { type Contest, contest, perSecond, type Row } from './measurement.ts';

const BATCH = 1_000;
const BATCHES = 60;
const IN_FLIGHT = 4;
const ROUNDS = 7;
const RANDOM_ROUNDS = 3;

export async function measureBatches(): Promise<Row[]> {
  const gated = await compare('ordered', ROUNDS);
  const random = await compare('random', RANDOM_ROUNDS);
  const what = `ingest, batches of ${BATCH}, ${IN_FLIGHT} in flight, against node:sqlite`;
  return [
    row('a', what, gated, { gate: 0.25, aim: 0.36, bound: 'least' }),
    row('a2', `${what}: keys in random order`, random, null),
  ];
}

const row = (id: string, what: string, result: Contest, target: Row['target']): Row => ({
  id,
  what,
  measured: perSecond(result.measured, 'events'),
  floor: perSecond(result.floor, 'events'),
  figure: result.ratio,
  target,
  detail: { ...result },
});

async function compare(order: KeyOrder, rounds: number): Promise<Contest> {
  const lab = await openLab();
  try {
    const [tenant] = await lab.addTenants(1);
    const sqlite = openSqlite(join(lab.stateDir, 'floor.sqlite'));
    const result = await contest(
      rounds,
      () => ingest(lab, tenant?.key ?? '', order),
      async () => insert(sqlite, order),
    );
    sqlite.close();
    return result;
  } finally {
    await lab.stop();
  }
}

async function ingest(lab: Lab, key: string, order: KeyOrder): Promise<number> {
  const requests = Array.from({ length: BATCHES }, () =>
    prepare({ path: '/v1/events', key, body: JSON.stringify(makeEvents(BATCH, order)) }),
  );
  return (BATCH * BATCHES) / (await lab.load(IN_FLIGHT, requests));
}

/** The migrated D1 schema in a file of its own, as durable as D1: write-ahead log, synchronous FULL. */
function openSqlite(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  for (const name of readdirSync(HOT_MIGRATIONS)
    .filter((file) => file.endsWith('.sql'))
    .sort()) {
    database.exec(
      readFileSync(join(HOT_MIGRATIONS, name), 'utf8').replaceAll('--> statement-breakpoint', ''),
    );
  }
  return database;
}

const INSERT = `INSERT INTO usage_events (id, organisation_id, project_id, metric_name, metric_value, unit, timestamp,
  user_id, metadata, idempotency_key, fingerprint, ingested_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

function insert(database: DatabaseSync, order: KeyOrder): number {
  const batches = Array.from({ length: BATCHES }, () => rowsOf(makeEvents(BATCH, order)));
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
