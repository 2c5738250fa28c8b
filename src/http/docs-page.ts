/** `GET /docs`: the API description as a page for people. It contains no scripts, external resources or forms. */
import { html, raw } from 'hono/html';
import { DOCS_CSS } from './docs-css.ts';
import {
  type Field,
  type Html,
  renderFields,
  renderNested,
  renderText,
  renderType,
  type Schema,
} from './docs-schema.ts';
import type { Answer } from './route.ts';

type Content = Readonly<Record<string, { readonly schema?: Schema }>>;

interface Operation {
  readonly summary: string;
  readonly description?: string;
  readonly operationId: string;
  readonly security: readonly Readonly<Record<string, unknown>>[];
  readonly parameters: readonly Field[];
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
}

/** The parts of the result of `describeApi` that the page reads. */
interface ApiDescription {
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

/** Renders the result of `describeApi`. */
export async function renderDocs(description: Readonly<Record<string, unknown>>): Promise<string> {
  // It is built as JSON and has no type of its own.
  const { info, paths, components } = description as unknown as ApiDescription;
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
<p>${info.description} Machine-readable: <a href="/openapi.json">OpenAPI 3.1</a>.</p>
</header>
<nav aria-label="Contents">
<a href="#authentication">Authentication</a>
${groups.map(([name, places]) => renderContents(name, places))}
<a href="#objects">Objects</a>
</nav>
<main>
<section id="authentication">
<h2>Authentication</h2>
<p>Every request needs a key, except operations marked <span class="key">open</span>:</p>
<pre>Authorization: Bearer mb_…</pre>
<ul>${Object.entries(components.securitySchemes).map(renderScheme)}</ul>
<p>A missing or invalid key gets 401. Errors are RFC 9457 problem documents: <a href="#schema-Problem">Problem</a>.</p>
</section>
${groups.map(([name, places]) => renderGroup(name, places))}
<section id="objects">
<h2>Objects</h2>
${Object.entries(components.schemas).map(renderObject)}
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
  if (path.endsWith('/v1/traces')) return 'OpenTelemetry';
  const [, resource] = /^\/v1\/(?:admin\/)?([^/]+)/.exec(path) ?? [];
  if (resource === undefined) return 'Service';
  const words = resource.replaceAll('-', ' ').replace(/^(?:api|ai)\b/, (word) => word.toUpperCase());
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const slugOf = (name: string): string => `resource-${name.toLowerCase().replaceAll(' ', '-')}`;

const renderContents = (name: string, places: readonly Place[]): Html => html`<details>
<summary>${name} <small>${places.length}</small></summary>
<ul>${places.map((place) => html`<li>${renderHeading(place)}</li>`)}</ul>
</details>
`;

const renderHeading = ({ method, path, operation }: Place): Html =>
  html`<a href="#${operation.operationId}"><b class="${method.toLowerCase()}">${method}</b> <code>${path}</code></a>`;

const renderScheme = ([name, { description }]: [string, { description: string }]): Html =>
  html`<li><span class="key">${name} key</span> ${description}</li>`;

const renderGroup = (name: string, places: readonly Place[]): Html => html`<section id="${slugOf(name)}">
<h2><a href="#${slugOf(name)}">${name}</a></h2>
${places.map(renderOperation)}
</section>
`;

function renderOperation(place: Place): Html {
  const { operationId, summary, description, security, parameters, requestBody, responses } = place.operation;
  const [scheme] = security.flatMap((each) => Object.keys(each));
  return html`<article id="${operationId}">
<h3>${renderHeading(place)}</h3>
<p>${renderText(summary)} <span class="key">${scheme === undefined ? 'open' : `${scheme} key`}</span></p>
${description !== undefined && html`<p>${renderText(description)}</p>`}
${parameters.length > 0 && html`<h4>Parameters</h4>${renderFields(parameters)}`}
${requestBody && html`<h4>Body${!requestBody.required && ', optional'}</h4>${renderContent(requestBody.content)}`}
<h4>Responses</h4>
<ul>${Object.entries(responses).map(
    ([status, { description, content = {} }]) =>
      html`<li><b>${status}</b> ${renderText(description)}${renderContent(content)}</li>`,
  )}</ul>
</article>
`;
}

const renderObject = ([name, schema]: [string, Schema]): Html => html`<article id="schema-${name}">
<h3>${name}</h3>
<p>${renderType(schema)}</p>
${renderNested(schema)}
</article>
`;

/** All problems have the same shape, which is described once. */
const renderContent = (content: Content): Html[] =>
  Object.entries(content)
    .filter(([mediaType]) => mediaType !== 'application/problem+json')
    .map(([mediaType, { schema }]) =>
      schema
        ? html`<div><small>${mediaType}</small> ${renderType(schema)}${renderNested(schema)}</div>`
        : html`<div><small>${mediaType}</small></div>`,
    );
