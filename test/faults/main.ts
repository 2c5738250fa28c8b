/**
 * npm run faults -- [--runs N] [--seed S]   checks every law for N seeds from S, and counts each fault
 *                   --replay SEED           runs one seed and prints its whole trace
 *                   --mutants [--runs N]    removes each guard: which seed detects it, and which law breaks
 *                   --kill [--rounds R] [--events N]   kills the real runtime repeatedly
 */
import { parseArgs } from 'node:util';
import { FAULTS, type FaultCounts, noFaults } from './faults.ts';
import { isAsExpected, runMutants } from './run-mutants.ts';
import { type Outcome, simulate } from './simulate.ts';

const MET_MIN_PER_10_000 = 1_000;
const MUTANT_SEEDS_MAX = 20_000;

const { values } = parseArgs({
  options: {
    runs: { type: 'string' },
    seed: { type: 'string', default: '1' },
    replay: { type: 'string' },
    mutants: { type: 'boolean', default: false },
    kill: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '10' },
    events: { type: 'string', default: '20000' },
  },
});

const wholeNumber = (text: string, name: string): number => {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  console.error(`--${name} takes a whole number, not ${text}.`);
  process.exit(2);
};

process.exitCode = (await run()) ? 0 : 1;

async function run(): Promise<boolean> {
  if (values.kill) {
    const { runKills } = await import('./kill/kill.ts');
    return await runKills(wholeNumber(values.rounds, 'rounds'), wholeNumber(values.events, 'events'));
  }
  if (values.mutants) return await listMutants(wholeNumber(values.runs ?? String(MUTANT_SEEDS_MAX), 'runs'));
  if (values.replay !== undefined) return await replay(wholeNumber(values.replay, 'replay'));
  return await runSeeds(wholeNumber(values.seed, 'seed'), wholeNumber(values.runs ?? '1000', 'runs'));
}

async function runSeeds(first: number, runs: number): Promise<boolean> {
  const began = performance.now();
  const counts = noFaults();
  let steps = 0;
  for (let seed = first; seed < first + runs; seed++) {
    const outcome = await simulate(seed, counts);
    steps += outcome.steps;
    if (outcome.broken) {
      report(outcome, 40);
      return false;
    }
  }
  const rare = printCounts(counts, runs);
  const seconds = ((performance.now() - began) / 1_000).toFixed(1);
  console.log(`\n${runs} seeds, ${steps} steps, 0 violations, ${seconds} s`);
  if (rare.length > 0) console.error(`Met too rarely to prove anything: ${rare.join(', ')}`);
  return rare.length === 0;
}

/** Returns the faults that occurred too rarely for this number of runs. */
function printCounts(counts: FaultCounts, runs: number): string[] {
  console.log('fault                                          times');
  for (const fault of FAULTS) console.log(`${fault.padEnd(42)} ${String(counts[fault]).padStart(9)}`);
  return runs < 10_000 ? [] : FAULTS.filter((fault) => counts[fault] < MET_MIN_PER_10_000);
}

function report({ seed, broken }: Outcome, lines: number): void {
  if (!broken) return;
  console.error(broken.trace.slice(-lines).join('\n'));
  console.error(`\nseed ${seed} breaks a law: ${broken.detail}`);
  console.error(`replay it: npm run faults -- --replay ${seed}`);
}

async function replay(seed: number): Promise<boolean> {
  const outcome = await simulate(seed, noFaults(), 100_000);
  if (outcome.broken) report(outcome, 100_000);
  else console.log(`seed ${seed}: ${outcome.steps} steps, every law holds`);
  return outcome.broken === null;
}

async function listMutants(seedsMax: number): Promise<boolean> {
  const wrong: string[] = [];
  console.log(`${'guard taken away'.padEnd(58)} ${'seed'.padStart(6)}  law that broke`);
  for await (const result of runMutants(seedsMax)) {
    const { mutant, killedAt, law } = result;
    const outcome = law ?? (mutant.equivalent ? `equivalent: ${mutant.equivalent}` : 'SURVIVED');
    console.log(`${mutant.name.padEnd(58)} ${String(killedAt ?? '-').padStart(6)}  ${outcome}`);
    if (!isAsExpected(result)) wrong.push(mutant.name);
  }
  if (wrong.length > 0) console.error(`Not as expected: ${wrong.join('; ')}`);
  return wrong.length === 0;
}
