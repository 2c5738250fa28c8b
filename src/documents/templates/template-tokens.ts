/**
 * Parses mustache(5) tags into a tree, exactly like mustache.js. One pass in linear time, because a template is
 * untrusted input.
 */

export type TagKind = 'name' | '#' | '^' | '/' | '>' | '&' | '=' | '!';

export interface Token {
  readonly kind: 'text' | TagKind;
  /** The text itself, or the content of a tag without its sign. */
  readonly value: string;
  /** The tag's offset in the template. */
  readonly start: number;
  /** The content of a section. */
  readonly inner: Token[];
}

export class TemplateSyntaxError extends Error {
  override readonly name = 'TemplateSyntaxError';
  readonly place: number;
  constructor(message: string, place: number) {
    super(message);
    this.place = place;
  }
}

const SIGNS = '#^/>{&=!';

type Delimiters = readonly [open: string, close: string];

/**
 * Throws TemplateSyntaxError for an unclosed tag, invalid delimiters, and sections that are not closed in the
 * reverse order of their opening.
 */
export function readTokens(content: string): Token[] {
  const flat = new FlatTokens();
  const opened: Tag[] = [];
  let delimiters: Delimiters = ['{{', '}}'];
  let at = 0;
  while (at < content.length) {
    const start = content.indexOf(delimiters[0], at);
    flat.addText(content.slice(at, start < 0 ? content.length : start));
    if (start < 0) break;
    const tag = readTag(content, start, delimiters);
    checkNesting(tag, opened);
    flat.addTag(tag);
    if (tag.kind === '=') delimiters = readDelimiters(tag);
    at = tag.end;
  }
  flat.endLine();
  const open = opened.at(-1);
  if (open) throw unclosed(open, content.length);
  return nest(flat.tokens);
}

function readDelimiters({ value, start }: Tag): Delimiters {
  const [open, close] = value.split(/\s+/);
  if (!open || !close) throw new TemplateSyntaxError(`Invalid tags: ${value}`, start);
  return [open, close];
}

/** Checked while tags are read, so that the first fault in the template is reported. */
function checkNesting(tag: Tag, opened: Tag[]): void {
  if (tag.kind === '#' || tag.kind === '^') opened.push(tag);
  if (tag.kind !== '/') return;
  const section = opened.pop();
  if (!section) throw new TemplateSyntaxError(`Unopened section "${tag.value}"`, tag.start);
  if (section.value !== tag.value) throw unclosed(section, tag.start);
}

interface Tag extends Token {
  readonly kind: TagKind;
  readonly end: number;
}

function readTag(content: string, start: number, [open, close]: Delimiters): Tag {
  const begin = skipWhite(content, start + open.length);
  const sign = content[begin] ?? '';
  const hasSign = sign !== '' && SIGNS.includes(sign);
  const from = hasSign ? begin + 1 : begin;
  const end = sign === '{' ? `}${close}` : close;
  const to = find(content, sign === '=' ? '=' : end, from);
  const tagEnd = sign === '=' ? find(content, close, to + 1) : to;
  const kind = hasSign ? ((sign === '{' ? '&' : sign) as TagKind) : 'name';
  return { kind, value: content.slice(from, to).trim(), start, end: tagEnd + end.length, inner: [] };
}

function find(content: string, text: string, from: number): number {
  const place = content.indexOf(text, from);
  if (place < 0) throw new TemplateSyntaxError('Unclosed tag', content.length);
  return place;
}

function skipWhite(content: string, from: number): number {
  let at = from;
  while (at < content.length && /\s/.test(content[at] ?? '')) at += 1;
  return at;
}

/** The tokens in order. A line with only tags and white space, and no output from them, is dropped. */
class FlatTokens {
  readonly tokens: Token[] = [];
  #blanks: number[] = [];
  #hasTag = false;
  #hasText = false;

  addText(text: string): void {
    for (const piece of text.split(/(?<=\n)/)) {
      if (piece === '') continue;
      if (/\S/.test(piece)) this.#hasText = true;
      else this.#blanks.push(this.tokens.length);
      this.tokens.push(textOf(piece));
      if (piece.endsWith('\n')) this.endLine();
    }
  }

  addTag({ kind, value, start }: Tag): void {
    this.#hasTag = true;
    if (kind === 'name' || kind === '&') this.#hasText = true;
    this.tokens.push({ kind, value, start, inner: [] });
  }

  endLine(): void {
    if (this.#hasTag && !this.#hasText) {
      for (const index of this.#blanks) this.tokens[index] = textOf('');
    }
    this.#blanks = [];
    this.#hasTag = false;
    this.#hasText = false;
  }
}

const textOf = (value: string): Token => ({ kind: 'text', value, start: 0, inner: [] });

function nest(flat: readonly Token[]): Token[] {
  const root: Token[] = [];
  const opened: Token[] = [];
  for (const token of flat) {
    const into = opened.at(-1)?.inner ?? root;
    if (token.kind === '/') opened.pop();
    else if (token.kind !== 'text') {
      into.push(token);
      if (token.kind === '#' || token.kind === '^') opened.push(token);
    } else if (token.value !== '') addText(into, token);
  }
  return root;
}

/** Merges consecutive texts. */
function addText(into: Token[], token: Token): void {
  const last = into.at(-1);
  if (last?.kind === 'text') into[into.length - 1] = { ...last, value: last.value + token.value };
  else into.push(token);
}

const unclosed = ({ value }: Token, place: number): TemplateSyntaxError =>
  new TemplateSyntaxError(`Unclosed section "${value}"`, place);
