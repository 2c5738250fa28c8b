/**
 * Logic-less templates: texts, names, sections, inverted sections and comments of Mustache, and nothing else. Only
 * listed variables are valid names, so a template can read nothing but the document's own texts.
 */
import { escapeHtml } from '../escape-html.ts';
import { nameNearest } from './template-names.ts';
import { readTokens, TemplateSyntaxError, type Token } from './template-tokens.ts';
import { ALL_VARIABLES, type GroupVariable, type Variable } from './template-variables.ts';

export const TEMPLATE_CHARACTERS_MAX = 65_536;
const TAGS_MAX = 2000;
const DEPTH_MAX = 4;
/** The number of faults with a suggestion; finding one takes time, so later faults have none. */
const HINTS_MAX = 20;
/** Longer pages are useless; also bounds what a template can make of the longest document. */
const OUTPUT_CHARACTERS_MAX = 4_000_000;
const STEPS_MAX = 1_000_000;

export interface TemplateFault {
  readonly code: string;
  readonly detail: string;
}

export class TemplateError extends Error {
  readonly faults: readonly TemplateFault[];
  constructor(faults: readonly TemplateFault[]) {
    super(faults[0]?.detail ?? 'the template is not valid');
    this.name = 'TemplateError';
    this.faults = faults;
  }
}

type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'name'; readonly path: readonly string[] }
  | {
      readonly kind: 'section' | 'inverted';
      readonly path: readonly string[];
      readonly parts: readonly Part[];
    };

export interface Template {
  readonly parts: readonly Part[];
  /** As documented: `lines.name`. */
  readonly names: ReadonlySet<string>;
}

const REFUSED: Readonly<Record<string, string>> = {
  '&': 'Unescaped output ({{{…}}} and {{&…}}) is not allowed.',
  '>': 'Partials ({{>…}}) are not allowed.',
  '=': 'Changing delimiters ({{=…=}}) is not allowed.',
};

