/** What is true of every answer, whatever the request: problem documents, request ids, and limits before work. */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { ROUTES } from '../../src/http/routes/index.ts';
import { INGEST_ROUTES } from '../../src/http/routes/ingest.ts';
import { REQUESTS_PER_QUESTION } from '../../src/ingest/admission.ts';
import { api } from '../setup/client.ts';
import { ask, problemOf, sendRaw, UNKNOWN_ID, world } from './wire.ts';

const ORGANISATION = { name: 'Answers', billing_email: 'a@example.com', currency: 'USD' };

describe('paths and methods', () => {
  test.each([
    '/',
    '/nothing',
    '/v1',
    '/v1/',
    '/v1/admin',
    '/v1/admin/organisations/',
    '/v1//admin/organisations',
    '/V1/admin/organisations',
    '/v1/admin/organisations/a/b/c',
    '/v1/events/',
    '/v1/events/a/b',
    '/openapi.json/',
    '/%2e%2e/etc/passwd',
    '/%zz',
    `/${'x'.repeat(8000)}`,
  ])('%.60s is no resource: 404', async (path) => {
    expect(problemOf(await ask(path), 404).code).toBe('not_found');
  });

  const methodsOf = new Map<string, string[]>();
  for (const { method, path } of [...INGEST_ROUTES, ...ROUTES]) {
    const name = method.toUpperCase();
    methodsOf.set(path, [...(methodsOf.get(path) ?? []), ...(name === 'GET' ? ['GET', 'HEAD'] : [name])]);
  }

  test.each([...methodsOf])('%s answers 405 to other methods and names its own', async (path, methods) => {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      // `preview` and `import` could be ids: the methods of a row then look for a row with that id, which
      // does not exist.
      const asId = methodsOf.get(path.replace(/\/[^/:]+$/, '/:id')) ?? [];
      if (methods.includes(method) || asId.includes(method)) continue;
      const answer = await ask(path.replace(/:\w+/, 'x'), { method });
      expect(problemOf(answer, 405).code).toBe('method_not_allowed');
      expect(answer.headers.get('allow')?.split(', ').sort()).toEqual([...methods].sort());
    }
  });

  test('HEAD answers what GET answers, without the body', async () => {
    for (const path of [
      '/health',
      '/ready',
      '/openapi.json',
      '/v1/admin/organisations?limit=1',
      '/nothing',
    ]) {
      const [get, head] = await Promise.all([api(path), api(path, { method: 'HEAD' })]);
      expect([path, head.status, head.headers.get('content-type')]).toEqual([
        path,
        get.status,
        get.headers.get('content-type'),
      ]);
      expect(await head.text()).toBe('');
    }
  });
});

describe('request ids and headers', () => {
  test.each(['/health', '/ready', '/openapi.json', '/nothing', '/v1/events'])(
    '%s carries one',
    async (path) => {
      const [first, second] = [await api(path), await api(path)];
      const ids = [first, second].map((response) => response.headers.get('x-request-id'));
      for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
      expect(ids[0]).not.toBe(ids[1]);
    },
  );

  test('one that is given as a UUID is kept, anything else is replaced', async () => {
    const given = '0198f000-0000-7000-8000-000000000001';
    const idOf = async (id: string): Promise<string | null> =>
      (await api('/ready', { headers: { 'x-request-id': id } })).headers.get('x-request-id');
    expect(await idOf(given)).toBe(given);
    expect(await idOf('<script>')).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('answers with data are not cached and not sniffed', async () => {
    const response = await api('/v1/admin/organisations?limit=1');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('content-type')).toBe('application/json');
  });
});

describe('bodies of an admin', () => {
  const create = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
    ask('/v1/admin/organisations', {
      body,
      headers: { 'content-type': 'application/json', ...headers },
    });

  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
  test.each([
    ['nothing', ''],
    ['half an object', '{"name":'],
    ['a trailing comma', '{"name":"x",}'],
    ['two documents', '{}{}'],
    ['200,000 levels', deep],
    ['bytes that are not UTF-8', new Uint8Array([0x22, 0xff, 0xfe, 0x22])],
    ['UTF-16', new Uint8Array(Buffer.from(JSON.stringify(ORGANISATION), 'utf16le'))],
  ] as [string, string | Uint8Array<ArrayBuffer>][])('%s is no JSON: 422', async (_, body) => {
    expect(problemOf(await create(body), 422).code).toBe('malformed_json');
  });

  test.each(['[]', 'null', '1', '"x"', 'true', `{"name":${deep}}`])(
    '%.20s is no object of the kind: 422',
    async (body) => {
      problemOf(await create(body), 422);
    },
  );

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx', 'multipart/form-data'])(
    'as %s: 415',
    async (type) => {
      const answer = await create(JSON.stringify(ORGANISATION), { 'content-type': type });
      expect(problemOf(answer, 415).code).toBe('unsupported_media_type');
    },
  );

  test('another encoding than gzip: 415; gzip is inflated', async () => {
    problemOf(await create('{}', { 'content-encoding': 'br' }), 415);
    const packed = new Uint8Array(gzipSync(JSON.stringify(ORGANISATION)));
    expect((await create(packed, { 'content-encoding': 'gzip' })).status).toBe(201);
    problemOf(await create('{}', { 'content-encoding': 'gzip' }), 422);
  });

  test('more than a mebibyte, also inflated: 413', async () => {
    problemOf(await create(`"${'x'.repeat(1_100_000)}"`), 413);
    const bomb = new Uint8Array(gzipSync(Buffer.alloc(64 * 1024 * 1024)));
    expect(problemOf(await create(bomb, { 'content-encoding': 'gzip' }), 413).code).toBe('payload_too_large');
  });

  test('a charset beside the type is fine, and a byte order mark', async () => {
    const type = { 'content-type': 'application/json; charset=utf-8' };
    expect((await create(`\ufeff${JSON.stringify(ORGANISATION)}`, type)).status).toBe(201);
  });

  test('a browser name that is cut within a character harms nothing', async () => {
    const agent = Buffer.from(`${'x'.repeat(511)}😀`, 'utf8').toString('latin1');
    const answer = await create(JSON.stringify(ORGANISATION), { 'user-agent': agent });
    expect(answer.status).toBe(201);
  });
});

