/**
 * `npm run bench -- [--only a,b,…] [--json FILE]`. Ratios against floors that are measured in the same run,
 * on the same machine. It exits with 0 whatever it measures, and reports the gates that are missed.
 */
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { measureAnswers } from './ai-answers.ts';
import { measureBundle } from './bundle-size.ts';
import { measureDrain } from './drain.ts';
import { measureFullStore } from './full-store.ts';
import { measureGenerationDrain, measureGenerations } from './generations.ts';
import { measureBatches } from './ingest-batches.ts';
import { measureInvoices } from './invoices.ts';
import { isHeld, type Row } from './measurement.ts';
import { describeMisses, printTable } from './report.ts';
import { measureRowCounts } from './row-counts.ts';
import { measureSingles } from './single-events.ts';
import { measureStartup } from './startup.ts';

interface Measurement {
  readonly ids: readonly string[];
  readonly run: () => Promise<Row[]>;
  /** Runs only if `--only` names it: it takes long. */
  readonly isAlone?: true;
}

/** Letters as in the table of targets; d and e come from one run. */
const MEASUREMENTS: readonly Measurement[] = [
  { ids: ['a'], run: measureBatches },
  { ids: ['b'], run: measureSingles },
  { ids: ['c'], run: measureDrain },
  { ids: ['d', 'e'], run: measureRowCounts },
  { ids: ['f'], run: measureFullStore },
  { ids: ['g'], run: measureBundle },
  { ids: ['h'], run: measureStartup },
  { ids: ['i'], run: measureGenerations },
  { ids: ['j'], run: measureGenerationDrain },
  { ids: ['y'], run: measureInvoices },
  { ids: ['q'], run: measureAnswers, isAlone: true },
];

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const { values } = parseArgs({
  options: { json: { type: 'string' }, only: { type: 'string' } },
});
const wanted = values.only?.split(',');
const rows: Row[] = [];
const failures: string[] = [];
const startedAt = performance.now();
for (const { ids, run, isAlone } of MEASUREMENTS) {
  if (wanted ? !ids.some((id) => wanted.includes(id)) : isAlone) continue;
  const begin = performance.now();
  say(`Measuring ${ids.join(', ')} …`);
  try {
    rows.push(...(await run()));
  } catch (error) {
    failures.push(`${ids.join(', ')} (${error instanceof Error ? error.message : String(error)})`);
  }
  say(`  ${((performance.now() - begin) / 1000).toFixed(0)} s`);
}

const seconds = (performance.now() - startedAt) / 1000;
say(`\n${printTable(rows)}\n`);
say(describeMisses(rows, failures));
if (values.json !== undefined) {
  const machine = { cores: availableParallelism(), cpu: cpus()[0]?.model, node: process.version };
  const report = { seconds, machine, failures, rows: rows.map((row) => ({ ...row, holds: isHeld(row) })) };
  writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
}
process.exit(0);
