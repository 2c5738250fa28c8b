/** The words of the house: what people read is plain, present-day technical English. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Prose, readProse } from './setup/prose.ts';
import { ROOT, readSources, type Source } from './setup/sources.ts';

const product = readSources('src', 'workers');
const tests = readSources('test').filter(({ path }) => !path.startsWith('test/tidy'));

describe('English', () => {
  /** Phrases of translated English that plain, present-day technical English has no use for. */
  const TICS: readonly RegExp[] = [
    /\banew\b/i,
    /\b(?:nobody|somebody|everyone)'s\b/i,
    /\b(?:nobody|somebody) (?:knows|knew|says|said)\b/i,
    /\b(?:says|said|tells|told|untold)\b/i,
    /\b(?:he|him|his)\b/i,
    /\b(?:for|of|on|in) (?:what|who) (?:is|are|was|were|has|have|it|they)\b/i,
    /\bfor who\b/i,
    /(?<!there )\bis no (?!longer\b)/i,
    /\b(?:is|are) not taken\b/i,
    /\bis there (?:already|twice)\b/i,
    /\bwhere (?:absent|there is none)\b/i,
    /\bgoes before\b/i,
    /\bwhose name merely\b/i,
    /\bon (?:its|their) way into\b/i,
    /\b(?:is|are) welcome\b/i,
    /\ba fault of ours\b/i,
  ];
  /** Sentences, not keys, media types or SQL: at least two words, and none of SQL's verbs in capitals. */
  const isRead = (text: string): boolean =>
    /[a-z]{2,}[,;:]? +[a-z]/i.test(text) &&
    !/\b(?:SELECT|INSERT|UPDATE|DELETE|WHERE|FROM|CREATE)\b/.test(text);

  interface Passage {
    readonly place: string;
    readonly kind: Prose['kind'] | 'page';
    readonly text: string;
  }
  const passagesOf = ({ path, text }: Pick<Source, 'path' | 'text'>): Passage[] =>
    readProse(text)
      .filter((prose) => prose.kind === 'comment' || isRead(prose.text))
      .map(({ kind, line, text: passage }) => ({ place: `${path}:${line}`, kind, text: passage }));
  /** Code between backticks is quoted, not written. */
  const linesOf = (path: string, text: string): Passage[] =>
    text
      .replace(/```[\s\S]*?```/g, (code) => code.replace(/[^\n]/g, ''))
      .split('\n')
      .map((line, index) => ({
        place: `${path}:${index + 1}`,
        kind: 'page',
        text: line.replace(/`[^`]*`/g, ''),
      }));
  const findTics = (passages: readonly Passage[]): string[] =>
    passages.flatMap(({ place, text }) => {
      const tic = TICS.find((each) => each.test(text));
      return tic ? [`${place}: ${tic.exec(text)?.[0]}`] : [];
    });

  const rooms = readdirSync(join(ROOT, 'src'));
  const readmes = ['README.md', 'test/bench/README.md', ...rooms.map((room) => `src/${room}/README.md`)].map(
    (path) => ({ path, text: existsSync(join(ROOT, path)) ? readFileSync(join(ROOT, path), 'utf8') : '' }),
  );

  test('READMEs, sentences and comments have none of the tics', () => {
    expect(findTics(readmes.flatMap(({ path, text }) => linesOf(path, text)))).toEqual([]);
    expect(findTics(product.flatMap(passagesOf))).toEqual([]);
    const comments = tests.flatMap((file) => passagesOf(file).filter(({ kind }) => kind === 'comment'));
    expect(findTics(comments)).toEqual([]);
  });

  test('a planted tic is found, in a string, a template, a comment and a README; not in code', () => {
    const planted = [
      "const a = 'The file says otherwise.'; // it says so",
      `const b = \`Line \${count({ of: 1 })} is no GSTIN.\`;`,
      'const told = /says it/; const c = says / 2;',
    ].join('\n');
    expect(findTics(passagesOf({ path: 'a.ts', text: planted }))).toEqual([
      'a.ts:1: says',
      'a.ts:1: says',
      'a.ts:2: is no ',
    ]);
    const page = '```\nhe says\n```\nPriced anew, `told`.\nThere is no container.';
    expect(findTics(linesOf('b.md', page))).toEqual(['b.md:4: anew']);
  });

  test('every room has a README: what it owns, what it does not own, where to begin', () => {
    const parts = ['**Owns**', '**Does not own**', '**Begin with**'];
    const lacking = readmes
      .filter(({ path }) => path.startsWith('src/'))
      .filter(({ text }) => !parts.every((part) => text.includes(part)));
    expect(lacking.map(({ path }) => path)).toEqual([]);
  });

  const PLACEHOLDERS = ['noun.ts', 'verb-noun.ts'];
  test('READMEs name files that exist, and the first one has at most 250 lines', () => {
    const missing = readmes.flatMap(({ path, text }) => {
      const bases = [dirname(path), 'src', '.'];
      const links = [...text.matchAll(/\]\(([^)#:]+)\)/g)].map((match) => match[1] ?? '');
      const files = [...text.matchAll(/`(\w[\w./-]*\.(?:ts|mjs|toml|json))`/g)].map(
        (match) => match[1] ?? '',
      );
      const isThere = (name: string): boolean => bases.some((base) => existsSync(join(ROOT, base, name)));
      return [...links, ...files.filter((name) => !PLACEHOLDERS.includes(name))]
        .filter((name) => !isThere(name))
        .map((name) => `${path}: ${name}`);
    });
    expect(missing).toEqual([]);
    expect(readmes[0]?.text.split('\n').length).toBeLessThanOrEqual(251);
  });
});
