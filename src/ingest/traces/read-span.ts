/** Reads a span that is a call of a model into the event that it is, by the way that every call is read. */
import {
  CODE_CHARACTERS_MAX,
  ID_CHARACTERS_MAX,
  TYPE_CHARACTERS_MAX,
  WORD_CHARACTERS_MAX,
} from '../../ai/generation.ts';
import type { GenerationStatus } from '../../ai/generation-row.ts';
import { wellFormedText } from '../../ai/payload.ts';
import { isStorableText } from '../../core/read-fields.ts';
import type { ReadEvent } from '../event.ts';
import { readGeneration } from '../generations/read-generation.ts';
import type { Attribution } from './attribution.ts';
import { NAMES } from './names.ts';
import type { Operation } from './operation.ts';
import { providerNamed, providerOfModel, providerOfSystem } from './provider.ts';
import { readCost, readUsage } from './read-usage.ts';
import type { Attributes, Span, Value } from './span.ts';

/** Whether a call's span has usage or an error; one without either cannot be priced. */
export type CallKind = 'used' | 'failed' | 'without_usage';

export function kindOfCall(span: Span, operation: Operation): CallKind {
  if (readUsage(span.attributes, operation === 'embeddings') !== null) return 'used';
  return hasFailed(span) ? 'failed' : 'without_usage';
}

const hasFailed = ({ is_error, attributes }: Span): boolean =>
  is_error ||
  textOf(attributes, NAMES.error) !== null ||
  attributes.get('langfuse.observation.level') === 'ERROR';

/** A span that has not ended and has no usage is the first half of one that will. */
export const isBegun = (span: Span, kind: CallKind): boolean =>
  span.ended_at === 0n && kind === 'without_usage';

const NANOSECONDS = 1_000_000n;

/**
 * The event of a span that used something or failed, or why it is none. Whose it is: by its resource, else by its own
 * attributes, else by the sender's word. What names something and is too long refuses the call, what describes it is cut.
 */
export function readSpan(span: Span, operation: Operation, attribution: Attribution, now: number): ReadEvent {
  const { attributes, trace_id, parent_span_id, span_id } = span;
  const model = textOf(attributes, NAMES.model) ?? undefined;
  const error_code = textOf(attributes, NAMES.error);
  const cost_usd = readCost(attributes);
  const [started, ended] = [span.started_at / NANOSECONDS, span.ended_at / NANOSECONDS];
  const occurred = started > 0n ? started : ended;
  const raw = {
    provider: providerOf(attributes, model ?? ''),
    model,
    generation_type: cut(textOf(attributes, NAMES.scene) ?? operation, TYPE_CHARACTERS_MAX),
    user_id: ownerOf(span, NAMES.user) ?? attribution.user,
    session_id: cut(textOf(attributes, NAMES.session), ID_CHARACTERS_MAX),
    application_id: ownerOf(span, NAMES.customer) ?? attribution.customer,
    request_id: cut(textOf(attributes, NAMES.request_id), ID_CHARACTERS_MAX) ?? trace_id,
    response_id: responseIdOf(attributes),
    status: statusOf(span, error_code),
    error_code: cut(error_code, CODE_CHARACTERS_MAX),
    error_message: hasFailed(span) ? span.status_message || textOf(attributes, NAMES.error_message) : null,
    duration_ms: started > 0n && ended >= started ? numberOf(ended - started) : null,
    service_tier: cut(textOf(attributes, NAMES.service_tier), WORD_CHARACTERS_MAX),
    tokens: readUsage(attributes, operation === 'embeddings'),
    cost_usd,
    request_data: payloadOf(attributes, NAMES.sent),
    response_data: payloadOf(attributes, NAMES.answered),
    occurred_at: occurred > 0n ? numberOf(occurred) : null,
    idempotency_key: `otel:${trace_id}:${parent_span_id}:${span_id}`,
  };
  return readGeneration(raw, undefined, now, '');
}

/** Whole milliseconds, far below the end of what a double holds. */
const numberOf = (milliseconds: bigint): number => Number.parseInt(String(milliseconds), 10);

/** The first of the names with a value; numbers become text, because some senders send ids as numbers. */
function textOf(attributes: Attributes, names: readonly string[]): string | null {
  for (const name of names) {
    const value = attributes.get(name);
    const isText = typeof value === 'string' || typeof value === 'bigint' || typeof value === 'number';
    if (isText && value !== '') return String(value);
  }
  return null;
}

const ownerOf = ({ resource, attributes }: Span, names: readonly string[]): string | null =>
  textOf(resource, names) ?? textOf(attributes, names);

/** An id that cannot be kept names nothing: the call is then known by its span. */
function responseIdOf(attributes: Attributes): string | null {
  const id = textOf(attributes, NAMES.response_id);
  return id !== null && id.length <= ID_CHARACTERS_MAX && isStorableText(id) ? id : null;
}

/** Of what describes a call: what can be stored of it. */
function cut(text: string | null, characters: number): string | null {
  if (text === null) return null;
  const mended = wellFormedText(text.slice(0, 2 * characters));
  return mended.length > characters ? [...mended].slice(0, characters).join('') : mended;
}

function providerOf(attributes: Attributes, model: string): string {
  const provider = textOf(attributes, NAMES.provider);
  if (provider !== null) return providerNamed(provider);
  const system = textOf(attributes, NAMES.system);
  return system === null ? providerOfModel(model) : providerOfSystem(system);
}

function statusOf(span: Span, error: string | null): GenerationStatus {
  if (!hasFailed(span)) return 'success';
  const text = `${error ?? ''} ${span.status_message}`;
  if (/time.?out|timed out|deadline/i.test(text)) return 'timeout';
  return /abort|cancel/i.test(text) ? 'cancelled' : 'failed';
}

/** Parses JSON in a text, unless it nests too deep to be kept as JSON. */
function payloadOf(attributes: Attributes, names: readonly string[]): unknown {
  for (const name of names) {
    const value = attributes.get(name);
    if (value === undefined || value === null || value === '') continue;
    return typeof value === 'string' ? parsedOf(value) : plainOf(value);
  }
  return undefined;
}

const PAYLOAD_LEVELS_MAX = 60;

function parsedOf(text: string): unknown {
  if (!/^\s*[[{"]/.test(text)) return text;
  try {
    const parsed: unknown = JSON.parse(text);
    return isShallow(parsed, PAYLOAD_LEVELS_MAX) ? parsed : text;
  } catch {
    return text;
  }
}

/** Also a number beyond the range of a double keeps the text as it is. */
function isShallow(value: unknown, levels: number): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((each) => isShallow(each, levels - 1));
}

function plainOf(value: Value): unknown {
  if (typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value)))
    return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(plainOf);
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plainOf(each)]));
}
