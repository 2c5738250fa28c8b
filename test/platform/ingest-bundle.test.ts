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
  // Of protobuf, only the reader of its wire format.
  expect([...new Set(packages)].sort()).toEqual(['@bufbuild/protobuf', 'hono']);
  expect(Object.keys(metafile.inputs)).not.toContain('src/db/ledger.ts');
  const [bundle] = outputFiles;
  // As deployed by Wrangler, it must stay below 40.
  expect(gzipSync(bundle?.contents ?? '').length).toBeLessThan(38 * 1024);
});
