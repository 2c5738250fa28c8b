/** Bundles a module of the product without one guard, for tests that call verbs in their own process. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { MUTANTS, mutate, SQL_MUTANTS } from './mutants.ts';

const ROOT = join(import.meta.dirname, '../..');
let count = 0;

/** Imports the module `file` of the repository: without the guard of the named mutant, or unchanged for null. */
export async function importModule<Module>(file: string, mutant: string | null): Promise<Module> {
  if (mutant === null) return (await import(pathToFileURL(join(ROOT, file)).href)) as Module;
  const found = [...MUTANTS, ...SQL_MUTANTS].find((each) => each.name === mutant);
  if (!found) throw new Error(`no mutant ${mutant}`);
  // Inside node_modules, so that external imports resolve from there.
  const folder = join(ROOT, 'node_modules/.mutants');
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, `${process.pid}-${count++}.mjs`);
  await build({
    entryPoints: [join(ROOT, file)],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
    plugins: [mutate(found)],
  });
  try {
    return (await import(pathToFileURL(outfile).href)) as Module;
  } finally {
    rmSync(outfile, { force: true });
  }
}
