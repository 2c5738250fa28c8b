/** The page against the API description: all of it is there, and none of it is interpreted as markup. */
import { describe, expect, test } from 'vitest';
import { renderDocs } from '../../src/http/docs-page.ts';
import { renderFields } from '../../src/http/docs-schema.ts';
import { describeApi } from '../../src/http/openapi.ts';
import { ROUTES } from '../../src/http/routes/index.ts';
import { INGEST_ROUTES } from '../../src/http/routes/ingest.ts';
import type { Json } from '../setup/world.ts';

const described: Json = describeApi([...INGEST_ROUTES, ...ROUTES]);
const page = await renderDocs(described);
const operations = Object.entries<Json>(described.paths).flatMap(([path, methods]) =>
  Object.entries<Json>(methods).map(([method, operation]) => ({ method, path, operation })),
);
const schemas = Object.entries<Json>(described.components.schemas);

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
/** The visible text of markup. */
const textOf = (markup: string): string =>
  markup
    .replace(/<[^>]*>/g, '')
    .replace(/&([a-z]+|#39);/g, (_, name: string) => ENTITIES[name] ?? '?')
    .replace(/\s+/g, ' ')
    .trim();

const articles = new Map(
  [...page.matchAll(/<article id="([^"]+)">(.*?)<\/article>/gs)].map(([, id = '', markup = '']) => [
    id,
    markup,
  ]),
);
const articleOf = (id: string): string => textOf(articles.get(id) ?? '');

/** The fields of a schema and of its nested objects, up to named ones. */
const fieldsOf = (schema: Json): string[] => [
  ...Object.entries<Json>(schema.properties ?? {}).flatMap(([name, field]) => [name, ...fieldsOf(field)]),
  ...(schema.items ? fieldsOf(schema.items) : []),
  ...(schema.anyOf ?? []).flatMap(fieldsOf),
];
const namesOf = (schema: Json): string[] =>
  [...JSON.stringify(schema).matchAll(/"#\/components\/schemas\/([A-Za-z]\w*)"/g)].map(
    ([, name = '']) => name,
  );

