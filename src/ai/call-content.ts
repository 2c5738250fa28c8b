/**
 * The content of an AI call as its hot row keeps it: a JSON array whose places have the names below. With its members' names
 * the text was three times as long, and every call is written, hashed, sent, stored and read with it.
 */
import { isObject } from '../core/read-fields.ts';

export const CONTENT_FIELDS = [
  'provider',
  'model',
  'generation_type',
  /** `"2085 21 1"`: input, output, cache_read, cache_write_5m, cache_write_1h and reasoning; zeros at the end are left out. */
  'tokens',
  'user_id',
  'duration_ms',
  'session_id',
  'request_id',
  'response_id',
  /** The caller's own; null where it is the event's too. */
  'idempotency_key',
  /** Null for success. */
  'status',
  'application_id',
  'service_tier',
  'sku',
  'cost_usd',
  'error_code',
  'error_message',
  'scene_description',
  'ip_address',
  'user_agent',
  'input_summary',
  'output_summary',
  'request_data',
  'response_data',
] as const;

export type ContentField = (typeof CONTENT_FIELDS)[number];

/** The fields that the event of every call has in common. */
export const CALL_EVENT = {
  metric_name: 'ai.calls',
  metric_value: '1',
  unit: 'call',
  metadata: '{}',
} as const;

/** From the JSON of each field, null for a field that was not sent; nulls at the end are dropped. Equal content gives equal text. */
export function contentText(fields: readonly (string | null)[]): string {
  let { length } = fields;
  while (length > 0 && fields[length - 1] === null) length -= 1;
  let text = '[';
  for (let at = 0; at < length; at++) text += at === 0 ? fields[at] : `,${fields[at]}`;
  return `${text}]`;
}

const PAYLOADS_FROM = CONTENT_FIELDS.indexOf('input_summary');

/** The content without what was asked and answered, which stands last. */
export function withoutPayloads(content: string): string {
  const values = JSON.parse(content) as readonly unknown[];
  if (values.length <= PAYLOADS_FROM) return content;
  return contentText(
    values.slice(0, PAYLOADS_FROM).map((value) => (value === null ? null : JSON.stringify(value))),
  );
}

/** As the hot row has it: `[content]`, or `[content,"cost","price id",…]` where the edge found the cost. */
export const hotText = (content: string, priced: string | null): string =>
  priced === null ? `[${content}]` : `[${content},${priced}]`;

/** Where a hot row has a field, as a JSON path. */
export const hotPathOf = (field: ContentField): string => `$[0][${CONTENT_FIELDS.indexOf(field)}]`;

export type Content = Readonly<Record<string, unknown>>;

/** The content by field name; a field that was not sent is null or undefined. */
export function namedContent(content: readonly unknown[]): Content {
  // Spelled out: filled in a loop the object took a third of the time of reading a call.
  // biome-ignore format: by their places, as CONTENT_FIELDS has them
  const {
    0: provider, 1: model, 2: generation_type, 3: tokens, 4: user_id, 5: duration_ms, 6: session_id,
    7: request_id, 8: response_id, 9: idempotency_key, 10: status, 11: application_id, 12: service_tier, 13: sku, 14: cost_usd,
    15: error_code, 16: error_message, 17: scene_description, 18: ip_address, 19: user_agent, 20: input_summary,
    21: output_summary, 22: request_data, 23: response_data,
  } = content;
  return {
    provider,
    model,
    generation_type,
    tokens: typeof tokens === 'string' ? namedTokens(tokens) : tokens,
    status: status ?? 'success',
    user_id,
    duration_ms,
    session_id,
    request_id,
    response_id,
    idempotency_key,
    application_id,
    service_tier,
    sku,
    cost_usd,
    error_code,
    error_message,
    scene_description,
    ip_address,
    user_agent,
    input_summary,
    output_summary,
    request_data,
    response_data,
  };
}

function namedTokens(text: string): Content {
  const [input, output, cache_read, cache_write_5m, cache_write_1h, reasoning] = text.split(' ');
  return { input, output, cache_read, cache_write_5m, cache_write_1h, reasoning };
}

/** The hot row's text by names, with `priced` where the edge found the cost; null where it is not one. */
export function readHotText(text: string): Content | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  // As rows were written before: by names, which is still read.
  if (!Array.isArray(value)) return isObject(value) ? value : null;
  const [content, cost_usd, ...price_ids] = value;
  if (!Array.isArray(content)) return null;
  return cost_usd === undefined
    ? namedContent(content)
    : { ...namedContent(content), priced: { cost_usd, price_ids } };
}

/** For people to read: what was not sent is left out, and of tokens the kinds that there are none of. */
export function shownContent(content: Content): Content {
  const shown = Object.entries(content).filter(([, value]) => value !== undefined && value !== null);
  const { tokens } = content;
  return { ...Object.fromEntries(shown), ...(isObject(tokens) && { tokens: shownTokens(tokens) }) };
}

const shownTokens = ({ input, output, ...others }: Content): Content => ({
  input,
  output,
  ...Object.fromEntries(Object.entries(others).filter(([, count]) => count !== undefined && count !== '0')),
});
