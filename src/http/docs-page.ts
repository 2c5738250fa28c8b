/** `GET /docs`: the description of the API as a page for people. Nothing in it runs, loads or submits. */
import { html, raw } from 'hono/html';
import { DOCS_CSS } from './docs-css.ts';
import type { Answer } from './route.ts';

/** Escapes what is put into it, unless that was made by `html` itself. */
type Html = ReturnType<typeof html>;

/** Of JSON Schema, what zod writes. */
interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly format?: string;
  readonly description?: string;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
}

interface Field {
  readonly name: string;
  readonly required: boolean;
  readonly schema: Schema;
  readonly description?: string;
}

type Content = Readonly<Record<string, { readonly schema?: Schema }>>;

interface Operation {
  readonly summary: string;
  readonly operationId: string;
  readonly security: readonly Readonly<Record<string, unknown>>[];
  readonly parameters: readonly (Field & { readonly in: string })[];
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
}

/** What the page reads of the description that `describeApi` makes. */
export interface ApiDescription {
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>;
    readonly securitySchemes: Readonly<Record<string, { readonly description: string }>>;
  };
}

interface Place {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

const DOCS_POLICY = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export const answerDocs = (page: string): Answer => ({
  status: 200,
  body: page,
  headers: {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': DOCS_POLICY,
    'cache-control': 'public, max-age=300',
    'referrer-policy': 'no-referrer',
  },
});

export async function renderDocs({ info, paths, components }: ApiDescription): Promise<string> {
  const groups = groupByResource(paths);
  const page = await html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${info.title} API</title>
<style>${raw(DOCS_CSS)}</style>
</head>
<body>
<header>
<h1>${info.title} API</h1>
<p>${info.description} For programs, the same as <a href="/openapi.json">OpenAPI 3.1</a>.</p>
</header>
<nav aria-label="Contents">
<h2>Contents</h2>
${groups.map(([name, places]) => renderContents(name, places))}
<p><a href="#objects">Objects</a></p>
</nav>
<main>
<section id="authentication">
<h2>Authentication</h2>
<p>A key is sent as a bearer token: <code>Authorization: Bearer mb_…</code>. What is marked open wants none.</p>
<ul>${Object.entries(components.securitySchemes).map(([name, { description }]) => html`<li><span class="key">${name} key</span> ${description}</li>`)}</ul>
<p>Without a valid key every other answer is 401. Errors are problem documents: <a href="#schema-Problem">Problem</a>.</p>
</section>
${groups.map(([name, places]) => html`<section id="${slugOf(name)}"><h2>${name}</h2>${places.map(renderOperation)}</section>`)}
<section id="objects">
<h2>Objects</h2>
${Object.entries(components.schemas).map(([name, schema]) => html`<article id="schema-${name}"><h3>${nameOf(name)}</h3>${schema.properties ? '' : html`<p>${renderType(schema)}</p>`}${renderNested(schema)}</article>`)}
</section>
</main>
</body>
</html>
`;
  return page.toString();
}

/** By the first part of the path after the version, in the order of the description. */
function groupByResource(paths: ApiDescription['paths']): [name: string, places: Place[]][] {
  const groups = new Map<string, Place[]>();
  for (const [path, methods] of Object.entries(paths)) {
    const name = resourceOf(path);
    const places = groups.get(name) ?? [];
    for (const [method, operation] of Object.entries(methods)) {
      places.push({ method: method.toUpperCase(), path, operation });
    }
    groups.set(name, places);
  }
  return [...groups];
}

function resourceOf(path: string): string {
  if (path.startsWith('/i/')) return 'Pages for customers';
  const [, resource] = /^\/v1\/(?:admin\/)?([^/]+)/.exec(path) ?? [];
  if (resource === undefined) return 'Service';
  const words = resource.replaceAll('-', ' ').replace(/^api\b/, 'API');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const slugOf = (name: string): string => `resource-${name.toLowerCase().replaceAll(' ', '-')}`;

const renderContents = (name: string, places: readonly Place[]): Html =>
  html`<details><summary><a href="#${slugOf(name)}">${name}</a> <small>${places.length}</small></summary><ul>
${places.map(({ method, path, operation }) => html`<li><a href="#${operation.operationId}"><b class="method">${method}</b> <code>${path}</code></a></li>\n`)}</ul></details>
`;

function renderOperation({ method, path, operation }: Place): Html {
  const { operationId, summary, security, parameters, requestBody, responses } = operation;
  const audience = security.flatMap((scheme) => Object.keys(scheme))[0];
  return html`
<article id="${operationId}">
<h3><a href="#${operationId}"><b class="method ${method.toLowerCase()}">${method}</b> <code>${path}</code></a></h3>
<p>${summary} <span class="key">${audience === undefined ? 'open' : `${audience} key`}</span></p>
${parameters.length > 0 && html`<h4>Parameters</h4>${renderFields(parameters.map((each) => ({ ...each, place: each.in })))}`}
${requestBody && html`<h4>Body${requestBody.required ? '' : ', optional'}</h4>${renderContent(requestBody.content)}`}
<h4>Answers</h4>
<ul class="answers">${Object.entries(responses).map(([status, { description, content = {} }]) => html`<li><b>${status}</b> ${renderText(description)}${renderContent(content)}</li>`)}</ul>
</article>`;
}

/** Problems have one shape, told once. */
const renderContent = (content: Content): Html[] =>
  Object.entries(content)
    .filter(([mediaType]) => mediaType !== 'application/problem+json')
    .map(([mediaType, { schema }]) =>
      schema
        ? html`<div><small>${mediaType}</small> ${renderType(schema)}${renderNested(schema)}</div>`
        : html`<div><small>${mediaType}</small></div>`,
    );

const renderFields = (fields: readonly (Field & { readonly place?: string })[]): Html =>
  html`<ul class="fields">${fields.map(
    ({ name, required, schema, description = schema.description, place }) =>
      html`<li><code>${name}</code> <span class="type">${place && `${place}, `}${renderType(schema)}${renderLimits(schema)}</span>${required && html` <em>required</em>`}${description && html`<p>${renderText(description)}</p>`}${renderNested(schema)}</li>`,
  )}</ul>`;

/** The fields of the objects in a schema that have no name to link to. */
function renderNested({ properties, required, items, anyOf, additionalProperties }: Schema): Html | Html[] {
  if (items) return renderNested(items) ;
  if (anyOf) return anyOf.flatMap(renderNested);
  if (typeof additionalProperties === 'object' && !properties) return renderNested(additionalProperties);
  const fields = Object.entries(properties ?? {});
  if (fields.length === 0) return [];
  return renderFields(
    fields.map(([name, schema]) => ({ name, schema, required: required?.includes(name) ?? false })),
  );
}

function renderType(schema: Schema): Html {
  const { $ref, anyOf, items, type, format, additionalProperties } = schema;
  if ($ref) {
    const name = $ref.slice($ref.lastIndexOf('/') + 1);
    return html`<a href="#schema-${name}">${nameOf(name)}</a>`;
  }
  if (anyOf) return html`${anyOf.map((each, index) => html`${index > 0 && ' or '}${renderType(each)}`)}`;
  if (schema.enum) return html`${schema.enum.map((value) => JSON.stringify(value)).join(' or ')}`;
  if ('const' in schema) return html`${JSON.stringify(schema.const)}`;
  if (items) return html`array of ${renderType(items)}`;
  if (typeof additionalProperties === 'object' && Object.keys(additionalProperties).length > 0) {
    return html`object of ${renderType(additionalProperties)}`;
  }
  const types = [type ?? 'any'].flat().join(' or ');
  return html`${format ? `${types} (${format})` : types}`;
}

function renderLimits({ minimum, maximum, minLength, maxLength, default: byDefault }: Schema): Html {
  const isBound = (bound: number | undefined): boolean => bound !== undefined && Number.isSafeInteger(bound);
  return html``;
}

/** Zod names itself what refers to itself: of ours that is only the JSON that an event may carry. */
const nameOf = (name: string): string => (name.startsWith('__') ? 'JSON' : name);

/** Text in which `backticks` mark code. */
const renderText = (text: string): Html =>
  html`${text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part))}`;