describe('the page tells of every operation', () => {
  test.each(operations)('$method $path', ({ method, path, operation }) => {
    const text = articleOf(operation.operationId);
    const summary = operation.summary.replaceAll('`', '');
    const [scheme] = operation.security.flatMap(Object.keys);
    expect(text.startsWith(`${method.toUpperCase()} ${path} ${summary}`)).toBe(true);
    expect(text).toContain(`${summary} ${scheme ? `${scheme} key` : 'open'} ${operation.description ?? ''}`);
    const codes = [...(articles.get(operation.operationId) ?? '').matchAll(/<li><code>([^<]*)<\/code>/g)];
    const fields = codes.map(([, name]) => name);
    for (const { name, in: place } of operation.parameters) {
      expect(fields).toContain(name);
      expect(text).toContain(`, ${place}`);
    }
    const contents = [operation.requestBody, ...Object.values<Json>(operation.responses)].flatMap((each) =>
      Object.entries<Json>(each?.content ?? {}).filter(([type]) => type !== 'application/problem+json'),
    );
    for (const [mediaType, { schema = {} }] of contents) {
      expect(text).toContain(mediaType);
      expect(fields).toEqual(expect.arrayContaining(fieldsOf(schema)));
      for (const name of namesOf(schema))
        expect(articles.get(operation.operationId)).toContain(`#schema-${name}"`);
    }
    for (const [status, { description }] of Object.entries<Json>(operation.responses)) {
      expect(text).toContain(`${status} ${description.replaceAll('`', '')}`);
    }
  });

  test('and of nothing else but the objects, each with its fields', () => {
    const ids = [
      ...operations.map(({ operation }) => operation.operationId),
      ...schemas.map(([name]) => `schema-${name}`),
    ];
    expect([...articles.keys()].sort()).toEqual(ids.sort());
    for (const [name, schema] of schemas) {
      const text = articleOf(`schema-${name}`);
      for (const field of fieldsOf(schema)) expect(text, name).toContain(field);
    }
  });
});

test('every link leads to a place on the page or to the description', () => {
  const ids = [...page.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const links = [...page.matchAll(/ href="([^"]*)"/g)].map(([, link = '']) => link);
  const elsewhere = links.filter((link) => !ids.includes(link.slice(1)));
  expect(elsewhere).toEqual(['/openapi.json']);
  // Once from the contents, once from its own heading.
  for (const { operation } of operations) {
    expect(links.filter((link) => link === `#${operation.operationId}`)).toHaveLength(2);
  }
});

test('every object has a name of its own, JSON too', () => {
  expect(schemas.filter(([name]) => name.startsWith('__'))).toEqual([]);
  expect(articleOf('schema-JSON')).toBe(
    'JSON string or number or boolean or null or array of JSON or object of JSON',
  );
});

const TAG =
  /<(?:!doctype html|\/?[a-z][a-z0-9]*(?: (?:id|class|href|lang|name|content|charset|aria-label)="[^"<>]*")*)>/g;
const tagsOf = (markup: string): string[] => [
  ...new Set([...markup.matchAll(/<([a-z][a-z0-9]*)/g)].map(([, tag = '']) => tag)),
];
const ATTACK = `</style></code>"'><script>alert(1)</script><img src=x onerror=alert(1)>\`&amp;<b onclick='x'>`;

describe('nothing of the description is taken for markup', () => {
  /** Appends an attack to every text and every name of the description. */
  const poison = (value: Json): Json => {
    if (typeof value === 'string') return value + ATTACK;
    if (Array.isArray(value)) return value.map(poison);
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(
      Object.entries<Json>(value).map(([name, each]) => [
        name,
        typeof each === 'string' ? each + ATTACK : poison(each),
      ]),
    );
  };
  const NAMED = ['paths', 'schemas', 'securitySchemes', 'properties', 'responses', 'content'];
  const rename = (value: Json, isNamed = false): Json => {
    if (Array.isArray(value)) return value.map((each) => rename(each));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(
      Object.entries<Json>(value).map(([name, each]) => [
        isNamed ? name + ATTACK : name,
        rename(each, !isNamed && NAMED.includes(name)),
      ]),
    );
  };

  test.each([
    ['as it is', described],
    ['with hostile texts', poison(described)],
    ['with hostile names', rename(described)],
  ])('%s', async (_, description) => {
    const markup = await renderDocs(description);
    expect(markup.replace(/<style>[^<]*<\/style>/, '').replace(TAG, '')).not.toMatch(/[<>]/);
    expect(tagsOf(markup).sort()).toEqual(tagsOf(page).sort());
    if (description !== described) expect(markup.split('&lt;script&gt;').length).toBeGreaterThan(100);
  });

  test('nothing in it runs, loads, submits or is set by style beyond its own sheet', () => {
    const unwanted = ['script', 'img', 'link', 'iframe', 'form', 'input', 'base', 'object', 'svg'];
    expect(tagsOf(page).filter((tag) => unwanted.includes(tag))).toEqual([]);
    expect(page).not.toMatch(/@import|url\(|<[^>]* (?:style|src|on\w+)=/);
  });
});

describe('a field is told as', () => {
  const ref = { $ref: '#/components/schemas/Tier' };
  const rows: [name: string, schema: object, expected: string][] = [
    ['a text', { type: 'string' }, 'string'],
    ['a format', { type: 'string', format: 'uuid' }, 'string (uuid)'],
    [
      'a text of bounded length',
      { type: 'string', minLength: 1, maxLength: 64 },
      'string, 1 to 64 characters',
    ],
    ['a text that is not empty', { type: 'string', minLength: 1 }, 'string, length at least 1'],
    ['bounds', { type: 'integer', minimum: 0, maximum: 12 }, 'integer, from 0, to 12'],
    [
      'the bounds of all integers, which say nothing',
      { type: 'integer', minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER },
      'integer',
    ],
    ['a choice', { type: 'string', enum: ['a', 'b'] }, '"a" or "b"'],
    ['a constant, false too', { type: 'boolean', const: false }, 'false'],
    ['a value where absent', { type: 'string', default: 'day' }, 'string, default "day"'],
    ['several types', { type: ['string', 'null'] }, 'string or null'],
    [
      'what may be null, with its limits',
      { anyOf: [{ type: 'string', maxLength: 9 }, { type: 'null' }] },
      'string or null, 0 to 9 characters',
    ],
    ['two patterns of one type', { anyOf: [{ type: 'string', pattern: 'a' }, { type: 'string' }] }, 'string'],
    ['a named object', ref, 'Tier'],
    ['a list of them', { type: 'array', items: ref }, 'array of Tier'],
    ['a map', { type: 'object', additionalProperties: { type: 'string' } }, 'object of string'],
    ['an object that takes anything', { type: 'object', additionalProperties: {} }, 'object'],
    ['no type', {}, 'any'],
  ];
  test.each(rows)('%s', async (_, schema, expected) => {
    const markup = await renderFields([{ name: 'x', required: false, schema }]);
    expect(textOf(markup.toString())).toBe(`x ${expected}`);
  });

  test('required or not, with what it is and its own fields', async () => {
    const schema = {
      type: 'array',
      description: 'In `order`',
      items: { type: 'object', properties: { up_to: { type: 'string' } }, required: ['up_to'] },
    };
    const markup = (await renderFields([{ name: 'tiers', required: true, schema }])).toString();
    expect(textOf(markup)).toBe('tiers array of object required In orderup_to string required');
    expect(markup).toContain('<code>order</code>');
  });
});
