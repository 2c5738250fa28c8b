import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type BuildCache, openBuildCache } from '../../src/platform/local/build/build-cache.ts';
import { bundleWorkers } from '../../src/platform/local/build/bundle.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meterbook-cache-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

describe('an entry', () => {
  test('is found under its name and key, and under no other', () => {
    const cache = openBuildCache(folder);
    cache.write('bundles', 'a'.repeat(64), { one: 1 });
    expect(cache.read('bundles', 'a'.repeat(64))).toEqual({ one: 1 });
    expect(cache.read('bundles', 'b'.repeat(64))).toBeNull();
    expect(cache.read('wrangler', 'a'.repeat(64))).toBeNull();
  });

  test.each([
    ['cut short', (text: string) => text.slice(0, -3)],
    ['changed', (text: string) => text.replace('yes', 'no!')],
    ['empty', () => ''],
  ])('that was %s is none', (_, spoil) => {
    const cache = openBuildCache(folder);
    cache.write('bundles', 'key', { is: 'yes' });
    const path = join(folder, readdirSync(folder)[0] ?? '');
    writeFileSync(path, spoil(readFileSync(path, 'utf8')));
    expect(cache.read('bundles', 'key')).toBeNull();
  });

  test('goes to the next folder where the first cannot be written', () => {
    write('file', '');
    const own = join(folder, 'own');
    const cache = openBuildCache(join(folder, 'file/cache'), own);
    cache.write('bundles', 'key', 1);
    expect(cache.read('bundles', 'key')).toBe(1);
    expect(readdirSync(own)).toHaveLength(1);
  });

  test('nobody can write is no failure', () => {
    write('file', '');
    const cache = openBuildCache(join(folder, 'file/cache'));
    cache.write('bundles', 'key', 1);
    expect(cache.read('bundles', 'key')).toBeNull();
  });

  test('goes where four newer ones of its name are', () => {
    const cache = openBuildCache(folder);
    for (const key of ['1', '2', '3', '4', '5']) cache.write('bundles', key, key);
    cache.write('wrangler', '1', 1);
    expect(readdirSync(folder).filter((name) => name.startsWith('bundles-'))).toHaveLength(4);
    expect(cache.read('bundles', '5')).toBe('5');
  });
});

describe('the bundles', () => {
  const ENTRIES = { api: 'workers/api.ts' };
  let builds: number;
  let cache: BuildCache;

  beforeEach(() => {
    write('workers/api.ts', "import { one } from '../src/one.ts';\nexport default { one };\n");
    write('src/one.ts', "import { two } from 'two';\nexport const one = ['first', two];\n");
    write('node_modules/two/package.json', '{"name": "two", "main": "index.js"}');
    write('node_modules/two/index.js', "exports.two = 'two';\n");
    write('node_modules/two/other.js', "exports.two = 'other';\n");
    write('node_modules/esbuild/package.json', '{"version": "1"}');
    write('package-lock.json', '{}');
    write('tsconfig.json', '{}');
    builds = 0;
    const entries = new Map<string, string>();
    cache = {
      read: (name, key) => JSON.parse(entries.get(name + key) ?? 'null'),
      write(name, key, value) {
        builds += 1;
        entries.set(name + key, JSON.stringify(value));
      },
    };
  });

  const bundle = async (): Promise<string> => (await bundleWorkers(ENTRIES, cache, folder)).get('api') ?? '';

  test('of the same inputs are built once', async () => {
    const built = await bundle();
    expect(built).toContain('"first"');
    expect(await bundle()).toBe(built);
    expect(builds).toBe(1);
  });

  test.each([
    ['a source', 'src/one.ts', "export const one = 'ten';\n", 'ten'],
    ['a file of a package', 'node_modules/two/index.js', "exports.two = 'twenty';\n", 'twenty'],
    ['what a package exports', 'node_modules/two/package.json', '{"main": "other.js"}', 'other'],
    ['a file that shadows a package', 'src/node_modules/two/index.js', "exports.two = 'near';\n", 'near'],
    ['a package.json that was not there', 'src/package.json', '{"sideEffects": false}', '"first"'],
    ['the lock file', 'package-lock.json', '{"lockfileVersion": 3}', '"first"'],
    ['the settings of TypeScript', 'tsconfig.json', '{"compilerOptions": {}}', '"first"'],
    ['the bundler', 'node_modules/esbuild/package.json', '{"version": "2"}', '"first"'],
  ])('are built anew after a change of %s', async (_, path, text, seen) => {
    await bundle();
    write(path, text);
    expect(await bundle()).toContain(seen);
    expect(builds).toBe(2);
  });

  test('are the earlier ones again after a change was taken back', async () => {
    const built = await bundle();
    const text = readFileSync(join(folder, 'src/one.ts'), 'utf8');
    write('src/one.ts', "export const one = 'ten';\n");
    await bundle();
    write('src/one.ts', text);
    expect(await bundle()).toBe(built);
    expect(builds).toBe(2);
  });
});
