/** A page as an independent parser sees it: every tag, attribute and text. */
import { createRequire } from 'node:module';
import { expect } from 'vitest';

interface Handlers {
  onopentag(name: string, attributes: Record<string, string>): void;
  ontext(text: string): void;
  onclosetag(name: string): void;
  oncomment(): void;
  onprocessinginstruction(name: string): void;
}
interface HtmlParser {
  readonly Parser: new (handlers: Handlers) => { write(text: string): void; end(): void };
}
const require = createRequire(import.meta.url);
const { Parser } = createRequire(require.resolve('sanitize-html'))('htmlparser2') as HtmlParser;

export interface Tag {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface ReadPage {
  readonly tags: readonly Tag[];
  readonly text: string;
  readonly style: string;
}

export function readPage(html: string): ReadPage {
  const tags: Tag[] = [];
  const open: string[] = [];
  let text = '';
  let style = '';
  const parser = new Parser({
    onopentag: (name, attributes) => {
      tags.push({ name, attributes });
      open.push(name);
    },
    ontext: (part) => {
      if (open.at(-1) === 'style') style += part;
      else text += part;
    },
    onclosetag: () => {
      open.pop();
    },
    oncomment: () => tags.push({ name: 'a comment', attributes: {} }),
    onprocessinginstruction: (name) => tags.push({ name, attributes: {} }),
  });
  parser.write(html);
  parser.end();
  return { tags, text, style };
}

const FRAME = [
  '!doctype',
  'html',
  'head',
  'meta',
  'meta',
  'meta',
  'meta',
  'meta',
  'meta',
  'title',
  'style',
  'body',
];
const TAGS =
  'nav header footer main section article div p span h1 h2 h3 h4 h5 h6 table caption colgroup col thead tbody tfoot tr ' +
  'th td ul ol li dl dt dd strong b em i u s small sup sub br hr img a address';
const ATTRIBUTES = 'class id style title lang dir colspan rowspan scope span src alt width height href';
const IN_STYLE =
  /<|@(?!media\b|page\b)|\\|url\s*\(|expression|behavior|-moz-binding|image-set|\/\*|javascript/i;

/** Fails unless the page is its frame with only harmless content in it. */
export function expectHarmless(html: string): ReadPage {
  const page = readPage(html);
  expect(page.tags.slice(0, FRAME.length).map(({ name }) => name)).toEqual(FRAME);
  const inner = page.tags.slice(FRAME.length);
  expect(inner.map(({ name }) => name).filter((name) => !TAGS.split(' ').includes(name))).toEqual([]);
  for (const { name, attributes } of inner) {
    for (const [attribute, value] of Object.entries(attributes)) {
      const shown = `${attribute}="${value}" of <${name}>`;
      expect(ATTRIBUTES.split(' '), shown).toContain(attribute);
      if (attribute === 'href') expect(value, shown).toMatch(/^(https:\/\/|mailto:)/i);
      if (attribute === 'src')
        expect(value, shown).toMatch(/^data:image\/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+$/);
      if (attribute === 'style') expect(value, shown).not.toMatch(IN_STYLE);
    }
  }
  expect(page.style).not.toMatch(IN_STYLE);
  expect(html.match(/<\/?style/gi)).toHaveLength(2);
  return page;
}
