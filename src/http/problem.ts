/** The only place that turns errors into answers: RFC 9457 problem documents. */
import { AppError, describeError, type ErrorCode, framesOf } from '../core/error.ts';

const STATUS: Readonly<Record<ErrorCode, number>> = {
  malformed_json: 422,
  invalid_request: 422,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  payload_too_large: 413,
  unsupported_media_type: 415,
  rate_limited: 429,
  event_conflict: 409,
  already_exists: 409,
  plan_overlap: 409,
  plan_in_use: 409,
  invoice_exists: 409,
  invalid_state: 409,
  period_open: 409,
  not_drained: 409,
  quarantine_not_empty: 409,
  books_differ: 409,
  draft_stale: 409,
  unpriced_usage: 409,
  currency_mismatch: 422,
  nothing_to_invoice: 422,
  shard_not_halted: 409,
  invoice_incomplete: 422,
  exchange_rate_missing: 422,
  exchange_rate_stale: 422,
  rate_overlap: 409,
  credit_exceeds_invoice: 422,
  document_pending: 409,
  glyphs_missing: 409,
  idempotency_key_required: 400,
  idempotency_key_reused: 422,
  idempotency_key_in_flight: 409,
  precondition_failed: 412,
  unavailable: 503,
  internal: 500,
};

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** Every code with its status, for the API description. */
export const listErrorCodes = (): readonly (readonly [ErrorCode, number])[] =>
  Object.entries(STATUS) as [ErrorCode, number][];

const INTERNAL = new AppError(
  'internal',
  'Internal error. Retry later; if it persists, report the request_id.',
);

/** The answer to any exception. Anything except an AppError is logged in full and answered as a bare 500. */
export function problemResponse(error: unknown, requestId: string): Response {
  const known = error instanceof AppError ? error : INTERNAL;
  const status = STATUS[known.code];
  if (status >= 500) logError(error, requestId);
  const body = {
    type: 'about:blank',
    title: TITLES[status] ?? 'Error',
    status,
    detail: known.message,
    code: known.code,
    request_id: requestId,
    errors: known.errors,
    ...known.extensions,
  };
  // No charset: JSON is UTF-8, and clients compare the media type character by character.
  const headers = new Headers({ 'content-type': 'application/problem+json' });
  if (known.retryAfterSeconds !== undefined) headers.set('retry-after', String(known.retryAfterSeconds));
  if (status === 401) headers.set('www-authenticate', 'Bearer');
  return new Response(JSON.stringify(body), { status, headers });
}

function logError(error: unknown, requestId: string): void {
  const { log, cause } = error as Partial<AppError> & { cause?: unknown };
  // An intended error is logged without its place in the code, an unexpected one with it.
  const isExpected = error instanceof AppError && cause === undefined;
  const thrown = cause instanceof Error ? cause : error;
  console.error(
    JSON.stringify({
      message: describeError(error),
      log,
      request_id: requestId,
      cause: cause === undefined ? undefined : describeError(cause),
      stack: isExpected || !(thrown instanceof Error) ? undefined : framesOf(thrown),
    }),
  );
}
