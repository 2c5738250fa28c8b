/** The rules of the house that a machine can check. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
const LINES_MAX = 350;
// All tables of a store stand in the one file that drizzle-kit compares with the migrations.
const LONG_BY_NATURE = ['src/db/ledger-schema.ts'];

interface Source {
  /** From the repository's root. */
  readonly path: string;
  readonly text: string;
  /** `core`, `db`, … for a file below src, else the top folder. */
  readonly folder: string;
  readonly imports: readonly string[];
}

const IMPORT = /(?:\bfrom\s*|\bimport\s*\(?\s*)'([^']+)'/g;

function readSources(...folders: string[]): Source[] {
  return folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(ts|tsx|mjs)$/.test(name))
      .map((name) => {
        const path = join(folder, name);
        const text = readFileSync(join(ROOT, path), 'utf8');
        const parts = path.split('/');
        return {
          path,
          text,
          folder: parts[0] === 'src' ? (parts[1] ?? '') : (parts[0] ?? ''),
          imports: [...text.matchAll(IMPORT)].map((match) => match[1] ?? ''),
        };
      }),
  );
}

const product = readSources('src', 'workers');
const everything = [...product, ...readSources('test')];
const SELF = 'test/tidy.test.ts';

/** Paths of the files that break a rule, with the first line that does. */
const offenders = (files: readonly Source[], breaks: RegExp | ((file: Source) => boolean)): string[] =>
  files
    .filter(
      (file) => file.path !== SELF && (breaks instanceof RegExp ? breaks.test(file.text) : breaks(file)),
    )
    .map((file) => {
      const line =
        breaks instanceof RegExp ? file.text.slice(0, file.text.search(breaks)).split('\n').length : 0;
      return line > 0 ? `${file.path}:${line}` : file.path;
    });

const importsPackage = (file: Source, ...names: string[]): boolean =>
  file.imports.some((target) => names.some((name) => target === name || target.startsWith(`${name}/`)));

