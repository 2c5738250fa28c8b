/** The Workers with switchable guards: a request that names a mutant in its header is served without that guard. */
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Plugin } from 'esbuild';
import type { Mutant } from './mutants.ts';

export const SWITCH = 'x-without-guard';

const ROOT = resolve(import.meta.dirname, '../..');
const ENTRY = /workers\/(ingest|api)\.ts$/;
const loader = 'ts';

/** Records for each request which guard is off. Concurrent requests must name the same one. */
const switching = (entry: string): string => `
  import worker from '${entry}';
  export default {
    ...worker,
    fetch(request, env, execution) {
      globalThis.withoutGuard = request.headers.get('${SWITCH}');
      return worker.fetch(request, env, execution);
    },
  };`;

/** A module with the functions of a file, each of which calls the function of the active copy. */
function dispatching(path: string, text: string, mutants: readonly Mutant[]): string {
  const names = [...text.matchAll(/^export (?:async )?(?:function|const) (\w+)/gm)].map(([, name]) => name);
  return `
    import * as whole from '${path}?whole';
    ${mutants.map((_, index) => `import * as copy${index} from '${path}?${index}';`).join('\n')}
    const copies = { ${mutants.map(({ name }, index) => `${JSON.stringify(name)}: copy${index}`).join(', ')} };
    const current = () => copies[globalThis.withoutGuard] ?? whole;
    ${names.map((name) => `export const ${name} = (...input) => current().${name}(...input);`).join('\n')}`;
}

function withoutGuard(text: string, { file, find, replace }: Mutant): string {
  const parts = text.split(find);
  if (parts.length !== 2)
    throw new Error(`${file} has its guard ${parts.length - 1} times, not once: ${find}`);
  return parts.join(replace);
}

export function switchGuards(mutants: readonly Mutant[]): Plugin {
  const byPath = Map.groupBy(mutants, ({ file }) => join(ROOT, file));
  const names = new Set(mutants.map(({ name }) => name));
  if (names.size !== mutants.length) throw new Error('two mutants have one name');
  return {
    name: 'switched guards',
    setup(builder) {
      builder.onResolve({ filter: ENTRY }, ({ path, kind }) =>
        kind === 'entry-point' ? { path: join(ROOT, path), namespace: 'switching' } : undefined,
      );
      builder.onLoad({ filter: /.*/, namespace: 'switching' }, ({ path }) => ({
        contents: switching(path),
        loader,
        resolveDir: dirname(path),
      }));
      builder.onResolve({ filter: /\.ts\?(whole|\d+)$/ }, ({ path }) => ({ path, namespace: 'copy' }));
      builder.onLoad({ filter: /.*/, namespace: 'copy' }, async ({ path }) => {
        const [file = '', which = ''] = path.split('?');
        const text = await readFile(file, 'utf8');
        const mutant = byPath.get(file)?.[Number(which)];
        return { contents: mutant ? withoutGuard(text, mutant) : text, loader, resolveDir: dirname(file) };
      });
      builder.onLoad({ filter: /\.ts$/, namespace: 'file' }, async ({ path }) => {
        const guards = byPath.get(path);
        if (!guards) return undefined;
        return { contents: dispatching(path, await readFile(path, 'utf8'), guards), loader };
      });
    },
  };
}
