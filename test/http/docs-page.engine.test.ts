/** The page of the API description as it is served. */
import { expect, test } from 'vitest';
import { renderDocs } from '../../src/http/docs-page.ts';
import { api } from '../setup/client.ts';

test('GET /docs is the page of GET /openapi.json, for anyone, and nothing may run in it', async () => {
  const description = await (await api('/openapi.json', { key: null })).json();
  const first = await api('/docs', { key: null });
  expect(first.status).toBe(200);
  expect(Object.fromEntries(first.headers)).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy':
      "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    'cache-control': 'public, max-age=300',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  });
  const page = await first.text();
  expect(page).toBe(await renderDocs(description as Record<string, unknown>));
  expect(await (await api('/docs')).text()).toBe(page);
});

test('HEAD /docs answers without the page', async () => {
  const head = await api('/docs', { method: 'HEAD', key: null });
  expect([head.status, head.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  expect(await head.text()).toBe('');
});
