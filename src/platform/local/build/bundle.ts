import { builtinModules } from 'node:module';
import { basename, dirname, join } from 'node:path';
import type { BuildOptions, Plugin } from 'esbuild';
import { REPOSITORY } from '../paths.ts';
import type { BuildCache } from './build-cache.ts';
import { hashFile, hashSources, hashText } from './content-hash.ts';

const SOURCES = ['src', 'workers'];
// Files besides the sources that determine how they are bundled; this file is one of the sources.
const SETTINGS = ['package.json', 'package-lock.json', 'tsconfig.json', 'node_modules/esbuild/package.json'];

const BUILTINS = new RegExp(
  `^(node:.+|${builtinModules.filter((name) => !name.startsWith('_')).join('|')})$`,
);

const REQUIRED = 'required-builtin';

/**
 * Node's builtins stay external: workerd provides them. A `require()` of one (pg does that) needs a module in
 * between, because the output is ESM and has no require.
 */
const nodeBuiltins: Plugin = {
  name: 'node-builtins',
  setup(builder) {
    builder.onResolve({ filter: BUILTINS }, ({ path, kind }) => {
      const name = path.startsWith('node:') ? path : `node:${path}`;
      return kind === 'require-call' ? { path: name, namespace: REQUIRED } : { path: name, external: true };
    });
    builder.onLoad({ filter: /.*/, namespace: REQUIRED }, ({ path }) => ({
      contents: `import builtin from '${path}'; module.exports = builtin;`,
    }));
  },
};

interface Bundles {
  /** Name of the entry → one self-contained ES module. */
  readonly scripts: Readonly<Record<string, string>>;
  /** Path → hash of each input file outside the sources; null if it did not exist. */
  readonly packages: Readonly<Record<string, string | null>>;
}

/** The bundles of these sources: those of an earlier start if every input is byte-identical, otherwise new ones. */
export async function bundleWorkers(
  entries: Readonly<Record<string, string>>,
  cache: BuildCache,
  root = REPOSITORY,
): Promise<ReadonlyMap<string, string>> {
  // Hashed before the build: a file that changes during it belongs to the next key.
  const sources = hashSources(root, SOURCES, SETTINGS);
  const key = hashText(JSON.stringify([sources, entries, process.version, process.env.NODE_PATH]));
  const known = cache.read('bundles', key) as Bundles | null;
  const hash = (path: string): string | null => hashFile(join(root, path));
  const isUnchanged = ([path, before]: [string, string | null]): boolean => hash(path) === before;
  if (known && Object.entries(known.packages).every(isUnchanged))
    return new Map(Object.entries(known.scripts));
  const { scripts, inputs } = await buildWorkers(entries, [], root);
  const packages = Object.fromEntries(listPackageFiles(inputs).map((path) => [path, hash(path)]));
  cache.write('bundles', key, { scripts: Object.fromEntries(scripts), packages } satisfies Bundles);
  return scripts;
}

/** The inputs that are not sources, and each package.json that affects one of them. */
function listPackageFiles(inputs: readonly string[]): string[] {
  const files = inputs
    // esbuild's mark of a file that package.json replaces with an empty module.
    .map((path) => path.replace(/^\(disabled\):/, ''))
    .filter((path) => !path.startsWith(REQUIRED) && !SOURCES.some((folder) => path.startsWith(`${folder}/`)));
  const found = new Set(files);
  for (const file of files) {
    for (let folder = dirname(file); !/(^\.?|node_modules)$/.test(folder); folder = dirname(folder)) {
      found.add(join(folder, 'package.json'));
    }
  }
  return [...found].sort();
}

/** The same as in wrangler.toml; load-workers.ts compares them. */
export const ALIAS: Readonly<Record<string, string>> = {
  postcss: './src/documents/templates/left-out.ts',
  'source-map-js/lib/source-map-generator.js': './src/documents/templates/left-out.ts',
};

export const bundleOptions = (
  entries: Readonly<Record<string, string>>,
  plugins: readonly Plugin[] = [],
  root = REPOSITORY,
) =>
  ({
    entryPoints: entries,
    absWorkingDir: root,
    outdir: root,
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    target: 'es2024',
    mainFields: ['module', 'main'],
    // Without 'import': esbuild adds either that or 'require' by itself, and forcing it breaks pg's
    // require().
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*'],
    alias: { ...ALIAS },
    loader: { '.ttf': 'binary', '.bin': 'binary', '.sql': 'text', '.html': 'text', '.txt': 'text' },
    plugins: [...plugins, nodeBuiltins],
    logLevel: 'silent',
  }) satisfies BuildOptions;

/** Code shared by entries is parsed once. Plugins may change any of it: such bundles are never cached. */
export async function buildWorkers(
  entries: Readonly<Record<string, string>>,
  plugins: readonly Plugin[] = [],
  root = REPOSITORY,
): Promise<{ scripts: ReadonlyMap<string, string>; inputs: readonly string[] }> {
  const { build } = await import('esbuild');
  const { outputFiles, metafile } = await build(bundleOptions(entries, plugins, root));
  return {
    scripts: new Map(outputFiles.map(({ path, text }) => [basename(path, '.js'), text])),
    inputs: Object.keys(metafile.inputs),
  };
}
