import { noFaults } from './faults.ts';
import { simulate } from './simulate.ts';
const counts = noFaults();
const from = Number(process.argv[2] ?? 1), n = Number(process.argv[3] ?? 100);
const laws = new Map<string, number[]>(); let steps = 0; const t0 = Date.now();
for (let seed = from; seed < from + n; seed++) {
  const o = await simulate(seed, counts); steps += o.steps;
  if (o.broken) { const l = laws.get(o.broken.law) ?? []; l.push(seed); laws.set(o.broken.law, l);
   if (process.argv[4]) { console.log(o.broken.trace.join('\n')); console.log(o.broken.law, o.broken.detail); } }
}
console.log(laws, steps / n, Date.now() - t0, 'ms'); if (!process.argv[4]) console.log(counts);
