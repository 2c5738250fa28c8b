/**
 * Answers in OTLP/HTTP's own shapes, in the encoding of the request: ExportTraceServiceResponse, and
 * google.rpc.Status for a refused request. Exporters retry only on 429, 502, 503 and 504, so every failure
 * that a retry can resolve gets one of these.
 */
import type { UsageEvent } from '../ingest/event.ts';
import type { ParsedTraces } from '../ingest/traces/parse-traces.ts';
import { COUNTED_ELSEWHERE } from '../ingest/traces/span-marks.ts';
import type { Verdict } from '../ingest/verdict.ts';
import { problemResponse } from './problem.ts';

/** The number of spans by outcome, in every answer: a Dictionary of RFC 9651. */
export const SPANS_HEADER = 'x-meterbook-spans';
const REASONS_SHOWN = 3;

export interface ReceivedTraces {
  readonly parsed: ParsedTraces;
  /** For the events, in order. */
  readonly verdicts: readonly Verdict[];
  /** For the spans without pricing data: whether another span counts for them. */
  readonly countedElsewhere: readonly boolean[];
}

/**
 * Answers 200. `partialSuccess` is present only if spans were rejected: exporters log a warning whenever it
 * is present, and besides model calls every trace has other spans. Those are counted in the header, and also
 * in a JSON body.
 */
export function tracesResponse(received: ReceivedTraces, isProtobuf: boolean): Response {
  const { counts, reasons } = sumUp(received);
  const parts = Object.entries(counts).map(([name, count]) => `${name}=${count}`);
  const headers = {
    'content-type': isProtobuf ? 'application/x-protobuf' : 'application/json',
    [SPANS_HEADER]: parts.join(', '),
  };
  const message = counts.rejected > 0 ? messageOf(counts, reasons) : null;
  if (isProtobuf) {
    const partial = message === null ? null : encodeNumberAndText(counts.rejected, message);
    return new Response(partial === null ? new Uint8Array() : encodeField(1, partial), { headers });
  }
  const partialSuccess = message !== null && {
    partialSuccess: { rejectedSpans: String(counts.rejected), errorMessage: message },
  };
  return new Response(JSON.stringify({ ...partialSuccess, spans: counts }), { headers });
}

interface SpanCounts {
  accepted: number;
  duplicates: number;
  ignored: number;
  rejected: number;
}

function sumUp({ parsed, verdicts, countedElsewhere }: ReceivedTraces): {
  counts: SpanCounts;
  reasons: readonly string[];
} {
  const { events, refused, lacking } = parsed;
  const reasons = refused.map(({ reason }) => reason);
  const counts = { accepted: 0, duplicates: 0, ignored: parsed.ignored, rejected: 0 };
  lacking.forEach(({ reason }, index) => {
    if (countedElsewhere[index]) counts.ignored += 1;
    else reasons.push(reason);
  });
  verdicts.forEach(({ status, id }, index) => {
    if (id === COUNTED_ELSEWHERE) counts.ignored += 1;
    else if (status === 'accepted') counts.accepted += 1;
    else if (status === 'duplicate') counts.duplicates += 1;
    else reasons.push(conflictOf(events[index]));
  });
  counts.rejected = reasons.length;
  return { counts, reasons };
}

const conflictOf = (event: UsageEvent | undefined): string =>
  `Span ${event?.idempotency_key ?? ''} was sent before with different content. The first one is kept, this one is listed as a conflict.`;

const messageOf = ({ rejected, ignored }: SpanCounts, reasons: readonly string[]): string =>
  [
    ...reasons.slice(0, REASONS_SHOWN),
    ...(rejected > REASONS_SHOWN ? [`More rejected spans: ${rejected - REASONS_SHOWN}.`] : []),
    ...(ignored > 0 ? [`Ignored spans: ${ignored}.`] : []),
  ].join(' ');

/** Codes of google.rpc.Status by the HTTP status. */
const RPC_CODES: Readonly<Record<number, number>> = {
  400: 3,
  401: 16,
  413: 3,
  415: 3,
  429: 8,
  500: 13,
  503: 14,
};
const CHALLENGES = 'Bearer, Basic realm="meterbook"';

/** The answer to any exception. An invalid body is 400 here, as the protocol requires, and 422 elsewhere. */
export async function otlpErrorResponse(
  error: unknown,
  requestId: string,
  isProtobuf: boolean,
): Promise<Response> {
  const problem = problemResponse(error, requestId);
  const { detail } = (await problem.json()) as { detail: string };
  const status = problem.status === 422 ? 400 : problem.status;
  const code = RPC_CODES[status] ?? 2;
  const headers = new Headers(problem.headers);
  headers.set('content-type', isProtobuf ? 'application/x-protobuf' : 'application/json');
  if (status === 401) headers.set('www-authenticate', CHALLENGES);
  const body = isProtobuf ? encodeNumberAndText(code, detail) : JSON.stringify({ code, message: detail });
  return new Response(body, { status, headers });
}

/** Both messages have a number as field 1 and a text as field 2. */
function encodeNumberAndText(number: number, text: string): Uint8Array<ArrayBuffer> {
  const field = encodeField(2, new TextEncoder().encode(text));
  return Uint8Array.from([1 << 3, ...varint(number), ...field]);
}

const encodeField = (field: number, bytes: Uint8Array): Uint8Array<ArrayBuffer> =>
  Uint8Array.from([(field << 3) | 2, ...varint(bytes.length), ...bytes]);

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128);
  return [...bytes, rest];
}