describe('arrows', () => {
  test('only src/http and src/console know Hono', () => {
    const others = product.filter(({ folder }) => folder !== 'http' && folder !== 'console');
    expect(offenders(others, (file) => importsPackage(file, 'hono', '@hono'))).toEqual([]);
  });

  test('only src/db and store.ts files know the databases; the local runtime migrates them', () => {
    const others = product.filter(
      ({ folder, path }) => folder !== 'db' && folder !== 'platform' && basename(path) !== 'store.ts',
    );
    expect(offenders(others, (file) => importsPackage(file, 'drizzle-orm', 'pg'))).toEqual([]);
  });

  test('the clock is read only in src/platform and workers', () => {
    const others = product.filter(({ folder }) => folder !== 'platform' && folder !== 'workers');
    expect(offenders(others, /\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(/)).toEqual([]);
  });

  test('bindings and Node are known only in src/platform and workers', () => {
    const others = product.filter(({ folder }) => folder !== 'platform' && folder !== 'workers');
    const reachesOut = (file: Source): boolean =>
      file.imports.some((target) => target.startsWith('cloudflare:') || target.startsWith('node:'));
    expect(offenders(others, reachesOut)).toEqual([]);
    expect(offenders(others, /\bprocess\.env\b/)).toEqual([]);
  });

  test('core imports nothing but core', () => {
    const core = product.filter(({ folder }) => folder === 'core');
    expect(offenders(core, (file) => file.imports.some((target) => !target.startsWith('./')))).toEqual([]);
  });

  test('nothing imports workers, and the domains import neither http, console nor platform', () => {
    const reaches = (...folders: string[]) => {
      const targets = folders.map((folder) => `/${folder}/`);
      return (file: Source): boolean =>
        file.imports.some(
          (target) => target.startsWith('.') && targets.some((part) => target.includes(part)),
        );
    };
    expect(offenders(product, reaches('workers'))).toEqual([]);
    const domains = product.filter(
      ({ folder }) => !['http', 'console', 'platform', 'workers'].includes(folder),
    );
    expect(offenders(domains, reaches('http', 'console', 'platform'))).toEqual([]);
  });

  test('the folders of src do not import each other in circles', () => {
    const edges = new Map<string, Set<string>>();
    for (const file of product.filter(({ path }) => path.startsWith('src/'))) {
      for (const target of file.imports.filter((name) => name.startsWith('.'))) {
        const [top, folder] = join(dirname(file.path), target).split('/');
        if (top !== 'src' || !folder || folder === file.folder) continue;
        edges.set(file.folder, (edges.get(file.folder) ?? new Set()).add(folder));
      }
    }
    expect(findCircle(edges)).toEqual([]);
  });
});

function findCircle(edges: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const done = new Set<string>();
  const walk = (folder: string, trail: readonly string[]): string[] => {
    const at = trail.indexOf(folder);
    if (at >= 0) return [...trail.slice(at), folder];
    if (done.has(folder)) return [];
    for (const next of edges.get(folder) ?? []) {
      const circle = walk(next, [...trail, folder]);
      if (circle.length > 0) return circle;
    }
    done.add(folder);
    return [];
  };
  for (const folder of edges.keys()) {
    const circle = walk(folder, []);
    if (circle.length > 0) return circle;
  }
  return [];
}

describe('habits', () => {
  test('zod is imported whole: `{ z }` costs the edge bundle 100 KiB', () => {
    expect(offenders(everything, /import\s+(?:type\s+)?\{[^}]*\bz\b[^}]*\}\s+from\s+'zod'/)).toEqual([]);
  });

  test('nothing is left to do', () => {
    expect(offenders(everything, /\b(TODO|FIXME|HACK)\b/)).toEqual([]);
  });

  test(`no file has more than ${LINES_MAX} lines`, () => {
    const bounded = everything.filter(({ path }) => !LONG_BY_NATURE.includes(path));
    expect(offenders(bounded, (file) => file.text.split('\n').length - 1 > LINES_MAX)).toEqual([]);
  });

  test('money and quantities never pass through a number', () => {
    const exact = product.filter(({ folder }) => ['pricing', 'invoicing', 'payments', 'ai'].includes(folder));
    expect(offenders(exact, /\bNumber\(|\bparseFloat\(|\.toFixed\(/)).toEqual([]);
  });

  test('no name says nothing', () => {
    const word = /(Service|Manager|Helper|Utils|Common)\b/;
    const named = new RegExp(`\\b(?:function|const|class|interface|type)\\s+\\w*${word.source}`);
    expect(offenders(product, named)).toEqual([]);
    const file = /(^|[/-])(service|manager|helpers?|utils?|common)s?([-./]|$)/;
    expect(everything.map(({ path }) => path).filter((path) => file.test(path))).toEqual([]);
  });

  test('no test is skipped or alone', () => {
    const tests = everything.filter(({ path }) => path.endsWith('.test.ts'));
    expect(offenders(tests, /\b(?:test|it|describe)\.(?:skip|only|todo)\b/)).toEqual([]);
  });

  test('the top level holds what the README shows, and nothing else', () => {
    const allowed = [
      'src',
      'migrations',
      'workers',
      'test',
      'node_modules',
      'wrangler.toml',
      'drizzle.config.ts',
      'package.json',
      'package-lock.json',
      'tsconfig.json',
      'README.md',
      'LICENSE',
    ];
    const visible = readdirSync(ROOT).filter((name) => !name.startsWith('.'));
    expect(visible.filter((name) => !allowed.includes(name))).toEqual([]);
  });
});

describe('weight', () => {
  /** What a module loads at run time: of an import with braces all, also where each name in them is a type. */
  const loads = (text: string, target: RegExp): boolean =>
    [...text.matchAll(/^(?:import|export)\b(?!\s+type\b)[^;]*?'([^']+)'|\bimport\('([^']+)'\)/gm)].some(
      (match) => target.test(match[1] ?? match[2] ?? ''),
    );
  const TABLES = /(?:^|\/)(?:tables\/\w+|hot-schema)\.ts$/;
  const loadsSchema = (text: string): boolean => loads(text, /^drizzle-orm(?:\/|$)/) || loads(text, TABLES);

  test('drizzle and the tables are loaded by the schema and its migrator alone: stores import their types', () => {
    const others = product.filter(
      ({ path }) => !TABLES.test(path) && path !== 'src/platform/local/migrate-ledger.ts',
    );
    expect(offenders(others, (file) => loadsSchema(file.text))).toEqual([]);
  });

  test.each([
    ["import { eq } from 'drizzle-orm';", true],
    ["import { type PgTable } from 'drizzle-orm/pg-core';", true],
    ["import * as tenants from '../db/tables/tenants.ts';", true],
    ["import {\n  apiKeys,\n  projects,\n} from '../../db/tables/tenants.ts';", true],
    ["export { users } from '../db/tables/tenants.ts';", true],
    ["const { sql } = await import('drizzle-orm');", true],
    ["import 'drizzle-orm';", true],
    ["import type { PgTable } from 'drizzle-orm/pg-core';", false],
    ["import type * as tenants from './tables/tenants.ts';", false],
    ["import { columns } from '../db/columns.ts';\nimport type { Row } from '../db/rows.ts';", false],
  ])('that rule sees what %j loads', (text, isSeen) => {
    expect(loadsSchema(text)).toBe(isSeen);
  });
});
