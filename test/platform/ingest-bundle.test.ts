import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

test('the Worker that is public holds no Postgres code, no schema library, and stays small', async () => {
  const { metafile, outputFiles } = await build({
    entryPoints: ['workers/ingest.ts'],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    minify: true,
    external: ['cloudflare:*', 'node:*'],
  });
  const packages = Object.keys(metafile.inputs).flatMap(
    (path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? [],
  );
  expect([...new Set(packages)]).toEqual(['hono']);
  expect(Object.keys(metafile.inputs)).not.toContain('src/db/ledger.ts');
  const [bundle] = outputFiles;
  expect(gzipSync(bundle?.contents ?? '').length).toBeLessThan(25 * 1024);
});
