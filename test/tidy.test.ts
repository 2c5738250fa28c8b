/** The rules of the house that a machine can check. Each is shown to bite: a planted offence is found. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findCircles, importedFiles, makeSource, ROOT, readSources, type Source } from './setup/sources.ts';

const LINES_MAX = 350;
const FILES_MAX = 26;

const product = readSources('src', 'workers');
const everything = [...product, ...readSources('test')];
const SELF = 'test/tidy.test.ts';

/** Paths of the files that break a rule, with the first line that does. */
const offenders = (files: readonly Source[], breaks: RegExp | ((file: Source) => boolean)): string[] =>
  files
    .filter(
      (file) => file.path !== SELF && (breaks instanceof RegExp ? breaks.test(file.code) : breaks(file)),
    )
    .map((file) => {
      const line =
        breaks instanceof RegExp ? file.code.slice(0, file.code.search(breaks)).split('\n').length : 0;
      return line > 0 ? `${file.path}:${line}` : file.path;
    });

const importsPackage = (file: Source, ...names: string[]): boolean =>
  file.imports.some((target) => names.some((name) => target === name || target.startsWith(`${name}/`)));

/** A rule yields the places that break it: none of the real files, and each planted one. */
type Rule = (files: readonly Source[]) => string[];

function expectRule(rule: Rule, files: readonly Source[], planted: Readonly<Record<string, string>>): void {
  expect(rule(files)).toEqual([]);
  for (const [path, text] of Object.entries(planted)) {
    const places = rule([...files, makeSource(path, text)]);
    expect(places.map((place) => place.replace(/:\d+$/, ''))).toContain(path);
  }
}

const outside = (files: readonly Source[], ...rooms: string[]): Source[] =>
  files.filter(({ room }) => !rooms.includes(room));

/** Each room knows only those in the lines above its own. */
const ORDER = [
  ['core'],
  ['db'],
  ['access'],
  ['tenants', 'outbox'],
  ['ai', 'pricing'],
  ['ingest', 'rollup', 'documents'],
  ['invoicing'],
  ['payments', 'limits'],
  ['operations'],
  ['reports'],
  ['http'],
  ['platform', 'workers'],
];
const rankOf = (room: string): number => ORDER.findIndex((rooms) => rooms.includes(room));
const roomOf = (path: string): string => makeSource(path, '').room;

/** What neither asks for anything nor changes anything: no store, database, binding or waiting. */
const isEffect = (path: string): boolean =>
  /store\.ts$/.test(path) ||
  /^src\/(db\/(?!tables\/|.*array-literal|instant-text)|platform\/|http\/)/.test(path);

