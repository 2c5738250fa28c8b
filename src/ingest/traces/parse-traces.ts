/** A request of traces, as far as it concerns billing: the events of the spans that count, and why the others do not. */
import { AppError } from '../../core/error.ts';
import { EVENTS_MAX, type ReadEvent, type SpanLink, type UsageEvent } from '../event.ts';
import { EVENTS_BODY_BYTES_MAX, mediaTypeOf, unsupported } from '../parse-events.ts';
import { readBody, readBytes } from '../read-body.ts';
import { type Attribution, readAttribution } from './attribution.ts';
import { decodeJsonSpans } from './decode-json.ts';
import { decodeProtobufSpans } from './decode-protobuf.ts';
import { type Operation, operationOf } from './operation.ts';
import { type CallKind, isBegun, kindOfCall, readSpan } from './read-span.ts';
import { type Call, linkSpans, relateSpans } from './relate-spans.ts';
import type { Span } from './span.ts';

export interface RefusedSpan {
  /** A sentence with the span and the reason. */
  readonly reason: string;
}

/** A span without usage: rejected unless one of the marks shows that another span counts for it. */
export interface LackingSpan extends RefusedSpan {
  readonly counted: readonly string[];
}

export interface ParsedTraces {
  readonly events: readonly UsageEvent[];
  readonly refused: readonly RefusedSpan[];
  readonly lacking: readonly LackingSpan[];
  readonly links: readonly SpanLink[];
  /** Spans that are no call of a model, or repeat the usage of one in this request. */
  readonly ignored: number;
}

const PROTOBUF = ['application/x-protobuf', 'application/protobuf'];

/** Whether a Content-Type names the binary encoding: the answer then comes in it too. */
export const isProtobuf = (contentType: string | null): boolean =>
  PROTOBUF.includes((contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? '');

/**
 * Throws AppError: unsupported_media_type before anything is read; payload_too_large (5 MiB inflated, 5,000 spans that count),
 * malformed_json where the body as a whole is none of spans. What is wrong with one span refuses that span.
 */
export async function parseTraces(request: Request, now: number): Promise<ParsedTraces> {
  return sortSpans(await decodeSpans(request), readAttribution(request.headers), now);
}

async function decodeSpans(request: Request): Promise<Span[]> {
  const { type } = mediaTypeOf(request.headers);
  if (PROTOBUF.includes(type)) return decodeProtobufSpans(await readBytes(request, EVENTS_BODY_BYTES_MAX));
  if (type === 'application/json') return decodeJsonSpans(await readBody(request, EVENTS_BODY_BYTES_MAX));
  throw unsupported('Unsupported Content-Type. Send traces as application/json or application/x-protobuf.');
}

interface ReadCall extends Call {
  readonly event: ReadEvent | null;
}

export function sortSpans(spans: readonly Span[], attribution: Attribution, now: number): ParsedTraces {
  const calls = spans.flatMap((span): ReadCall[] => {
    const operation = operationOf(span);
    return operation === null ? [] : readCall(span, operation, attribution, now);
  });
  const events: UsageEvent[] = [];
  const refused: RefusedSpan[] = [];
  const lacking: LackingSpan[] = [];
  let ignored = spans.length - calls.length;
  const relations = calls.length === 0 ? [] : relateSpans(spans, calls);
  calls.forEach(({ span, event }, index) => {
    const relation = relations[index];
    if (!relation || relation.does === 'repeat') ignored += 1;
    else if (relation.does === 'lack') {
      if (event === null) lacking.push({ reason: `${nameOf(span)} ${LACKS}`, counted: relation.counted });
      else refused.push({ reason: reasonOf(span, event) });
    } else if (event !== null && !Array.isArray(event) && event.generation !== null) {
      events.push({ ...event, generation: { ...event.generation, nesting: relation.nesting } });
    }
  });
  if (events.length > EVENTS_MAX) {
    throw new AppError(
      'payload_too_large',
      `Request too large: at most ${EVENTS_MAX} model calls per request. Send smaller batches.`,
    );
  }
  return { events, refused, lacking, links: linkSpans(spans, calls), ignored };
}

const LACKS =
  'has neither token counts nor an error, so it cannot be priced. For streams, ask the vendor to include usage.';

function readCall(span: Span, operation: Operation, attribution: Attribution, now: number): ReadCall[] {
  const kind: CallKind = kindOfCall(span, operation);
  if (isBegun(span, kind)) return [];
  if (span.trace_id === '' || span.span_id === '') {
    const detail = 'its trace id or span id is not valid.';
    return [{ span, operation, kind: 'unreadable', event: [{ pointer: '', code: 'not_an_id', detail }] }];
  }
  if (kind === 'without_usage') return [{ span, operation, kind, event: null }];
  const event = readSpan(span, operation, attribution, now);
  return [{ span, operation, kind: Array.isArray(event) ? 'unreadable' : kind, event }];
}

const nameOf = ({ trace_id, span_id }: Span): string => `Span ${span_id || '?'} of trace ${trace_id || '?'}`;

function reasonOf(span: Span, event: ReadEvent): string {
  const [fault] = Array.isArray(event) ? event : [];
  return `${nameOf(span)}: ${fault?.detail ?? 'it cannot be parsed.'}`;
}
