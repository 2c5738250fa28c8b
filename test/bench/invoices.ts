/**
 * Ungated: a month of many organisations drafted and finalized by the invoicing job, its documents rendered
 * and sent by the outbox, and the resulting load on Postgres.
 */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { METRICS } from './events.ts';
import { type Lab, openLab } from './lab.ts';
import { perSecond, type Row } from './measurement.ts';

const ORGANISATIONS = 1_000;
/** Fewer, for counting: a log of every statement slows the server. */
const COUNTED = 50;
const DOCUMENTS = 200;
const PERIOD = { year: 2026, month: 6, days: 30 };

interface Job {
  readonly status: 'succeeded' | 'partial' | 'failed';
  readonly drafted: number;
  readonly finalized: number;
  readonly refused_count: number;
}

export async function measureInvoices(): Promise<Row[]> {
  const lab = await openLab();
  try {
    await lab.addTenants(1);
    await addMonth(lab, ORGANISATIONS);
    const startedAt = performance.now();
    const { drafted, finalized } = await invoice(lab);
    const seconds = (performance.now() - startedAt) / 1000;
    if (finalized !== ORGANISATIONS)
      throw new Error(`${finalized} of ${ORGANISATIONS} invoices were finalized`);

    await lab.owner.query('UPDATE outbox SET delivered_at = now()');
    await addMonth(lab, DOCUMENTS);
    await invoice(lab);
    const documents = await deliver(lab, DOCUMENTS);

    await addMonth(lab, COUNTED);
    const statements = await countStatements(lab, () => invoice(lab));
    const outgoing = await countStatements(lab, () => deliver(lab, COUNTED));
    const what = `${METRICS.length} metrics, ${PERIOD.days} days`;
    return [
      {
        id: 'y invoices',
        what: `invoices drafted and finalized: ${ORGANISATIONS} organisations, ${what}`,
        measured: perSecond(finalized / seconds, 'invoices'),
        floor: '',
        figure: null,
        target: null,
        detail: { seconds, drafted, finalized },
      },
      {
        id: 'y statements',
        what: 'statements per invoice, draft and finalization, as Postgres logs them',
        measured: (statements / COUNTED).toFixed(1),
        floor: '',
        figure: null,
        target: null,
        detail: { statements, invoices: COUNTED },
      },
      {
        id: 'y documents',
        what: `documents rendered, stored and sent by e-mail, ${METRICS.length} lines each`,
        measured: perSecond(DOCUMENTS / documents, 'documents'),
        floor: '',
        figure: null,
        target: null,
        detail: { seconds: documents, documents: DOCUMENTS },
      },
      {
        id: 'y outgoing statements',
        what: 'statements per document rendered and sent',
        measured: (outgoing / COUNTED).toFixed(1),
        floor: '',
        figure: null,
        target: null,
        detail: { statements: outgoing, documents: COUNTED },
      },
    ];
  } finally {
    await lab.stop();
  }
}

/** Runs the job until it reports that nothing is left. */
async function invoice(lab: Lab): Promise<{ drafted: number; finalized: number }> {
  let drafted = 0;
  let finalized = 0;
  for (;;) {
    const job = await lab.post<Job>('/v1/admin/jobs/invoicing', {});
    drafted += job.drafted;
    finalized += job.finalized;
    if (job.refused_count > 0 || job.status === 'failed') {
      throw new Error(`the invoicing job refused: ${JSON.stringify(job).slice(0, 500)}`);
    }
    if (job.status === 'succeeded') return { drafted, finalized };
  }
}

/** Runs the outbox until every PDF is stored and its e-mail sent; returns the seconds. */
async function deliver(lab: Lab, documents: number): Promise<number> {
  const startedAt = performance.now();
  let delivered = 0;
  for (;;) {
    const job = await lab.post<{ status: string; delivered: number; failed: number }>(
      '/v1/admin/jobs/deliver',
      {},
    );
    delivered += job.delivered;
    if (job.failed > 0) throw new Error(`the outbox failed: ${JSON.stringify(job)}`);
    if (job.status === 'succeeded') break;
  }
  if (delivered !== 2 * documents) throw new Error(`${delivered} of ${2 * documents} messages left`);
  return (performance.now() - startedAt) / 1000;
}

