import { basename } from 'node:path';
import { build } from 'esbuild';
import { beforeAll, describe, expect, test } from 'vitest';
import { bundleOptions } from '../../src/platform/local/build/bundle.ts';

const WORKERS = ['api', 'cron', 'ingest'] as const;
/** The contents of each Worker: the packages, and the modules of css-tree. */
let inputs: ReadonlyMap<string, readonly string[]>;
const packagesOf = (worker: string): string[] => [
  ...new Set(
    inputs.get(worker)?.flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []),
  ),
];

beforeAll(async () => {
  const options = bundleOptions(Object.fromEntries(WORKERS.map((name) => [name, `workers/${name}.ts`])));
  const loader = { ...options.loader, '.ttf': 'empty' } as const;
  const { metafile } = await build({ ...options, loader, metafile: true });
  inputs = new Map(
    Object.entries(metafile.outputs).map(([path, output]) => {
      // The result of tree shaking: a module may be read but not included.
      const kept = Object.entries(output.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
      return [basename(path, '.js'), kept.map(([name]) => name)];
    }),
  );
  expect([...inputs.keys()].sort()).toEqual([...WORKERS].sort());
}, 60_000);

describe.each(WORKERS)('the Worker %s', (worker) => {
  test('has nothing of drizzle, nor of the tables that it types its rows by', () => {
    expect(packagesOf(worker)).not.toContain('drizzle-orm');
    expect(inputs.get(worker)?.filter((path) => /src\/db\/(?:tables|hot-schema)/.test(path))).toEqual([]);
  });

  test('does not contain the packages that it has no use for', () => {
    expect(packagesOf(worker)).not.toContain('postcss');
    expect(packagesOf(worker)).not.toContain('source-map-js');
    expect(packagesOf(worker)).not.toContain('mustache');
  });

  test('has nothing of what css-tree knows of properties and their values', () => {
    expect(inputs.get(worker)?.filter((path) => /css-tree\/(?:lib\/(?:lexer|data)|dist)/.test(path))).toEqual(
      [],
    );
  });
});

test('the api has the parts of css-tree that sanitising takes', () => {
  expect(packagesOf('api')).toContain('css-tree');
});
