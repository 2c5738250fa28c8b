import { measureBatches } from './ingest-batches.ts';
import { measureSingles } from './single-events.ts';
import { measureDrain } from './drain.ts';
for (const [id, f] of Object.entries({a: measureBatches, b: measureSingles, c: measureDrain})) {
  if (process.argv[2] && !process.argv[2].includes(id)) continue;
  for (const row of await f()) console.log(row.id, row.measured, row.floor, row.figure, JSON.stringify((row.detail as any).rounds?.map((r: any)=>(r.measured/r.floor).toFixed(3))));
}
