/** The API description (OpenAPI 3.1), generated from the routes and from the schemas that validate. */
import * as z from 'zod';
import { rpcStatusSchema } from './otlp-schema.ts';
import type { DescribedRoute } from './routes/ingest.ts';
import { problem } from './schemas.ts';

type Json = Record<string, unknown>;

const PROBLEM_TEXTS: Readonly<Record<number, string>> = {
  400: 'A required header is missing',
  401: 'Missing or invalid API key',
  404: 'No such resource, or it belongs to another tenant',
  409: 'Conflict with the current state',
  412: 'The resource has changed since it was read',
  413: 'Request too large',
  415: 'Unsupported media type or encoding',
  422: 'Invalid request; `errors` lists each fault with a pointer',
  429: 'Too many requests; retry after `Retry-After` seconds',
  500: 'Internal error',
  503: 'A database is unavailable; a retry is safe',
};

export function describeApi(routes: readonly DescribedRoute[]): Json {
  const schemas: Json = {};
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    const operations = paths[path] ?? {};
    operations[route.method] = describeRoute(route, path, schemas);
    paths[path] = operations;
  }
  toSchema(problem, 'output', schemas);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Meterbook',
      version: '1',
      description: 'Usage events in, exact invoices out.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas,
      securitySchemes: {
        project: { type: 'http', scheme: 'bearer', description: 'A project key, mb_live_…' },
        project_password: {
          type: 'http',
          scheme: 'basic',
          description: 'A project key as the password, with any user name',
        },
        admin: { type: 'http', scheme: 'bearer', description: 'An admin key, mb_admin_…' },
      },
    },
  };
}

function describeRoute(route: DescribedRoute, path: string, schemas: Json): Json {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
  const parameters = names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } }));
  return {
    summary: route.summary,
    operationId: `${route.method}${path.replace(/[^A-Za-z0-9]+(.)?/g, (_, next: string | undefined) => next?.toUpperCase() ?? '')}`,
    ...(route.description !== undefined && { description: route.description }),
    security: securityOf(route),
    parameters: [...parameters, ...queryParameters(route, schemas), ...headerParameters(route)],
    ...(route.body || route.rawBody ? { requestBody: describeBody(route, schemas) } : {}),
    responses: describeResponses(route, schemas),
  };
}

function securityOf({ audience, protocol }: DescribedRoute): Json[] {
  if (audience === 'open') return [];
  return [{ [audience]: [] }, ...(protocol === 'otlp' ? [{ project_password: [] }] : [])];
}

function queryParameters(route: DescribedRoute, schemas: Json): Json[] {
  if (!route.query) return [];
  const schema = toSchema(route.query, 'input', schemas) as { properties?: Json; required?: string[] };
  return Object.entries(schema.properties ?? {}).map(([name, property]) => ({
    name,
    in: 'query',
    required: schema.required?.includes(name) ?? false,
    schema: property,
  }));
}

const headerParameters = ({ idempotency }: DescribedRoute): Json[] =>
  idempotency
    ? [
        {
          name: 'Idempotency-Key',
          in: 'header',
          required: idempotency === 'required',
          description: 'A repeated request with the same key and body gets the stored response',
          schema: { type: 'string', minLength: 1, maxLength: 255 },
        },
      ]
    : [];

function describeBody(route: DescribedRoute, schemas: Json): Json {
  const content: Json = {};
  if (route.body) content['application/json'] = { schema: toSchema(route.body, 'input', schemas) };
  for (const type of route.bodyTypes ?? route.rawBody?.mediaTypes ?? []) content[type] = {};
  return { required: route.bodyOptional !== true, content };
}

function describeResponses(route: DescribedRoute, schemas: Json): Json {
  const isOtlp = route.protocol === 'otlp';
  const binary = isOtlp ? { 'application/x-protobuf': {} } : {};
  const responses: Json = {};
  for (const [status, { description, schema, mediaType }] of Object.entries(route.responses)) {
    const content = schema
      ? { 'application/json': { schema: toSchema(schema, 'output', schemas) }, ...binary }
      : mediaType
        ? { [mediaType]: {} }
        : null;
    responses[status] = { description, ...(content && { content }) };
  }
  const refusal = isOtlp
    ? { 'application/json': { schema: toSchema(rpcStatusSchema, 'output', schemas) }, ...binary }
    : { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
  const guarded = route.audience === 'open' ? [] : [401];
  const checked = route.body || route.rawBody || route.query ? [isOtlp ? 400 : 422] : [];
  for (const status of [...guarded, ...checked, ...(route.problems ?? []), 500]) {
    responses[status] ??= {
      description: (isOtlp && status === 400 ? OTLP_400 : PROBLEM_TEXTS[status]) ?? 'Error',
      content: refusal,
    };
  }
  return responses;
}

const OTLP_400 = 'Not a valid OTLP trace request';

/**
 * JSON Schema of a zod schema. zod separates schemas that have an id, including the schema itself: they go to
 * the components.
 */
function toSchema(schema: z.ZodType, io: 'input' | 'output', schemas: Json): Json {
  const json = z.toJSONSchema(schema, { io, unrepresentable: 'any', target: 'draft-2020-12' });
  const text = JSON.stringify(json).replaceAll('#/$defs/', '#/components/schemas/');
  const { $schema: _, $defs, ...own } = JSON.parse(text) as Json;
  Object.assign(schemas, $defs);
  return own;
}
