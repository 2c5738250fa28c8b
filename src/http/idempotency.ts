/**
 * Stored answers: a request that creates or moves money runs once per Idempotency-Key, and its answer is
 * returned again later.
 */

import { claimKey } from '../access/stored-answers/claim-key.ts';
import { fingerprintOf } from '../access/stored-answers/key.ts';
import { settleKey } from '../access/stored-answers/settle-key.ts';
import { actorName } from '../core/actor.ts';
import { AppError, describeError, invalidRequest } from '../core/error.ts';
import type { Ctx } from '../db/ctx.ts';
import type { Route } from './route.ts';

export const IDEMPOTENCY_KEY_HEADER = 'Idempotency-Key';
const VISIBLE_ASCII = /^[\x21-\x7e]{1,255}$/;

/** Null if none was sent or the route does not use it. Throws `idempotency_key_required`, `invalid_request`. */
export function readIdempotencyKey({ idempotency }: Route, headers: Headers): string | null {
  if (idempotency === undefined) return null;
  const key = headers.get(IDEMPOTENCY_KEY_HEADER);
  if (key === null) {
    if (idempotency === 'optional') return null;
    throw new AppError('idempotency_key_required', `The header ${IDEMPOTENCY_KEY_HEADER} is required.`);
  }
  if (VISIBLE_ASCII.test(key)) return key;
  const detail = 'Must be 1 to 255 visible ASCII characters.';
  throw invalidRequest([{ pointer: IDEMPOTENCY_KEY_HEADER, code: 'invalid_format', detail }]);
}

export interface KeyedRequest {
  readonly key: string;
  readonly request: Request;
  readonly body: unknown;
  readonly bytes: Uint8Array;
  /** The moment at which the lock begins: receiving the body may have taken long. */
  readonly now: number;
}

/**
 * Runs a request with valid input once per key. `run` must always return an answer. Throws
 * `idempotency_key_reused` for a key of another request, `idempotency_key_in_flight`.
 */
export async function answerOnce(
  ctx: Ctx,
  { key, request, body, bytes, now }: KeyedRequest,
  run: () => Promise<Response>,
): Promise<Response> {
  const owner = { actor: actorName(ctx.actor), key };
  const { pathname, search } = new URL(request.url);
  const fingerprint = fingerprintOf({ method: request.method, path: pathname + search, body, bytes });
  const claim = await claimKey(ctx.ledger, { ...owner, fingerprint, now });
  if (claim.kind === 'answered') return replay(claim);

  const response = await run();
  const { status } = response;
  const answer = isFinal(response) ? { status, body: await response.clone().text() } : null;
  await settleKey(ctx.ledger, { ...owner, locked_until: claim.locked_until, answer }).catch((cause) => {
    // The effect has happened, so it is answered. The lock expires by itself, and a retry of the verb
    // recognises its own effect.
    const message = 'the response of an Idempotency-Key was not stored';
    console.error(JSON.stringify({ message, request_id: ctx.requestId, cause: describeError(cause) }));
  });
  return response;
}

const FREEING = new Set([401, 413, 415, 429]);

/** Whether a repeated request should get the same answer; an answer that means "try again" is not final. */
export const isFinal = ({ status, headers }: Response): boolean =>
  status < 500 && !FREEING.has(status) && !headers.has('retry-after');

function replay({ status, body }: { readonly status: number; readonly body: string }): Response {
  const contentType = status < 400 ? 'application/json' : 'application/problem+json';
  return new Response(body, {
    status,
    headers: { 'content-type': contentType, 'Idempotent-Replayed': 'true' },
  });
}