describe('rooms', () => {
  test('a room imports only from rooms before it', () => {
    const rule: Rule = (files) =>
      offenders(files, (file) =>
        importedFiles(file).some((target) => {
          const [own, other] = [rankOf(file.room), rankOf(roomOf(target))];
          return (
            file.room !== roomOf(target) &&
            target.startsWith('src/') &&
            other >= own &&
            own < rankOf('platform')
          );
        }),
      );
    expectRule(rule, product, {
      'src/pricing/planted.ts': "import { finalizeInvoice } from '../invoicing/finalize-invoice.ts';",
      'src/tenants/planted.ts': "import type { Message } from '../outbox/message.ts';",
      'src/core/planted.ts': "export { runTransaction } from '../db/ledger.ts';",
      'src/http/planted.ts': "import { fileStore } from '../platform/file-store.ts';",
    });
  });

  test('every room has its place in the order', () => {
    const rooms = readdirSync(join(ROOT, 'src'));
    expect(rooms.filter((room) => rankOf(room) < 0)).toEqual([]);
  });

  test('core imports nothing but core', () => {
    const rule: Rule = (files) =>
      offenders(
        files,
        (file) => file.room === 'core' && file.imports.some((target) => !target.startsWith('./')),
      );
    expectRule(rule, product, { 'src/core/planted.ts': "import * as z from 'zod';" });
  });

  test('no circle of files, types included', () => {
    expect(findCircles(product)).toEqual([]);
    const planted = [
      makeSource('src/core/a.ts', "import type { B } from './b.ts';"),
      makeSource('src/core/b.ts', "export { c } from './c.ts';"),
      makeSource('src/core/c.ts', "const a = await import('./a.ts');"),
    ];
    expect(findCircles([...product, ...planted]).map((circle) => circle.toSorted())).toEqual([
      planted.map(({ path }) => path),
    ]);
  });

  test('nothing imports workers', () => {
    const rule: Rule = (files) =>
      offenders(files, (file) => importedFiles(file).some((target) => target.startsWith('workers/')));
    expectRule(rule, product, { 'src/platform/planted.ts': "import worker from '../../workers/api.ts';" });
  });

  test('test mirrors src', () => {
    const own = ['bench', 'faults', 'fixtures', 'scenarios', 'setup'];
    const folders = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' }).filter(
      (name) => !own.includes(name.split('/')[0] ?? '') && statSync(join(ROOT, 'test', name)).isDirectory(),
    );
    expect(folders.filter((folder) => !existsSync(join(ROOT, 'src', folder)))).toEqual([]);
  });

  test(`a folder has at most ${FILES_MAX} files`, () => {
    const crowded = (paths: readonly string[]): string[] =>
      [...Map.groupBy(paths, dirname)].flatMap(([folder, files]) =>
        files.length > FILES_MAX ? [folder] : [],
      );
    const paths = everything.map(({ path }) => path);
    expect(crowded(paths)).toEqual([]);
    const planted = Array.from({ length: FILES_MAX + 1 }, (_, index) => `src/limits/planted-${index}.ts`);
    expect(crowded([...paths, ...planted])).toEqual(['src/limits']);
  });
});

