import { builtinModules } from 'node:module';
import { basename } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { REPOSITORY } from './paths.ts';

const BUILTINS = new RegExp(
  `^(node:.+|${builtinModules.filter((name) => !name.startsWith('_')).join('|')})$`,
);

/**
 * Node's builtins stay outside: workerd has them. A `require()` of one (pg does that) needs a module in between, because
 * the output is ESM and has no require.
 */
const nodeBuiltins: Plugin = {
  name: 'node-builtins',
  setup(builder) {
    builder.onResolve({ filter: BUILTINS }, ({ path, kind }) => {
      const name = path.startsWith('node:') ? path : `node:${path}`;
      return kind === 'require-call'
        ? { path: name, namespace: 'required-builtin' }
        : { path: name, external: true };
    });
    builder.onLoad({ filter: /.*/, namespace: 'required-builtin' }, ({ path }) => ({
      contents: `import builtin from '${path}'; module.exports = builtin;`,
    }));
  },
};

/** As wrangler.toml has it; load-workers.ts compares them. */
export const ALIAS: Readonly<Record<string, string>> = {
  postcss: './src/documents/templates/left-out.ts',
  'source-map-js/lib/source-map-generator.js': './src/documents/templates/left-out.ts',
};

export const bundleOptions = (entries: Readonly<Record<string, string>>, plugins: readonly Plugin[] = []) =>
  ({
    entryPoints: entries,
    absWorkingDir: REPOSITORY,
    outdir: REPOSITORY,
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2024',
    mainFields: ['module', 'main'],
    // Without 'import': esbuild adds that or 'require' by itself, and forcing it breaks pg's require().
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*'],
    alias: { ...ALIAS },
    loader: { '.ttf': 'binary', '.bin': 'binary', '.sql': 'text', '.html': 'text', '.txt': 'text' },
    plugins: [...plugins, nodeBuiltins],
    logLevel: 'silent',
  }) satisfies BuildOptions;

/** One self-contained ES module of each entry, by its name; what entries share is parsed once. */
export async function bundleWorkers(
  entries: Readonly<Record<string, string>>,
  plugins: readonly Plugin[] = [],
): Promise<ReadonlyMap<string, string>> {
  const { outputFiles } = await build(bundleOptions(entries, plugins));
  return new Map(outputFiles.map(({ path, text }) => [basename(path, '.js'), text]));
}