/** Throws TemplateError with every fault and its line. */
export function parseTemplate(content: string): Template {
  if (content.length > TEMPLATE_CHARACTERS_MAX)
    refuse('too_long', 'A template may have at most 65,536 characters.');
  // No author needs them, and each used to be slow to parse.
  if (/\s{100}/.test(content))
    refuse('too_long', 'A template may have at most 99 whitespace characters in a row.');
  if (/\{\{[^}]{200}/.test(content)) refuse('too_long', 'A tag may have at most 199 characters.');
  const lineAt = (place: number): number => content.slice(0, place).split('\n').length;

  let tokens: readonly Token[];
  try {
    tokens = readTokens(content);
  } catch (error) {
    if (!(error instanceof TemplateSyntaxError)) throw error;
    const detail = `Line ${lineAt(error.place)}: ${error.message}.`;
    throw new TemplateError([{ code: 'syntax', detail }]);
  }
  const reader = new TokenReader(lineAt);
  const parts = reader.read(tokens, [{ variable: ALL_VARIABLES, name: '' }]);
  if (reader.faults.length > 0) throw new TemplateError(reader.faults);
  return { parts, names: reader.names };
}

const refuse = (code: string, detail: string): never => {
  throw new TemplateError([{ code, detail }]);
};

/** Where names are looked up, innermost first; `name` is the documented name. */
interface Scope {
  readonly variable: Variable;
  readonly name: string;
  readonly isItem?: boolean;
}

class TokenReader {
  readonly faults: TemplateFault[] = [];
  readonly names = new Set<string>();
  readonly #lineAt: (place: number) => number;
  #tags = 0;

  constructor(lineAt: (place: number) => number) {
    this.#lineAt = lineAt;
  }

  read(tokens: readonly Token[], scopes: readonly Scope[], depth = 0): Part[] {
    return tokens.flatMap((token) => this.#readToken(token, scopes, depth));
  }

  #readToken({ kind, value, start, inner }: Token, scopes: readonly Scope[], depth: number): Part[] {
    if (kind === 'text') return [{ kind, text: value }];
    if (kind === '!') return [];
    if (++this.#tags === TAGS_MAX + 1)
      this.#fault(start, 'too_long', `A template may have at most ${TAGS_MAX} tags`);
    if (this.#tags > TAGS_MAX) return [];
    if (kind !== 'name' && kind !== '#' && kind !== '^') {
      return this.#fault(start, 'forbidden_tag', REFUSED[kind] ?? 'This tag is not allowed');
    }
    const found = findScope(value, scopes);
    if (!found) return this.#fault(start, 'unknown_variable', this.#describeUnknown(value, scopes));
    if (found.name !== '') this.names.add(found.name);
    const path = value.split('.').filter((step) => step !== '');
    if (kind === 'name') {
      if (found.variable.kind === 'text') return [{ kind, path }];
      return this.#fault(start, 'not_a_text', `‘${value}’ is not text. Open it as a section`);
    }
    if (depth === DEPTH_MAX) {
      return this.#fault(start, 'too_deep', `Sections may nest at most ${DEPTH_MAX} deep`);
    }
    if (kind === '^') return [{ kind: 'inverted', path, parts: this.read(inner, scopes, depth + 1) }];
    // A list nested in an unrelated list would multiply the output without meaning.
    if (found.variable.kind === 'list' && scopes.some(({ isItem }) => isItem) && !isOwnOf(value, scopes)) {
      return this.#fault(start, 'list_in_list', `‘${value}’ is not a field of the enclosing list`);
    }
    return [{ kind: 'section', path, parts: this.read(inner, [...scopes, innerScope(found)], depth + 1) }];
  }

  #describeUnknown(value: string, scopes: readonly Scope[]): string {
    const unknown = `Unknown variable ‘${value.slice(0, 100)}’`;
    return this.faults.length < HINTS_MAX ? unknown + nameNearest(value, usableNames(scopes)) : unknown;
  }

  #fault(place: number, code: string, detail: string): [] {
    this.faults.push({ code, detail: `Line ${this.#lineAt(place)}: ${detail.replace(/\.$/, '')}.` });
    return [];
  }
}

const innerScope = ({ variable, name }: Scope): Scope =>
  variable.kind === 'list' ? { variable: variable.item, name, isItem: true } : { variable, name };

const fieldOf = ({ variable, name }: Scope, field: string): Scope | null => {
  if (variable.kind !== 'group' || !Object.hasOwn(variable.fields, field)) return null;
  const found = (variable as GroupVariable).fields[field] as Variable;
  return { variable: found, name: name === '' ? field : `${name}.${field}` };
};

function findScope(value: string, scopes: readonly Scope[]): Scope | null {
  const innermost = scopes.at(-1);
  if (value === '.') return innermost?.variable.kind === 'text' ? innermost : null;
  const [first = '', ...rest] = value.split('.');
  const owner = scopes.findLast((scope) => fieldOf(scope, first));
  let found = owner ? fieldOf(owner, first) : null;
  for (const field of rest) found = found && fieldOf(found, field);
  return found;
}

/** The valid names at a place: the fields in scope, and fields of groups by their path. */
const usableNames = (scopes: readonly Scope[]): string[] =>
  scopes.flatMap(({ variable }) =>
    variable.kind !== 'group'
      ? []
      : Object.entries(variable.fields).flatMap(([name, field]) => [
          name,
          ...(field.kind === 'group' ? Object.keys(field.fields).map((inner) => `${name}.${inner}`) : []),
        ]),
  );

const isOwnOf = (value: string, scopes: readonly Scope[]): boolean => {
  const [first = ''] = value.split('.');
  const item = scopes.findLastIndex(({ isItem }) => isItem);
  return scopes.findLastIndex((scope) => fieldOf(scope, first)) >= item;
};

export interface View {
  readonly [name: string]: ViewValue;
}
export type ViewValue = string | boolean | View | readonly ViewValue[];

/** Throws TemplateError if the result is too long. */
export function fillTemplate({ parts }: Template, view: View): string {
  const output: string[] = [];
  let characters = 0;
  let steps = 0;
  const write = (text: string): void => {
    characters += text.length;
    if (characters > OUTPUT_CHARACTERS_MAX) refuse('output_too_long', 'The rendered page is too long.');
    output.push(text);
  };
  const fill = (inner: readonly Part[], scopes: readonly ViewValue[]): void => {
    for (const part of inner) {
      if (++steps > STEPS_MAX) refuse('output_too_long', 'The rendered page is too long.');
      if (part.kind === 'text') {
        write(part.text);
        continue;
      }
      const value = findValue(part.path, scopes);
      if (part.kind === 'name') write(escapeHtml(String(value)));
      else if (part.kind === 'inverted') {
        if (isEmpty(value)) fill(part.parts, scopes);
      } else if (Array.isArray(value)) {
        for (const item of value) fill(part.parts, [...scopes, item]);
      } else if (!isEmpty(value)) fill(part.parts, [...scopes, value]);
    }
  };
  fill(parts, [view]);
  return output.join('');
}

const isEmpty = (value: ViewValue): boolean =>
  value === '' || value === false || (Array.isArray(value) && value.length === 0);

export const isView = (value: ViewValue | undefined): value is View =>
  typeof value === 'object' && !Array.isArray(value);

/** The value of a checked name; empty if the view lacks it. */
function findValue(path: readonly string[], scopes: readonly ViewValue[]): ViewValue {
  const [first, ...rest] = path;
  if (first === undefined) return scopes.at(-1) ?? '';
  let value: ViewValue | undefined = scopes.findLast((scope) => isView(scope) && Object.hasOwn(scope, first));
  for (const field of [first, ...rest]) {
    value = isView(value) && Object.hasOwn(value, field) ? value[field] : undefined;
  }
  return value ?? '';
}
