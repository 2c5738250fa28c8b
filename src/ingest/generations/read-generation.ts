/** Reads one AI call as it comes over the wire into the event that it is. By hand, like src/ingest/event.ts, and for its reasons. */

import { CALL_EVENT, contentText } from '../../ai/call-content.ts';
import {
  CODE_CHARACTERS_MAX,
  DURATION_MS_MAX,
  ID_CHARACTERS_MAX,
  MODEL_CHARACTERS_MAX,
  PAYLOAD_LIMITS,
  PROSE_UNITS_MAX,
  PROVIDER_CHARACTERS_MAX,
  TYPE_CHARACTERS_MAX,
  WORD_CHARACTERS_MAX,
} from '../../ai/generation.ts';
import { identifyGeneration } from '../../ai/generation-key.ts';
import { GENERATION_STATUSES, type GenerationRow, type GenerationStatus } from '../../ai/generation-row.ts';
import { meteredPairs } from '../../ai/metered-quantities.ts';
import { payloadText, wellFormedText } from '../../ai/payload.ts';
import { CanonicalJsonError, quote } from '../../core/canonical-json.ts';
import { parseQuantity } from '../../core/decimal.ts';
import {
  addMissingOrWrong,
  addUnknownFields,
  Faults,
  isAbsent,
  isObject,
  readQuantity,
  readText,
  readTimestamp,
} from '../../core/read-fields.ts';
import { codePointLength, utf8Length } from '../../core/text.ts';
import { KEY_CHARACTERS_MAX, type ReadEvent, USER_ID_CHARACTERS_MAX, type UsageEvent } from '../event.ts';
import { CALL_FIELDS, CALL_POINTERS, type CallField } from './call-fields.ts';
import { readTokens, type Tokens } from './read-tokens.ts';

type Raw = Readonly<Record<string, unknown>>;

/** What ledger and hot row keep of a call; its payloads are JSON text. */
interface Content extends Omit<GenerationRow, 'cost_usd' | 'cost_source' | 'price_ids' | 'duration_ms'> {
  readonly duration_ms: number | null;
  /** Canonical decimal. */
  readonly cost_usd: string | null;
}

/**
 * `costToken` is the raw token of cost_usd where that is a JSON number; `pointer` is the call's own place in the body.
 * Faults come in the order of the fields, unknown fields last.
 */
export function readGeneration(
  raw: unknown,
  costToken: string | undefined,
  now: number,
  pointer: string,
): ReadEvent {
  if (!isObject(raw)) return [{ pointer, code: 'wrong_type', detail: 'A generation must be a JSON object.' }];
  const faults = new Faults(pointer, CALL_POINTERS);
  const content = readContent(raw, costToken, faults);
  const timestamp = readTimestamp(raw['occurred_at'], 'occurred_at', now, faults);
  const idempotency_key = readText(raw['idempotency_key'], 'idempotency_key', 1, KEY_CHARACTERS_MAX, faults);
  addUnknownFields(raw, CALL_FIELDS, '', 'a generation', faults);
  return faults.list ?? eventOf({ ...content, idempotency_key }, timestamp);
}

function eventOf(content: Content, timestamp: number | null): UsageEvent {
  const { user_id, tokens, cost_usd } = content;
  const text = textOf(content);
  const { key, fingerprint } = identifyGeneration(content, timestamp, text);
  const metered = meteredPairs({ tokens, cost_usd: cost_usd === null ? null : parseQuantity(cost_usd) });
  return {
    metric_name: CALL_EVENT.metric_name,
    metric_value: CALL_EVENT.metric_value,
    unit: CALL_EVENT.unit,
    timestamp,
    user_id,
    metadata: CALL_EVENT.metadata,
    idempotency_key: key,
    generation: { content: text, fingerprint, metered, unpriced: unpricedOf(content), priced: null },
  };
}

const unpricedOf = ({ provider, model, service_tier, tokens, cost_usd }: Content) =>
  cost_usd === null ? { provider, model, service_tier, tokens } : null;

