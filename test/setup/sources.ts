/** The project's own source files and their imports, for the rules of test/tidy.test.ts. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '../..');

export interface Source {
  /** Relative to the repository's root. */
  readonly path: string;
  readonly text: string;
  /** The text without comments. */
  readonly code: string;
  /** `core`, `db`, … for a file below src, otherwise the top folder. */
  readonly room: string;
  readonly imports: readonly string[];
}

const IMPORT = /(?:\bfrom\s*|\bimport\s*\(?\s*)'([^']+)'/g;
const COMMENT = /\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm;

export function makeSource(path: string, text: string): Source {
  const [top = '', room = ''] = path.split('/');
  return {
    path,
    text,
    // Line breaks stay, so that line numbers do not change.
    code: text.replace(COMMENT, (comment) => comment.replace(/[^\n]/g, '')),
    room: top === 'src' ? room : top,
    imports: [...text.matchAll(IMPORT)].map((match) => match[1] ?? ''),
  };
}

export const readSources = (...folders: string[]): Source[] =>
  folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(ts|tsx|mjs)$/.test(name))
      .map((name) => {
        const path = join(folder, name);
        return makeSource(path, readFileSync(join(ROOT, path), 'utf8'));
      }),
  );

/** The project's files that a file imports, types included. */
export const importedFiles = (file: Source): string[] =>
  file.imports.filter((name) => name.startsWith('.')).map((name) => join(dirname(file.path), name));

/** The cycles of files that import each other, types included; each as its members. */
export function findCircles(files: readonly Source[]): string[][] {
  const targets = new Map(files.map((file) => [file.path, importedFiles(file)]));
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const circles: string[][] = [];
  // Tarjan's strongly connected components.
  const visit = (path: string): number => {
    const at = order.size;
    order.set(path, at);
    let low = at;
    open.push(path);
    for (const target of targets.get(path) ?? []) {
      if (!targets.has(target)) continue;
      if (target === path) circles.push([path]);
      if (!order.has(target)) low = Math.min(low, visit(target));
      else if (open.includes(target)) low = Math.min(low, order.get(target) ?? low);
    }
    lowest.set(path, low);
    if (low === at) {
      const circle = open.splice(open.indexOf(path));
      if (circle.length > 1) circles.push(circle);
    }
    return low;
  };
  for (const { path } of files) if (!order.has(path)) visit(path);
  return circles;
}