describe('reach', () => {
  test('only src/http knows Hono', () => {
    const rule: Rule = (files) =>
      offenders(outside(files, 'http'), (file) => importsPackage(file, 'hono', '@hono'));
    expectRule(rule, product, { 'src/invoicing/planted.ts': "import { Hono } from 'hono';" });
  });

  test('only src/db and stores know the databases; the local runtime migrates them', () => {
    const rule: Rule = (files) =>
      offenders(
        outside(files, 'db', 'platform').filter(({ path }) => !path.endsWith('store.ts')),
        (file) => importsPackage(file, 'drizzle-orm', 'pg'),
      );
    expectRule(rule, product, { 'src/invoicing/planted.ts': "import pg from 'pg';" });
  });

  test('SQL stands only in stores and src/db', () => {
    const sql = /\b(SELECT\s|INSERT INTO\s|UPDATE\s+\w+\s+SET\s|DELETE FROM\s|ON CONFLICT\s)/;
    const rule: Rule = (files) =>
      offenders(
        outside(files, 'db', 'platform').filter(({ path }) => !path.endsWith('store.ts')),
        sql,
      );
    expectRule(rule, product, {
      'src/invoicing/planted.ts': "await tx.query('SELECT 1 FROM invoices');",
      'src/http/planted.ts': 'tx.execute(`UPDATE invoices SET total = 0`);',
    });
  });

  test('the clock is read only in src/platform and workers', () => {
    const rule: Rule = (files) =>
      offenders(outside(files, 'platform', 'workers'), /\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(/);
    expectRule(rule, product, { 'src/core/planted.ts': 'export const now = Date.now();' });
  });

  test('bindings and Node are known only in src/platform and workers', () => {
    const rule: Rule = (files) => {
      const others = outside(files, 'platform', 'workers');
      const imports = (file: Source): boolean =>
        file.imports.some((target) => target.startsWith('cloudflare:') || target.startsWith('node:'));
      return [...offenders(others, imports), ...offenders(others, /\bprocess\.env\b/)];
    };
    expectRule(rule, product, {
      'src/ai/planted.ts': "import { readFile } from 'node:fs/promises';",
      'src/ai/planted-too.ts': 'export const port = process.env.PORT;',
    });
  });

  test('a file that says it is pure reaches nothing and waits for nothing', () => {
    const rule: Rule = (files) => {
      const byPath = new Map(files.map((file) => [file.path, file]));
      const reachesEffect = (file: Source, seen: Set<string>): boolean => {
        if (seen.has(file.path)) return false;
        seen.add(file.path);
        return valueImports(file).some((target) => {
          const next = byPath.get(target);
          return isEffect(target) || (next !== undefined && reachesEffect(next, seen));
        });
      };
      const pure = files.filter(({ text }) => /(?:\/\*\* |^ \* |\. )Pure[.:]/m.test(text));
      return offenders(
        pure,
        (file) => /\bawait\b|\basync\b/.test(file.code) || reachesEffect(file, new Set()),
      );
    };
    expectRule(rule, product, {
      'src/pricing/planted.ts': "/** Pure: no. */\nimport { findRates } from './fx/find-rates.ts';",
      'src/pricing/planted-too.ts': '/** Rates usage. Pure. */\nexport const rate = async () => 1;',
    });
  });
});

/** The files that are imported for more than their types. */
const valueImports = (file: Source): string[] =>
  importedFiles(makeSource(file.path, file.code.replace(/\b(import|export) type [^;]*;/g, '')));

describe('habits', () => {
  test('zod is imported whole: `{ z }` costs the edge bundle 100 KiB', () => {
    expect(offenders(everything, /import\s+(?:type\s+)?\{[^}]*\bz\b[^}]*\}\s+from\s+'zod'/)).toEqual([]);
  });

  test('nothing is left to do', () => {
    expect(offenders(everything, ({ text }) => /\b(TODO|FIXME|HACK)\b/.test(text))).toEqual([]);
  });

  test(`no file has more than ${LINES_MAX} lines`, () => {
    expect(offenders(everything, (file) => file.text.split('\n').length - 1 > LINES_MAX)).toEqual([]);
  });

  test('money and quantities never pass through a number', () => {
    const rooms = ['pricing', 'invoicing', 'payments', 'rollup', 'limits', 'ai', 'reports', 'documents'];
    const rule: Rule = (files) =>
      offenders(
        files.filter(
          ({ room, path }) => rooms.includes(room) || /^src\/ingest\/(generations|traces)\//.test(path),
        ),
        /(?<![\w.])Number\(|\bparseFloat\(|\.toFixed\(/,
      );
    expectRule(rule, product, {
      'src/reports/planted.ts': 'export const total = rows.reduce((sum, row) => sum + Number(row.total), 0);',
      'src/rollup/planted.ts': 'export const value = parseFloat(event.metric_value);',
      'src/limits/planted.ts': 'export const shown = amount.toFixed(2);',
    });
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

  const tests = everything.filter(({ path }) => /^test\/(?!bench\/)/.test(path));

  test('a suite on the stand-in for D1 says so in its name', () => {
    const rule: Rule = (files) => {
      const byPath = new Map(files.map((file) => [file.path, file]));
      const runsOnIt = (path: string, seen: Set<string>): boolean => {
        const file = byPath.get(path);
        if (!file || seen.has(path)) return false;
        seen.add(path);
        return (
          path === 'test/setup/d1-stand-in.ts' || valueImports(file).some((target) => runsOnIt(target, seen))
        );
      };
      return offenders(
        files.filter(({ path }) => path.endsWith('.test.ts')),
        ({ path }) => runsOnIt(path, new Set()) && !path.includes('d1-stand-in'),
      );
    };
    expectRule(rule, tests, {
      'test/ai/planted.engine.test.ts': "import { openSuite } from '../invoicing/ledger-of-suite.ts';",
    });
  });

  test('what is random in a test comes from its seed', () => {
    const rule: Rule = (files) =>
      offenders(
        files.filter(({ path }) => path !== 'test/setup/seeded.ts'),
        (file) =>
          /\bMath\.random\(|\bcrypto\.(?:randomUUID|getRandomValues)\(/.test(file.code) ||
          /import \{[^}]*\brandom\w+[^}]*\} from 'node:crypto'/.test(file.code),
      );
    expectRule(rule, tests, {
      'test/core/planted.test.ts': 'const at = Math.floor(Math.random() * 9);',
      'test/ai/planted.ts': "import { createHash, randomUUID } from 'node:crypto';",
    });
  });

  test('no verdict depends on how long something took, and only what a real process does is waited for', () => {
    const processes = [
      'test/platform/',
      'test/faults/kill/kill.ts',
      'test/ingest/commit-queue.engine.test.ts',
    ];
    const timed = /expect\([^;]*\b(?:Date|performance)\.now\(\)\s*-/;
    const waiting = /\bsetTimeout\(|timers\/promises/;
    const rule: Rule = (files) => [
      ...offenders(files, timed),
      ...offenders(
        files.filter(({ path }) => !processes.some((place) => path.startsWith(place))),
        waiting,
      ),
    ];
    expectRule(rule, tests, {
      'test/platform/planted.test.ts': 'expect(performance.now() - startedAt).toBeLessThan(2_000);',
      'test/ai/planted.ts': 'await new Promise((resolve) => setTimeout(resolve, 500));',
    });
  });

  test('hooks stand in the suites: a file that several import is read once, and would have them for the first alone', () => {
    const rule: Rule = (files) =>
      offenders(
        files.filter(({ path }) => !/\.test\.ts$|^test\/setup\/seed\.ts$/.test(path)),
        /^(?:before|after)(?:All|Each)\(/m,
      );
    expectRule(rule, tests, { 'test/ai/planted.ts': 'beforeAll(open);' });
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

describe('reads are verbs', () => {
  const http = product.filter(({ room }) => room === 'http');
  const importsStore = (file: Source): boolean => file.imports.some((target) => /store\.ts$/.test(target));
  const TRANSACTION = /\.\s*transaction\s*\(/;
  const REACH = /\b(?:reachOf|deriveReach|PLATFORM)\b/;
  const REACH_OF_NO_FILTER = /(?:===?\s*undefined|\?\?)[^;\n]*\bPLATFORM\b/;

  /** A file of src/http that is not there: a rule that finds nothing in it would find nothing anywhere. */
  const plant = (text: string, room = 'http'): readonly Source[] => [
    makeSource(`src/${room}/planted.ts`, text),
  ];

  test('no route opens a transaction', () => {
    expect(offenders(http, TRANSACTION)).toEqual([]);
    expect(offenders(plant('await ctx.ledger.transaction(reach, read);'), TRANSACTION)).toHaveLength(1);
    expect(offenders(plant('await ctx.ledger\n  .transaction(reach, read);'), TRANSACTION)).toHaveLength(1);
  });

  test('src/http imports no store, not even a type', () => {
    expect(offenders(http, importsStore)).toEqual([]);
    for (const store of ['store', 'user-store']) {
      const found = `import { findUser } from '../../tenants/${store}.ts';`;
      expect(offenders(plant(found), importsStore)).toHaveLength(1);
      expect(offenders(plant(found.replace('import', 'import type')), importsStore)).toHaveLength(1);
    }
  });

  test('no route decides how far a verb sees', () => {
    expect(offenders(http, REACH)).toEqual([]);
    for (const text of ['reachOf(filter.organisation_id)', 'deriveReach(ctx.actor)', 'enter(PLATFORM)']) {
      expect(offenders(plant(text), REACH)).toHaveLength(1);
    }
  });

  test('nobody sees everything because a filter is absent: src/access/reach.ts asks who it is first', () => {
    const others = product.filter(({ path }) => path !== 'src/access/reach.ts');
    expect(offenders(others, REACH_OF_NO_FILTER)).toEqual([]);
    const old = 'const reachOf = (id?: string) => id === undefined ? PLATFORM : tenant(id);';
    expect(offenders(plant(old, 'tenants'), REACH_OF_NO_FILTER)).toHaveLength(1);
    expect(offenders(plant('tenantOf(id) ?? PLATFORM', 'tenants'), REACH_OF_NO_FILTER)).toHaveLength(1);
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
    const others = product.filter(({ path }) => !TABLES.test(path));
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
