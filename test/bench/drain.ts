/** (c) The drain against reading the same rows, inserting them and adding up the days, in the same Worker. */
import { uuidv7 } from '../../src/core/id.ts';
import { BATCH_EVENTS } from '../../src/rollup/run-rollup.ts';
import { makeEvents } from './events.ts';
import { openLab } from './lab.ts';
import { contest, perSecond, type Row } from './measurement.ts';

const BATCHES = 6;
const ROUNDS = 5;
const ORGANISATIONS = 10;
const PROJECTS_EACH = 4;

export async function measureDrain(): Promise<Row[]> {
  const lab = await openLab();
  try {
    const tenants = await lab.addTenants(ORGANISATIONS, PROJECTS_EACH);
    const events = BATCH_EVENTS * BATCHES;
    const floorsOrganisation = uuidv7(Date.now());
    let from = 0;
    // Both sides of a round get the same rows; the first side triggers their creation.
    let waiting = false;
    const makeRows = async (): Promise<void> => {
      if (!waiting) await lab.fill(tenants, makeEvents(events));
      waiting = !waiting;
    };
    const result = await contest(
      ROUNDS,
      async () => {
        await makeRows();
        const { counted, seconds } = await lab.drain();
        if (counted !== events) throw new Error(`${counted} of ${events} events were counted`);
        return events / seconds;
      },
      async () => {
        await makeRows();
        const startedAt = performance.now();
        const plan = { from, to: from + events, batch: BATCH_EVENTS, organisation_id: floorsOrganisation };
        const floor = await lab.post<{ events: number }>('/bench/drain', plan);
        const seconds = (performance.now() - startedAt) / 1000;
        if (floor.events !== events) throw new Error(`the floor read ${floor.events} of ${events} events`);
        from += events;
        return events / seconds;
      },
    );
    return [
      {
        id: 'c',
        what: `drain, batches of ${BATCH_EVENTS}, against read + plain insert + one grouped upsert`,
        measured: perSecond(result.measured, 'events'),
        floor: perSecond(result.floor, 'events'),
        figure: result.ratio,
        target: { gate: 0.6, aim: 0.8, bound: 'least' },
        detail: { ...result },
      },
    ];
  } finally {
    await lab.stop();
  }
}
