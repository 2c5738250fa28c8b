/** Runs the simulation without each guard in turn until a law breaks. */
import { build, type Plugin } from 'esbuild';
import { noFaults } from './faults.ts';
import { MUTANTS, type Mutant, mutate } from './mutants.ts';
import type * as Simulation from './simulate.ts';
import { UNEXPECTED } from './simulate.ts';

export interface MutantResult {
  readonly mutant: Mutant;
  /** The first seed that detected the mutant, null if none did. */
  readonly killedAt: number | null;
  readonly law: string | null;
}

// The simulation uses only the parts of src/db/ledger.ts that need no database.
const withoutDrivers: Plugin = {
  name: 'without drivers',
  setup(bundle) {
    bundle.onResolve({ filter: /^pg$/ }, ({ path }) => ({ path, namespace: 'driver' }));
    bundle.onLoad({ filter: /.*/, namespace: 'driver' }, () => ({
      contents: 'export default {};',
    }));
  },
};

async function loadSimulation(mutant: Mutant): Promise<typeof Simulation> {
  const { outputFiles } = await build({
    entryPoints: [`${import.meta.dirname}/simulate.ts`],
    bundle: true,
    format: 'esm',
    platform: 'node',
    write: false,
    logLevel: 'silent',
    plugins: [mutate(mutant), withoutDrivers],
    // Modules with identical text would become one module. The banner keeps the mutants apart.
    banner: { js: `// ${mutant.name}` },
  });
  const text = outputFiles[0]?.contents ?? new Uint8Array();
  const url = `data:text/javascript;base64,${Buffer.from(text).toString('base64')}`;
  return (await import(/* @vite-ignore */ url)) as typeof Simulation;
}

export async function runMutant(mutant: Mutant, seedsMax: number): Promise<MutantResult> {
  const { simulate } = await loadSimulation(mutant);
  for (let seed = 1; seed <= seedsMax; seed++) {
    const { broken } = await simulate(seed, noFaults());
    if (broken) return { mutant, killedAt: seed, law: broken.law };
  }
  return { mutant, killedAt: null, law: null };
}

/** True if the mutant was killed or survived as expected. */
export const isAsExpected = ({ mutant, killedAt, law }: MutantResult): boolean =>
  // A simulation that fails to run at all proves nothing.
  law !== UNEXPECTED && (killedAt === null) === (mutant.equivalent !== undefined);

export async function* runMutants(seedsMax: number): AsyncGenerator<MutantResult> {
  for (const mutant of MUTANTS) yield await runMutant(mutant, mutant.equivalent ? 300 : seedsMax);
}
