/**
 * The only error that users see. `detail` is the public sentence; `log` is only for the operator and never
 * leaves the process. src/http/problem.ts maps each code to its status, and the compiler keeps that table
 * complete.
 */
export type ErrorCode =
  | 'malformed_json'
  | 'invalid_request'
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'payload_too_large'
  | 'unsupported_media_type'
  | 'rate_limited'
  | 'event_conflict'
  | 'already_exists'
  | 'plan_overlap'
  | 'plan_in_use'
  | 'invoice_exists'
  | 'invalid_state'
  | 'period_open'
  | 'not_drained'
  | 'quarantine_not_empty'
  | 'books_differ'
  | 'draft_stale'
  | 'unpriced_usage'
  | 'currency_mismatch'
  | 'nothing_to_invoice'
  | 'shard_not_halted'
  | 'invoice_incomplete'
  | 'exchange_rate_missing'
  | 'exchange_rate_stale'
  | 'rate_overlap'
  | 'credit_exceeds_invoice'
  | 'document_pending'
  | 'glyphs_missing'
  | 'idempotency_key_required'
  | 'idempotency_key_reused'
  | 'idempotency_key_in_flight'
  | 'precondition_failed'
  | 'unavailable'
  | 'internal';

/** One fault of an input: `pointer` is an RFC 6901 JSON Pointer into the body, or `?name` for a query parameter. */
export interface Fault {
  readonly pointer: string;
  readonly code: string;
  readonly detail: string;
}

export interface AppErrorOptions {
  readonly errors?: readonly Fault[];
  /** Extension members of the problem document (RFC 9457 §3.2), for instance the receipt of a conflicting event. */
  readonly extensions?: Readonly<Record<string, unknown>>;
  readonly retryAfterSeconds?: number;
  readonly log?: string;
  readonly cause?: unknown;
}

export class AppError extends Error {
  readonly code: ErrorCode;
  readonly errors: readonly Fault[];
  readonly extensions: Readonly<Record<string, unknown>>;
  readonly retryAfterSeconds: number | undefined;
  readonly log: string | undefined;

  constructor(code: ErrorCode, detail: string, options: AppErrorOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.errors = options.errors ?? [];
    this.extensions = options.extensions ?? {};
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.log = options.log;
  }
}

/** An impossible state: a bug in the product, never a mistake by the user. Answers 500. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}

/** Ends an exhaustive switch: an unhandled new case does not compile. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${String(value)}`);
}

export const invalidRequest = (errors: readonly Fault[]): AppError =>
  new AppError('invalid_request', errors[0]?.detail ?? 'The request is not valid.', { errors });

/**
 * A body names a parent that does not exist or belongs to another tenant: 404 like any unknown id, with its
 * pointer.
 */
export const parentNotFound = (pointer: string, what: string): AppError => {
  const detail = `No such ${what}.`;
  return new AppError('not_found', detail, { errors: [{ pointer, code: 'not_found', detail }] });
};

export const notFound = (what: string): AppError => new AppError('not_found', `No such ${what}.`);

const ERROR_CHARACTERS_MAX = 500;

/**
 * Anything thrown, or its message, as text that Postgres can store and a log may keep. Messages from Postgres
 * and from parsers quote the rejected value, which may be personal data, so only the part that names the
 * place is kept.
 */
export function describeError(error: unknown): string {
  return sentenceOf(error).replaceAll('\0', '').slice(0, ERROR_CHARACTERS_MAX).toWellFormed();
}

function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, table, column, constraint, severity } = error as Error & Record<string, unknown>;
  if (severity !== undefined && typeof code === 'string') {
    const places = Object.entries({ table, column, constraint }).filter(([, name]) => name !== undefined);
    return [`Postgres ${code}`, ...places.map(([kind, name]) => `${kind} ${String(name)}`)].join(', ');
  }
  return error instanceof SyntaxError ? 'not valid JSON' : error.message;
}

/** Where an error was thrown: its stack frames, without the message above them. */
export const framesOf = (error: Error): string | undefined =>
  error.stack
    ?.split('\n')
    .filter((line) => /^\s+at /.test(line))
    .join('\n');
