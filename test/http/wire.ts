/** Requests as clients send them, and the checks of every answer. */
import { expect } from 'vitest';
import { type ApiInit, adminKey, api, baseUrl } from '../setup/client.ts';
import { randomUUID } from '../setup/seeded.ts';
import { createWorld, type Json } from '../setup/world.ts';

export const world = createWorld(() => baseUrl, adminKey);

export const DAY_MS = 86_400_000;
export const UNKNOWN_ID = '0198f000-0000-7000-8000-00000000dead';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Json;
}

export async function ask(path: string, init: ApiInit = {}): Promise<Answer> {
  const response = await api(path, init);
  const text = await response.text();
  // A page or a file is returned as its text.
  const isJson = /json/.test(response.headers.get('content-type') ?? 'json');
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? null : isJson ? (JSON.parse(text) as Json) : text,
  };
}

export interface EventFields {
  readonly [field: string]: unknown;
}

/** A valid event with its own key; the given fields replace its own, `undefined` omits one. */
export const eventOf = (fields: EventFields = {}): Record<string, unknown> => ({
  metric_name: 'tokens.input',
  metric_value: '12.5',
  unit: 'token',
  idempotency_key: randomUUID(),
  ...fields,
});

/** The same for a call of an AI model. */
export const generationOf = (fields: EventFields = {}): Record<string, unknown> => ({
  provider: 'anthropic',
  model: 'claude-sonnet-5',
  generation_type: 'chat',
  tokens: { input: 740, output: 255 },
  idempotency_key: randomUUID(),
  ...fields,
});

export const send = (
  key: string,
  events: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> => ask('/v1/events', { key, json: events, headers });

/** A raw body in the format that the content type names. */
export const sendRaw = (
  key: string,
  contentType: string | null,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> =>
  ask('/v1/events', {
    key,
    method: 'POST',
    body: typeof body === 'string' ? new TextEncoder().encode(body) : body,
    headers: { ...(contentType === null ? {} : { 'content-type': contentType }), ...headers },
  });

const MEMBERS = ['type', 'title', 'status', 'detail', 'code', 'request_id', 'errors'];

/** Fails unless the answer is a complete problem document with this status; returns its code and its pointers. */
export function problemOf(answer: Answer, status: number): { code: string; pointers: string[] } {
  const { body, headers } = answer;
  expect(body, JSON.stringify(body)).toMatchObject({ status, type: 'about:blank' });
  expect(answer.status).toBe(status);
  expect(headers.get('content-type')).toBe('application/problem+json');
  expect(Object.keys(body)).toEqual(expect.arrayContaining(MEMBERS));
  expect(body.title.length * body.detail.length).toBeGreaterThan(0);
  expect(body.request_id).toBe(headers.get('x-request-id'));
  return { code: body.code, pointers: body.errors.map((fault: Json) => fault.pointer) };
}

/** Fails unless the answer is an OTLP refusal with this status, in JSON; returns its google.rpc code. */
export function rpcStatusOf({ status, body, headers }: Answer, expected: number): number {
  expect(status, JSON.stringify(body)).toBe(expected);
  expect(headers.get('content-type')).toBe('application/json');
  expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  expect(body).toEqual({ code: expect.any(Number), message: expect.stringMatching(/./) });
  return body.code;
}

/** A problem without the fields that differ between requests. */
export const withoutRequestId = ({ body }: Answer): Json => ({ ...body, request_id: '' });

/** Other suites send to the same shard at the same time: what they sent before the cutoff is drained first. */
export async function onceDrained<T extends { readonly body: Json }>(call: () => Promise<T>): Promise<T> {
  const answer = await call();
  if (answer.body?.code !== 'not_drained') return answer;
  await world.job('rollup');
  return await call();
}