describe('query parameters', () => {
  const usage = '/v1/admin/usage-events';
  test.each([
    [`${usage}?limit=1&limit=2`, '?limit'],
    [`${usage}?nothing=1`, '?nothing'],
    [`${usage}?__proto__=1`, '?__proto__'],
    [`${usage}?limit=0`, '?limit'],
    [`${usage}?limit=-1`, '?limit'],
    [`${usage}?limit=1.5`, '?limit'],
    [`${usage}?limit=ten`, '?limit'],
    [`${usage}?limit=`, '?limit'],
    [`${usage}?organisation_id=1`, '?organisation_id'],
    [`${usage}?metric_name=%00`, '?metric_name'],
    [`${usage}?user_id=a%00b`, '?user_id'],
    [`${usage}?metric_name=${'x'.repeat(129)}`, '?metric_name'],
    [`${usage}?from=8640000000000000`, '?from'],
    [`${usage}?from=0000-01-01`, '?from'],
    [`${usage}?from=2026-02-30T00:00:00Z`, '?from'],
    [`${usage}?from=2026-01-01T00:00:00`, '?from'],
    [`${usage}?from=9999-12-31T23:59:59-10:00`, '?from'],
    [`${usage}?to=yesterday`, '?to'],
    ['/v1/admin/event-conflicts?idempotency_key=%00', '?idempotency_key'],
    ['/v1/admin/event-conflicts?kind=x', '?kind'],
    ['/v1/admin/event-quarantine?reason=%00', '?reason'],
    ['/v1/admin/projects?external_key=%00', '?external_key'],
    ['/v1/admin/pricing-plans?unit=%00', '?unit'],
    ['/v1/admin/pricing-plans?currency=usd', '?currency'],
    ['/v1/admin/usage-aggregates?month=13', '?month'],
    ['/v1/admin/usage-aggregates?year=1999', '?year'],
    ['/v1/admin/invoices?status=lost', '?status'],
    ['/v1/admin/jobs?job=nothing', '?job'],
  ])('%.80s: 422 at %s', async (path, pointer) => {
    expect(problemOf(await ask(path), 422).pointers).toEqual([pointer]);
  });

  test.each([
    'metric_name=',
    'user_id=%27%20OR%201%3D1--',
    'user_id=%FF',
    'from=2026-01-01&to=2026-01-02T00:00:00%2B05:30',
    'from=1767225600000',
  ])('%s finds nothing of nobody and is no fault', async (query) => {
    const answer = await ask(`${usage}?organisation_id=${UNKNOWN_ID}&${query}`);
    expect(answer).toMatchObject({ status: 200, body: { data: [], next_cursor: null } });
  });

  test('an id in capitals is the same id', async () => {
    const tenant = await world.tenant();
    const capitals = tenant.organisation_id.toUpperCase();
    const listed = await ask(`/v1/admin/projects?organisation_id=${capitals}`);
    expect(listed.body.data).toHaveLength(1);
    expect((await ask(`/v1/admin/organisations/${capitals}`)).body.id).toBe(tenant.organisation_id);
    const project = await ask('/v1/admin/projects', { json: { organisation_id: capitals, name: 'x' } });
    expect(project).toMatchObject({ status: 201, body: { organisation_id: tenant.organisation_id } });
  });
});

test('the policy of the rate limit is on every answer to events, and is the one that deploys', async () => {
  const [, limit, period] = /limit = (\d+), period = (\d+)/.exec(readFileSync('wrangler.toml', 'utf8')) ?? [];
  const requests = Number(limit) * REQUESTS_PER_QUESTION;
  const tenant = await world.tenant();
  for (const key of [tenant.key, 'mb_live_unknown']) {
    const answer = await sendRaw(key, 'application/json', '{}');
    expect(answer.headers.get('ratelimit-policy')).toBe(`"default";q=${requests};w=${period}`);
  }
});
