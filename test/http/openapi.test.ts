/** The API description against the router that it is generated from, and against the standard. */
import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, test } from 'vitest';
import type * as z from 'zod';
import { describeApi } from '../../src/http/openapi.ts';
import { listErrorCodes } from '../../src/http/problem.ts';
import { ROUTES } from '../../src/http/routes/index.ts';
import { INGEST_ROUTES } from '../../src/http/routes/ingest.ts';
import type { Json } from '../setup/world.ts';

const routes = [...INGEST_ROUTES, ...ROUTES];
const described: Json = describeApi(routes);
const paths = Object.entries<Json>(described.paths);
const operations = paths.flatMap(([path, methods]) =>
  Object.entries<Json>(methods).map(([method, operation]) => ({ id: `${method} ${path}`, path, operation })),
);
const operationOf = ({ method, path }: { method: string; path: string }): Json =>
  described.paths[path.replace(/:(\w+)/g, '{$1}')]?.[method];

test('it is valid OpenAPI 3.1 in the eyes of an independent validator', async () => {
  const validator = new Validator();
  const result = await validator.validate(structuredClone(described));
  expect(result.errors ?? []).toEqual([]);
  expect(result.valid).toBe(true);
  expect(validator.version).toBe('3.1');
});

test('it describes the routes of the router, each once, and none that is not there', () => {
  const ofRouter = routes.map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`);
  expect(operations.map(({ id }) => id).sort()).toEqual(ofRouter.sort());
  const ids = operations.map(({ operation }) => operation.operationId);
  expect(new Set(ids).size).toBe(ids.length);
});

test('every reference leads to a component, and every component is referred to', () => {
  const text = JSON.stringify(described);
  const referred = new Set([...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map((match) => match[1]));
  expect([...referred].sort()).toEqual(Object.keys(described.components.schemas).sort());
  expect(text).not.toContain('$defs');
  const empty = Object.entries<Json>(described.components.schemas).filter(([, schema]) => '$ref' in schema);
  expect(empty).toEqual([]);
});

describe('of every route it says', () => {
  test.each(routes)('$method $path: its key, its parameters and its body', (route) => {
    const operation = operationOf(route);
    const password = protocolOf(route) === 'otlp' ? [{ project_password: [] }] : [];
    expect(operation.security).toEqual(
      route.audience === 'open' ? [] : [{ [route.audience]: [] }, ...password],
    );
    const inPath = [...route.path.matchAll(/:(\w+)/g)].map((match) => match[1]);
    const named = (place: string): string[] =>
      operation.parameters.filter((each: Json) => each.in === place).map((each: Json) => each.name);
    expect(named('path')).toEqual(inPath);
    expect(named('query')).toEqual(Object.keys(shapeOf(route.query)));
    expect(operation.requestBody !== undefined).toBe((route.body ?? route.rawBody) !== undefined);
    if (route.body) expect(operation.requestBody.required).toBe(route.bodyOptional !== true);
    if (route.rawBody) {
      expect(Object.keys(operation.requestBody.content)).toEqual(route.rawBody.mediaTypes);
    }
    expect(named('header')).toEqual(route.idempotency ? ['Idempotency-Key'] : []);
  });

  test.each(routes)(
    '$method $path: its answers, problems as problem documents or as OTLP has them',
    (route) => {
      const { responses } = operationOf(route);
      const isOtlp = protocolOf(route) === 'otlp';
      const both = ['application/json', 'application/x-protobuf'];
      for (const [status, response] of Object.entries<Json>(responses)) {
        const types = Object.keys(response.content ?? {});
        const own = route.responses[Number(status)];
        const ownTypes = own?.schema ? ['application/json'] : own?.mediaType ? [own.mediaType] : [];
        expect(types, status).toEqual(isOtlp ? both : own ? ownTypes : ['application/problem+json']);
        // An invalid link answers with a page: customers follow it, not programs.
        const isPage = status === '404' && own?.mediaType === 'text/html';
        expect(own === undefined || isPage, status).toBe(Number(status) >= 400);
      }
      const expected = [
        ...(route.audience === 'open' ? [] : ['401']),
        ...(route.body || route.query ? [isOtlp ? '400' : '422'] : []),
        ...(route.path.includes('/:') ? ['404'] : []),
        '500',
      ];
      expect(Object.keys(responses)).toEqual(expect.arrayContaining(expected));
    },
  );
});

const protocolOf = (route: object): unknown => ('protocol' in route ? route.protocol : undefined);

const shapeOf = (schema: z.ZodType | undefined): object =>
  (schema as (z.ZodType & { shape?: object }) | undefined)?.shape ?? {};

test('bodies refuse what they do not declare, and so does their description', () => {
  const bodies = operations.flatMap(({ id, operation }) => {
    const schema: Json = operation.requestBody?.content['application/json']?.schema;
    return schema && schema.$ref === undefined && schema.anyOf === undefined ? [[id, schema] as const] : [];
  });
  expect(bodies.length).toBeGreaterThan(5);
  for (const [id, schema] of bodies) expect([id, schema.additionalProperties]).toEqual([id, false]);
});

test('a problem may carry members of its own, and every code has a status between 400 and 599', () => {
  const { required, additionalProperties } = described.components.schemas.Problem;
  expect(required).toEqual(['type', 'title', 'status', 'detail', 'code', 'request_id', 'errors']);
  expect(additionalProperties).not.toBe(false);
  for (const [code, status] of listErrorCodes()) {
    expect(status, code).toBeGreaterThanOrEqual(400);
    expect(status, code).toBeLessThan(600);
  }
});

test('events are described in the media types that are taken', () => {
  const { content } = described.paths['/v1/events'].post.requestBody;
  expect(Object.keys(content).sort()).toEqual([
    'application/cloudevents+json',
    'application/cloudevents-batch+json',
    'application/json',
    'application/x-ndjson',
  ]);
});