/** Postgres itself logs each statement of the Workers' login; a text of several statements counts once. */
async function countStatements(lab: Lab, work: () => Promise<unknown>): Promise<number> {
  const log = join(lab.stateDir, 'postgres.log');
  await lab.owner.query(`ALTER ROLE meterbook_app SET log_statement = 'all'`);
  const before = statSync(log).size;
  await work();
  await lab.owner.query('ALTER ROLE meterbook_app RESET log_statement');
  const text = readFileSync(log).subarray(before).toString();
  return text.match(/LOG: {2}(statement|execute [^:]*): /g)?.length ?? 0;
}

/**
 * Organisations with one project each and an ended month of usage, one event per metric and day, as the drain
 * leaves it.
 */
async function addMonth(lab: Lab, organisations: number): Promise<void> {
  const first = `${PERIOD.year}-${String(PERIOD.month).padStart(2, '0')}-01`;
  const metrics = METRICS.map(([metric]) => metric);
  const units = METRICS.map(([, unit]) => unit);
  await lab.owner.query('SELECT ensure_usage_event_partitions($1, $1)', [`${first}T00:00:00Z`]);
  await lab.owner.query('BEGIN');
  await lab.owner.query(
    `CREATE TEMP TABLE made ON COMMIT DROP AS
     SELECT uuidv7() AS organisation_id, uuidv7() AS project_id FROM generate_series(1, ${organisations})`,
  );
  await lab.owner.query(
    `CREATE TEMP TABLE used ON COMMIT DROP AS
     SELECT organisation_id, project_id, metric_name, unit, uuidv7() AS id, day, day + interval '12 hours' AS hour,
       (1 + extract(day FROM day) * 7 + 0.25)::numeric AS total_value
     FROM made CROSS JOIN unnest('{${metrics}}'::text[], '{${units}}'::text[]) AS m(metric_name, unit)
     CROSS JOIN generate_series('${first}Z'::timestamptz, '${first}Z'::timestamptz + interval '${PERIOD.days - 1} days', '1 day') AS day`,
  );
  for (const text of statementsOf(first)) await lab.owner.query(text);
  await lab.owner.query('COMMIT');
  await lab.owner.query('VACUUM ANALYZE');
}

const statementsOf = (first: string): string[] => [
  `INSERT INTO organisations (id, name, billing_email, currency, billing_entity_id, shard)
   SELECT organisation_id, 'Bench', 'bench@example.com', 'USD', (SELECT id FROM billing_entities WHERE is_default), 0 FROM made`,
  `INSERT INTO billing_calendars (organisation_id, from_year, from_month, timezone, currency)
   SELECT organisation_id, ${PERIOD.year}, ${PERIOD.month}, 'UTC', 'USD' FROM made`,
  `INSERT INTO projects (organisation_id, id, name) SELECT organisation_id, project_id, 'Bench' FROM made`,
  `INSERT INTO billing_periods (organisation_id, year, month, starts_at, ends_at, timezone, currency)
   SELECT organisation_id, ${PERIOD.year}, ${PERIOD.month}, '${first}Z', '${first}Z'::timestamptz + interval '1 month', 'UTC', 'USD'
   FROM made`,
  `INSERT INTO event_keys (organisation_id, project_id, idempotency_key, event_id, fingerprint, occurred_at, ingested_at)
   SELECT organisation_id, project_id, id::text, id, md5(id::text), hour, hour FROM used`,
  `INSERT INTO usage_events (organisation_id, id, project_id, metric_name, metric_value, unit, timestamp, metadata,
     idempotency_key, ingested_at, hour, day)
   SELECT organisation_id, id, project_id, metric_name, total_value, unit, hour, '{}', id::text, hour, hour, day::date FROM used`,
  `INSERT INTO usage_hourly (organisation_id, project_id, metric_name, unit, hour, day, total_value, event_count)
   SELECT organisation_id, project_id, metric_name, unit, hour, day::date, total_value, 1 FROM used`,
  `INSERT INTO usage_daily (organisation_id, project_id, metric_name, unit, day, total_value, event_count)
   SELECT organisation_id, project_id, metric_name, unit, day::date, total_value, 1 FROM used`,
  `INSERT INTO usage_aggregates (organisation_id, id, project_id, metric_name, unit, year, month, total_value, event_count)
   SELECT organisation_id, uuidv7(), project_id, metric_name, unit, ${PERIOD.year}, ${PERIOD.month}, sum(total_value), count(*)
   FROM used GROUP BY organisation_id, project_id, metric_name, unit`,
];
