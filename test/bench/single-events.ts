/** (b) Requests of one event against a bare route on the same runtime that only inserts a row. */
import { makeEvents } from './events.ts';
import { openLab } from './lab.ts';
import { prepare } from './load.ts';
import { contest, perSecond, type Row } from './measurement.ts';

const CONNECTIONS = 16;
const REQUESTS = 1_000;
const ROUNDS = 9;

export async function measureSingles(): Promise<Row[]> {
  const lab = await openLab();
  try {
    // Separate clients, so that no key comes near its limit of requests per minute.
    const tenants = await lab.addTenants(CONNECTIONS);
    const run = async (path: string): Promise<number> => {
      const requests = makeEvents(REQUESTS).map((event, index) =>
        prepare({ path, key: tenants[index % CONNECTIONS]?.key ?? '', body: JSON.stringify(event) }),
      );
      return REQUESTS / (await lab.load(CONNECTIONS, requests));
    };
    const result = await contest(
      ROUNDS,
      () => run('/v1/events'),
      () => run('/bench/insert'),
    );
    return [
      {
        id: 'b',
        what: `requests of one event, ${CONNECTIONS} connections, against a bare route with one INSERT`,
        measured: perSecond(result.measured, 'requests'),
        floor: perSecond(result.floor, 'requests'),
        figure: result.ratio,
        target: { gate: 0.7, aim: 0.83, bound: 'least' },
        detail: { ...result },
      },
    ];
  } finally {
    await lab.stop();
  }
}
