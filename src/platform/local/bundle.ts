import { builtinModules } from 'node:module';
import { build, type Plugin } from 'esbuild';
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

/** One self-contained ES module of a Worker's entry. */
export async function bundleWorker(entry: string, plugins: readonly Plugin[] = []): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    absWorkingDir: REPOSITORY,
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2024',
    mainFields: ['module', 'main'],
    // Without 'import': esbuild adds that or 'require' by itself, and forcing it breaks pg's require().
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*'],
    loader: { '.ttf': 'binary', '.bin': 'binary', '.sql': 'text', '.html': 'text', '.txt': 'text' },
    plugins: [...plugins, nodeBuiltins],
    logLevel: 'silent',
    sourcemap: 'inline',
    sourcesContent: false,
  });
  const [output] = outputFiles;
  if (!output) throw new Error(`esbuild gave nothing for ${entry}`);
  return output.text;
}