function readContent(
  raw: Raw,
  costToken: string | undefined,
  faults: Faults<CallField>,
): Omit<Content, 'idempotency_key'> {
  const provider = readProvider(raw['provider'], faults);
  const model = readName(raw['model'], 'model', MODEL_CHARACTERS_MAX, faults);
  const generation_type = readType(raw, faults);
  const scene_description = readProse(raw['scene_description'], 'scene_description', faults);
  const user_id = readOptional(raw['user_id'], 'user_id', USER_ID_CHARACTERS_MAX, faults);
  const session_id = readOptional(raw['session_id'], 'session_id', ID_CHARACTERS_MAX, faults);
  const application_id = readOptional(raw['application_id'], 'application_id', ID_CHARACTERS_MAX, faults);
  const sku = readOptional(raw['sku'], 'sku', CODE_CHARACTERS_MAX, faults);
  const request_id = readOptional(raw['request_id'], 'request_id', ID_CHARACTERS_MAX, faults);
  const response_id = readOptional(raw['response_id'], 'response_id', ID_CHARACTERS_MAX, faults);
  const status = readStatus(raw['status'], faults);
  const error_code = readOptional(raw['error_code'], 'error_code', CODE_CHARACTERS_MAX, faults);
  const error_message = readProse(raw['error_message'], 'error_message', faults);
  const duration_ms = readDuration(raw['duration_ms'], faults);
  const service_tier = readOptional(raw['service_tier'], 'service_tier', WORD_CHARACTERS_MAX, faults);
  const tokens = readTokens(raw['tokens'], provider, status, faults);
  const cost_usd = readCost(raw['cost_usd'], costToken, faults);
  return {
    provider,
    model,
    generation_type,
    scene_description,
    user_id,
    session_id,
    application_id,
    sku,
    request_id,
    response_id,
    status,
    error_code,
    error_message,
    duration_ms,
    service_tier,
    tokens,
    cost_usd,
    input_summary: readProse(raw['input_summary'], 'input_summary', faults),
    output_summary: readProse(raw['output_summary'], 'output_summary', faults),
    request_data: readPayload(raw['request_data'], 'request_data', faults),
    response_data: readPayload(raw['response_data'], 'response_data', faults),
    ip_address: readOptional(raw['ip_address'], 'ip_address', WORD_CHARACTERS_MAX, faults),
    user_agent: readProse(raw['user_agent'], 'user_agent', faults),
  };
}

/** In the order of CONTENT_FIELDS. */
const textOf = (content: Content): string =>
  contentText([
    quote(content.provider),
    quote(content.model),
    quote(content.generation_type),
    tokensText(content.tokens),
    quoteOrNull(content.user_id),
    content.duration_ms === null ? null : String(content.duration_ms),
    quoteOrNull(content.session_id),
    quoteOrNull(content.request_id),
    quoteOrNull(content.response_id),
    // The event's own, where no response names the call.
    content.response_id === null ? null : quote(content.idempotency_key),
    content.status === 'success' ? null : `"${content.status}"`,
    quoteOrNull(content.application_id),
    quoteOrNull(content.service_tier),
    quoteOrNull(content.sku),
    quoteOrNull(content.cost_usd),
    quoteOrNull(content.error_code),
    quoteOrNull(content.error_message),
    quoteOrNull(content.scene_description),
    quoteOrNull(content.ip_address),
    quoteOrNull(content.user_agent),
    quoteOrNull(content.input_summary),
    quoteOrNull(content.output_summary),
    content.request_data,
    content.response_data,
  ]);

const quoteOrNull = (text: string | null): string | null => (text === null ? null : quote(text));

function tokensText({
  input,
  output,
  cache_read,
  cache_write_5m,
  cache_write_1h,
  reasoning,
}: Tokens): string {
  if (reasoning !== 0n)
    return `"${input} ${output} ${cache_read} ${cache_write_5m} ${cache_write_1h} ${reasoning}"`;
  if (cache_write_1h !== 0n) return `"${input} ${output} ${cache_read} ${cache_write_5m} ${cache_write_1h}"`;
  if (cache_write_5m !== 0n) return `"${input} ${output} ${cache_read} ${cache_write_5m}"`;
  return cache_read === 0n ? `"${input} ${output}"` : `"${input} ${output} ${cache_read}"`;
}

/** A vendor is one whatever the case it is written in: the call's identity hangs on it. */
function readProvider(value: unknown, faults: Faults<CallField>): string {
  const name = typeof value === 'string' ? value.toLowerCase() : value;
  return readName(name, 'provider', PROVIDER_CHARACTERS_MAX, faults);
}

/** As many bytes as characters at most. */
function readName(
  value: unknown,
  field: 'provider' | 'model',
  max: number,
  faults: Faults<CallField>,
): string {
  const name = readText(value, field, 1, max, faults);
  // A UTF-16 unit takes at most three bytes.
  if (name.length * 3 > max && codePointLength(name) <= max && utf8Length(name) > max)
    faults.add(field, 'too_long', `must be at most ${max} bytes.`);
  return name;
}

