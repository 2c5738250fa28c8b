import fc from 'fast-check';
import Mustache from 'mustache';
import { describe, expect, test } from 'vitest';
import { escapeHtml } from '../../../src/documents/escape-html.ts';
import {
  readTokens,
  TemplateSyntaxError,
  type Token,
} from '../../../src/documents/templates/template-tokens.ts';

/** The format of mustache.js: kind, value, start, end and, for a section, its tokens. */
type TheirToken = [kind: string, value: string, start: number, end: number, inner?: TheirToken[]];
type Outcome = unknown;

const ours = (tokens: readonly Token[]): Outcome =>
  tokens.map(({ kind, value, start, inner }) =>
    kind === 'text' ? [kind, value] : [kind, value, start, ours(inner)],
  );
const theirs = (tokens: readonly TheirToken[]): Outcome =>
  tokens.map(([kind, value, start, , inner]) =>
    kind === 'text'
      ? [kind, value]
      : [kind, value, start, kind === '#' || kind === '^' ? theirs(inner ?? []) : []],
  );

const readOurs = (template: string): Outcome => {
  try {
    return ours(readTokens(template));
  } catch (error) {
    if (!(error instanceof TemplateSyntaxError)) throw error;
    // mustache.js gives no place for invalid delimiters.
    return error.message.startsWith('Invalid') ? 'Invalid' : `${error.message} at ${error.place}`;
  }
};
const readTheirs = (template: string): Outcome => {
  try {
    return theirs(new Mustache.Writer().parse(template, ['{{', '}}']) as TheirToken[]);
  } catch (error) {
    const { message } = error as Error;
    return message.startsWith('Invalid') ? 'Invalid' : message;
  }
};

const PIECES = [
  ...['{{', '}}', '{{{', '}}}', '{', '}', '#', '^', '/', '!', '&', '>'],
  ...[
    '{{a}}',
    '{{#a}}',
    '{{/a}}',
    '{{^b}}',
    '{{/b}}',
    '{{! no\nword }}',
    '{{ a.b }}',
    '{{>p}}',
    '{{&a}}',
    '{{{a}}}',
  ],
  ...['{{=<% %>=}}', '<%={{ }}=%>', '<%', '%>', '='],
  ...[' ', '  ', '\t', '\n', '\r\n', '\u00a0', 'a', 'b', 'text', '<p>', '€', '𝒳'],
];

describe('a template is read as mustache.js reads it', () => {
  test('for any mixture of tags, text and white space', () => {
    const template = fc.array(fc.constantFrom(...PIECES), { maxLength: 24 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(template, (text) => {
        expect(readOurs(text)).toEqual(readTheirs(text));
      }),
      { numRuns: 5_000 },
    );
  });

  test.each([
    ['nothing', ''],
    ['a section on lines of its own', '<ul>\n  {{#a}}\n  <li>{{b}}</li>\n  {{/a}}\n</ul>\n'],
    ['two tags alone on a line', 'x\n {{#a}} {{/a}} \ny'],
    ['a comment at the end, without a line after it', 'x\n  {{! word }}'],
    ['a tag over several lines', '{{#\n a \n}}x{{/ a}}'],
    ['an unclosed tag', 'a\n{{b'],
    ['an unclosed section', '{{#a}}\nx'],
    ['sections that cross', '{{#a}}{{#b}}{{/a}}{{/b}}'],
    ['a section that was not opened', 'x\n{{/a}}'],
  ])('%s', (_, template) => {
    expect(readOurs(template)).toEqual(readTheirs(template));
  });
});

test('texts are escaped as mustache.js escapes them', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => escapeHtml(text) === Mustache.escape(text)));
  expect(escapeHtml(`&<>"'/\`=`)).toBe(Mustache.escape(`&<>"'/\`=`));
});

test.each<[string, string, Outcome]>([
  ['white space', ' '.repeat(65_000), [['text', ' '.repeat(65_000)]]],
  ['tags that do not end', '{{ '.repeat(21_000), 'Unclosed tag at 63000'],
  ['names that do not end', '{{a'.repeat(21_000), 'Unclosed tag at 63000'],
  ['sections that do not end', '\n{{#a}}'.repeat(9_000), 'Unclosed section "a" at 63000'],
])('%s is read to its end: quadratic work would take minutes', (_, hostile, expected) => {
  expect(readOurs(hostile)).toEqual(expected);
});
