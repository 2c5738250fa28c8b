/**
 * (d, e) The rows that D1 reports as written and read, and the resulting cost of a million events.
 * Independent of the machine.
 */
import { dollarsPerMillionEvents } from './dollars.ts';
import { makeEvents } from './events.ts';
import { type Lab, openLab, type Tenant } from './lab.ts';
import type { Row } from './measurement.ts';

const SIZES = [1, 100, 1000];
/** For the drain and the purge: three batches, of which the purge leaves the last. */
const DRAINED = 15_000;
const PAST_RETENTION = `UPDATE rollup_batches SET committed_at = now() - interval '400 hours'`;

interface Counts {
  readonly rows_read: number;
  readonly rows_written: number;
}

export async function measureRowCounts(): Promise<Row[]> {
  const lab = await openLab();
  try {
    const [tenant] = await lab.addTenants(1);
    if (!tenant) throw new Error('no tenant');
    // The first request also looks up the key, in the other database.
    await lab.fill([tenant], makeEvents(1));
    const rows: Row[] = [];
    const ingested = new Map<number, Counts>();
    for (const size of SIZES) {
      const events = makeEvents(size);
      const fresh = await sendCounted(lab, tenant, events);
      const again = await sendCounted(lab, tenant, events);
      ingested.set(size, fresh);
      rows.push(writtenRow(size, fresh), readRow(size, fresh, again));
    }
    const drain = await measureDrain(lab, tenant);
    const purge = await measurePurge(lab);
    rows.push({
      id: 'd purge',
      what: 'D1 rows written at the purge per event',
      measured: `${purge.written.toFixed(4)} rows`,
      floor: '',
      figure: purge.written,
      target: { gate: 1, aim: 1, bound: 'most' },
      detail: { drain, purge },
    });
    for (const size of SIZES) rows.push(dollarsRow(size, ingested.get(size), drain, purge));
    return rows.toSorted((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }));
  } finally {
    await lab.stop();
  }
}

const sendCounted = (lab: Lab, { key }: Tenant, events: readonly object[]): Promise<Counts> =>
  lab.post<Counts>('/bench/counted', events, key);

const writtenRow = (size: number, fresh: Counts): Row => ({
  id: `d ${size}`,
  what: `D1 rows written by a request of ${size}`,
  measured: `${fresh.rows_written} rows`,
  floor: '',
  figure: fresh.rows_written,
  target: { gate: 2 * size + 1, aim: 2 * size + 1, bound: 'most' },
  detail: { ...fresh },
});

const readRow = (size: number, fresh: Counts, again: Counts): Row => ({
  id: `e ${size}`,
  what: `D1 rows read per new event, requests of ${size}`,
  measured: `${(fresh.rows_read / size).toFixed(3)} rows (${(again.rows_read / size).toFixed(3)} in a full replay)`,
  floor: '',
  figure: fresh.rows_read / size,
  target: { gate: 2.1, aim: 1.1, bound: 'most' },
  detail: { fresh, again },
});

interface PerEvent {
  readonly read: number;
  readonly written: number;
}

async function measureDrain(lab: Lab, tenant: Tenant): Promise<PerEvent> {
  await lab.fill([tenant], makeEvents(DRAINED));
  const { job, ...counts } = await lab.post<Counts & { job: { n_in: number } }>('/bench/jobs/rollup', {});
  return { read: counts.rows_read / job.n_in, written: counts.rows_written / job.n_in };
}

async function measurePurge(lab: Lab): Promise<PerEvent> {
  const count = async (): Promise<number> => {
    const database = await lab.runtime.d1('HOT_0');
    return (await database.prepare('SELECT count(*) AS n FROM usage_events').first<number>('n')) ?? 0;
  };
  await lab.owner.query(PAST_RETENTION);
  const before = await count();
  const counts = await lab.post<Counts>('/bench/jobs/purge', {});
  const gone = before - (await count());
  return { read: counts.rows_read / gone, written: counts.rows_written / gone };
}

function dollarsRow(size: number, ingest: Counts | undefined, drain: PerEvent, purge: PerEvent): Row {
  if (!ingest) throw new Error(`requests of ${size} were not counted`);
  const perEvent = {
    requests: 1 / size,
    rowsRead: ingest.rows_read / size + drain.read + purge.read,
    rowsWritten: ingest.rows_written / size + drain.written + purge.written,
  };
  const dollars = dollarsPerMillionEvents(perEvent);
  return {
    id: `z dollars ${size}`,
    what: `dollars per million events at list prices, requests of ${size}`,
    measured: `$${dollars.toFixed(2)}`,
    floor: '',
    figure: null,
    target: null,
    detail: { dollars, perEvent },
  };
}