/** `scene` is another name of generation_type. */
function readType(raw: Raw, faults: Faults<CallField>): string {
  const { generation_type, scene } = raw;
  if (isAbsent(generation_type) && !isAbsent(scene)) {
    return readText(scene, 'scene', 1, TYPE_CHARACTERS_MAX, faults);
  }
  if (!isAbsent(scene) && scene !== generation_type) {
    faults.add('scene', 'differs', 'is an alias of generation_type: if both are given they must be equal.');
  }
  return readText(generation_type, 'generation_type', 1, TYPE_CHARACTERS_MAX, faults);
}

// The value comes beside the field's name: looked up here by name it took a quarter of the time of reading a call.
const readOptional = (
  value: unknown,
  field: keyof typeof CALL_FIELDS,
  max: number,
  faults: Faults<CallField>,
): string | null => (isAbsent(value) ? null : readText(value, field, 1, max, faults));

/** For people to read: empty counts as absent, what cannot be stored is replaced, what is too long is cut. */
function readProse(
  value: unknown,
  field: keyof typeof CALL_FIELDS,
  faults: Faults<CallField>,
): string | null {
  if (isAbsent(value) || value === '') return null;
  if (typeof value !== 'string') {
    faults.add(field, 'wrong_type', 'must be a string.');
    return null;
  }
  if (value.length <= PROSE_UNITS_MAX) return wellFormedText(value);
  const head = value.slice(0, PROSE_UNITS_MAX - 1);
  return `${wellFormedText(splitsPair(value, head.length) ? head.slice(0, -1) : head)}…`;
}

const splitsPair = (text: string, at: number): boolean => (text.codePointAt(at - 1) ?? 0) > 0xffff;

function readStatus(value: unknown, faults: Faults<CallField>): GenerationStatus {
  if (isAbsent(value)) return 'success';
  const status = GENERATION_STATUSES.find((name) => name === value);
  if (status !== undefined) return status;
  faults.add('status', 'not_allowed', `must be one of ${GENERATION_STATUSES.join(', ')}.`);
  return 'success';
}

function readDuration(value: unknown, faults: Faults<CallField>): number | null {
  if (isAbsent(value)) return null;
  if (typeof value !== 'number') {
    addMissingOrWrong(value, 'duration_ms', 'must be a JSON number.', faults);
  } else if (!Number.isInteger(value)) {
    faults.add('duration_ms', 'not_integer', 'must be a whole number of milliseconds.');
  } else if (value < 0) {
    faults.add('duration_ms', 'negative', 'must not be negative.');
  } else if (value > DURATION_MS_MAX) {
    faults.add('duration_ms', 'too_large', `must be at most ${DURATION_MS_MAX}.`);
  } else return value;
  return null;
}

function readCost(value: unknown, token: string | undefined, faults: Faults<CallField>): string | null {
  if (isAbsent(value)) return null;
  const cost = readQuantity(value, 'cost_usd', token && withoutExponent(token), faults);
  if (cost.startsWith('-')) faults.add('cost_usd', 'negative', 'must not be negative.');
  return cost;
}

const EXPONENT = /^(-?)(\d+)(?:\.(\d+))?[eE]([+-]?\d{1,2})$/;

/** JavaScript and Python print a price of a few tokens as `1e-7`: the same token in plain notation, `0.0000001`. */
function withoutExponent(token: string): string {
  const [, sign = '', whole = '', decimals = '', exponent] = EXPONENT.exec(token) ?? [];
  if (exponent === undefined) return token;
  const digits = whole + decimals;
  const point = whole.length + Number.parseInt(exponent, 10);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  if (point >= digits.length) return sign + digits.padEnd(point, '0');
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

const PAYLOAD_SAID = {
  too_deep: `must be nested at most ${PAYLOAD_LIMITS.levels} levels deep.`,
  not_finite: 'contains a number outside the range of a double.',
  too_large: 'is too large.',
  not_unicode: 'must be valid Unicode without U+0000.',
  not_json: 'must be JSON.',
} as const;

function readPayload(
  value: unknown,
  field: 'request_data' | 'response_data',
  faults: Faults<CallField>,
): string | null {
  if (isAbsent(value)) return null;
  try {
    return payloadText(value);
  } catch (error) {
    if (!(error instanceof CanonicalJsonError)) throw error;
    faults.add(field, error.code, PAYLOAD_SAID[error.code]);
    return null;
  }
}
