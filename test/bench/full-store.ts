/** (f) Ingest and drain with two million events in both stores against empty ones: two runtimes, in turn. */
import { makeEvents } from './events.ts';
import { type Lab, openLab, type Tenant } from './lab.ts';
import { prepare } from './load.ts';
import { median, perSecond, type Row } from './measurement.ts';

const STORED = 2_000_000;
const FILL_CHUNK = 100_000;
const BATCHES = 20;
const ROUNDS = 9;
const ORGANISATIONS = 10;
const PROJECTS_EACH = 4;

interface Rates {
  readonly ingest: number;
  readonly drain: number;
}

export async function measureFullStore(): Promise<Row[]> {
  const labs = await Promise.all([openLab(), openLab()]);
  try {
    const [full, empty] = labs;
    const [fullTenants, emptyTenants] = await Promise.all(
      labs.map((lab) => lab.addTenants(ORGANISATIONS, PROJECTS_EACH)),
    );
    if (!fullTenants || !emptyTenants) throw new Error('no tenants');
    await store(full, fullTenants);
    const rounds: { full: Rates; empty: Rates }[] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      const isFullFirst = round % 2 === 0;
      const first = await run(isFullFirst ? full : empty, isFullFirst ? fullTenants : emptyTenants);
      const second = await run(isFullFirst ? empty : full, isFullFirst ? emptyTenants : fullTenants);
      const pair = isFullFirst ? { full: first, empty: second } : { full: second, empty: first };
      if (round > 0) rounds.push(pair);
    }
    return (['ingest', 'drain'] as const).map((part) => rowOf(part, rounds));
  } finally {
    await Promise.all(labs.map((lab) => lab.stop()));
  }
}

function rowOf(part: keyof Rates, rounds: readonly { full: Rates; empty: Rates }[]): Row {
  return {
    id: `f ${part}`,
    what: `${part} per event with ${STORED.toLocaleString('en-US')} events stored, against empty stores`,
    measured: perSecond(median(rounds.map(({ full }) => full[part])), 'events'),
    floor: perSecond(median(rounds.map(({ empty }) => empty[part])), 'events'),
    figure: median(rounds.map(({ full, empty }) => empty[part] / full[part])),
    target: { gate: 1.15, aim: 1, bound: 'most' },
    detail: { rounds },
  };
}

async function run(lab: Lab, tenants: readonly Tenant[]): Promise<Rates> {
  const events = BATCHES * 1000;
  const requests = Array.from({ length: BATCHES }, (_, index) => {
    const key = tenants[index % tenants.length]?.key ?? '';
    return prepare({ path: '/v1/events', key, body: JSON.stringify(makeEvents(1000)) });
  });
  const ingest = events / (await lab.load(4, requests));
  const { counted, seconds } = await lab.drain();
  if (counted !== events) throw new Error(`${counted} of ${events} events were counted`);
  return { ingest, drain: events / seconds };
}

// Key and project are derived from the number in the same way in both stores; the keys are older than any
// that is sent later.
const FILL_HOT = `INSERT INTO usage_events (id, organisation_id, project_id, metric_name, metric_value, unit, timestamp, user_id,
  metadata, idempotency_key, fingerprint, ingested_at)
WITH RECURSIVE numbers(n) AS (SELECT CAST(?1 AS INTEGER) UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < CAST(?2 AS INTEGER))
SELECT printf('00000000-0000-7000-8000-%012x', n), t.value->>0, t.value->>1, 'tokens.input', CAST(n % 5000 AS TEXT), 'tokens',
  CAST(?4 AS INTEGER), 'user_' || (n % 997), '{"model":"small-2","region":"eu-1"}', printf('evt_%020x', n),
  hex(randomblob(21)) || 'x', CAST(?4 AS INTEGER)
FROM numbers CROSS JOIN json_each(?3) AS t ON t.key = n % json_array_length(?3)`;

const FILL_LEDGER = `WITH rows AS MATERIALIZED (
  SELECT format('00000000-0000-7000-8000-%s', lpad(to_hex(n), 12, '0'))::uuid AS id, 'evt_' || lpad(to_hex(n), 20, '0') AS key, n,
    ($3::uuid[])[n % array_length($3::uuid[], 1) + 1] AS organisation_id, ($4::uuid[])[n % array_length($4::uuid[], 1) + 1] AS project_id
  FROM generate_series($1::int, $2::int - 1) AS n), keys AS (
  INSERT INTO event_keys (organisation_id, project_id, idempotency_key, event_id, fingerprint, occurred_at, ingested_at)
  SELECT organisation_id, project_id, key, id, md5(key) || '12345678901', now(), now() FROM rows)
INSERT INTO usage_events (organisation_id, id, project_id, metric_name, metric_value, unit, timestamp, user_id, metadata,
  idempotency_key, ingested_at, hour, day)
SELECT organisation_id, id, project_id, 'tokens.input', n % 5000, 'tokens', now(), 'user_' || n % 997,
  '{"model":"small-2","region":"eu-1"}', key, now(), date_trunc('hour', now()), current_date FROM rows`;

/** Fills D1 and the ledger as ingest and drain would have left them, and sets the cursor past the last row. */
async function store(lab: Lab, tenants: readonly Tenant[]): Promise<void> {
  // A drain creates the cursors, the partitions and the periods.
  await lab.fill(tenants, makeEvents(1000));
  await lab.drain();
  const pairs = JSON.stringify(tenants.map((tenant) => [tenant.organisationId, tenant.projectId]));
  const organisations = tenants.map((tenant) => tenant.organisationId);
  const projects = tenants.map((tenant) => tenant.projectId);
  const database = await lab.runtime.d1('HOT_0');
  const now = Date.now();
  for (let from = 0; from < STORED; from += FILL_CHUNK) {
    const to = from + FILL_CHUNK;
    await Promise.all([
      database.prepare(FILL_HOT).bind(from, to, pairs, now).run(),
      lab.owner.query(FILL_LEDGER, [from, to, organisations, projects]),
    ]);
  }
  const last = await database
    .prepare('SELECT seq, id FROM usage_events ORDER BY seq DESC LIMIT 1')
    .first<{ seq: number; id: string }>();
  await lab.owner.query(`UPDATE rollup_cursors SET last_seq = $1, last_id = $2 WHERE stream = 'events'`, [
    last?.seq,
    last?.id,
  ]);
  await lab.owner.query('VACUUM ANALYZE');
  await lab.owner.query('CHECKPOINT');
}
