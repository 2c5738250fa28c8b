/** Turns an AI generation from the hot store into the columns that the ledger stores. */
import { parseQuantity } from '../core/decimal.ts';
import { isUuid } from '../core/id.ts';
import { isObject } from '../core/read-fields.ts';
import { type Content, readHotText } from './call-content.ts';
import { FILLABLE_FIELDS, type FillableField } from './fillable-fields.ts';

export const GENERATION_STATUSES = ['success', 'failed', 'timeout', 'cancelled'] as const;
export type GenerationStatus = (typeof GENERATION_STATUSES)[number];

export const COST_SOURCES = ['reported', 'priced', 'ceiling', 'unpriced'] as const;
export type CostSource = (typeof COST_SOURCES)[number];

export const TOKEN_KINDS = [
  'input',
  'output',
  'cache_read',
  'cache_write_5m',
  'cache_write_1h',
  'reasoning',
] as const;
export type TokenKind = (typeof TOKEN_KINDS)[number];

/** Prompt and response: dropped if the organisation does not keep them. The last two are JSON. */
export const PAYLOADS = ['input_summary', 'output_summary', 'request_data', 'response_data'] as const;

/** Personal data besides the user id: removed when the user is deleted. */
export const PERSONAL_FIELDS = [
  ...PAYLOADS,
  'scene_description',
  'session_id',
  'error_message',
  'ip_address',
  'user_agent',
] as const satisfies readonly FillableField[];

/** Null where nothing was sent; `request_data` and `response_data` are JSON text. */
export type FillFields = Readonly<Record<FillableField, string | null>>;

const JSON_FIELDS: readonly string[] = ['request_data', 'response_data'];
export const isJsonField = (field: string): boolean => JSON_FIELDS.includes(field);

export interface GenerationRow extends FillFields {
  /** The caller's own. */
  readonly idempotency_key: string;
  readonly provider: string;
  readonly model: string;
  readonly generation_type: string;
  readonly user_id: string | null;
  readonly response_id: string | null;
  readonly service_tier: string | null;
  readonly status: GenerationStatus;
  /** Of disjoint kinds. */
  readonly tokens: Readonly<Record<TokenKind, bigint>>;
  readonly duration_ms: bigint | null;
  /** In units of 10^-12 USD; null if the sender gave no cost. */
  readonly cost_usd: bigint | null;
  readonly cost_source: CostSource;
  /** Of the prices that made the cost; null where none did. */
  readonly price_ids: readonly string[] | null;
}

/** 18 digits of each are below the end of a bigint column, also where two kinds are added. */
const WHOLE = /^\d{1,18}$/;

/** The row of a call by the hot row's text and key, null where that is none that ingest could have written. */
export function readGenerationRow(text: string, eventKey: string): GenerationRow | null {
  const content = readHotText(text);
  if (content === null) return null;
  const fields = readFillFields(content);
  const tokens = readTokens(content['tokens']);
  const status = GENERATION_STATUSES.find((each) => each === content['status']);
  const { provider, model, generation_type } = content;
  const idempotency_key = content['idempotency_key'] ?? eventKey;
  if (!fields || !tokens || !status) return null;
  if (!isText(provider) || !isText(model) || !isText(generation_type) || !isText(idempotency_key))
    return null;
  const user_id = readText(content['user_id']);
  const duration_ms = readWhole(content['duration_ms'] ?? null);
  const response_id = readText(content['response_id']);
  const service_tier = readText(content['service_tier']);
  const reported = readCost(content['cost_usd'] ?? null);
  if (user_id === undefined || duration_ms === undefined) return null;
  if (response_id === undefined || service_tier === undefined || reported === undefined) return null;
  const cost: Cost =
    reported === null
      ? readPriced(content['priced'])
      : { cost_usd: reported, cost_source: 'reported', price_ids: null };
  return {
    ...fields,
    user_id,
    duration_ms,
    idempotency_key,
    provider,
    model,
    generation_type,
    response_id,
    service_tier,
    status,
    tokens,
    // Only the first spread of an object is quick.
    cost_usd: cost.cost_usd,
    cost_source: cost.cost_source,
    price_ids: cost.price_ids,
  };
}

type Cost = Pick<GenerationRow, 'cost_usd' | 'cost_source' | 'price_ids'>;

const UNPRICED: Cost = { cost_usd: null, cost_source: 'unpriced', price_ids: null };

/** What the edge found the call to cost. Unreadable it is as if it had found nothing: the drain prices it all the same. */
function readPriced(value: unknown): Cost {
  if (!isObject(value)) return UNPRICED;
  const { cost_usd, price_ids } = value;
  const cost = readCost(cost_usd ?? null) ?? null;
  if (cost === null || !Array.isArray(price_ids)) return UNPRICED;
  if (!isLastRead(price_ids)) {
    if (!price_ids.every(isUuidText)) return UNPRICED;
    lastRead = price_ids;
  }
  return { cost_usd: cost, cost_source: 'priced', price_ids: lastRead };
}

// Calls of one model name the same prices, and come in runs: their ids are looked at, and kept, once.
let lastRead: readonly string[] = [];
const isLastRead = (ids: readonly unknown[]): boolean =>
  ids.length === lastRead.length && ids.every((id, index) => id === lastRead[index]);

const isUuidText = (value: unknown): value is string => typeof value === 'string' && isUuid(value);

export function parseContent(text: string): Content | null {
  try {
    const content: unknown = JSON.parse(text);
    return isObject(content) ? content : null;
  } catch {
    return null;
  }
}

/** What the statistics know a call by that a later arrival may fill; null where one of them is none. */
export function readCountedFields(
  content: Content,
): { readonly user_id: string | null; readonly duration_ms: bigint | null } | null {
  const user_id = readText(content['user_id']);
  const duration_ms = readWhole(content['duration_ms'] ?? null);
  return user_id === undefined || duration_ms === undefined ? null : { user_id, duration_ms };
}

/** The fields that a later arrival may fill; null where one of them is none. */
export function readFillFields(content: Content): FillFields | null {
  // Spelled out, as in namedContent.
  const fields = {
    scene_description: readText(content['scene_description']),
    session_id: readText(content['session_id']),
    application_id: readText(content['application_id']),
    sku: readText(content['sku']),
    request_id: readText(content['request_id']),
    error_code: readText(content['error_code']),
    error_message: readText(content['error_message']),
    input_summary: readText(content['input_summary']),
    output_summary: readText(content['output_summary']),
    request_data: jsonText(content['request_data']),
    response_data: jsonText(content['response_data']),
    ip_address: readText(content['ip_address']),
    user_agent: readText(content['user_agent']),
  };
  return areTexts(fields) ? fields : null;
}

const areTexts = (
  fields: Readonly<Record<FillableField, string | null | undefined>>,
): fields is FillFields => {
  for (const name of FILLABLE_FIELDS) if (fields[name] === undefined) return false;
  return true;
};

const NO_PAYLOADS = { input_summary: null, output_summary: null, request_data: null, response_data: null };

export const withoutPayloads = <Fields extends FillFields>(fields: Fields): Fields => ({
  ...fields,
  ...NO_PAYLOADS,
});

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** Null if nothing was sent, undefined if it is not text. */
function readText(value: unknown): string | null | undefined {
  if (value === undefined || value === null || value === '') return null;
  return typeof value === 'string' ? value : undefined;
}

const jsonText = (value: unknown): string | null =>
  value === undefined || value === null ? null : JSON.stringify(value);

function readWhole(value: unknown): bigint | null | undefined {
  if (value === null) return null;
  if (value === 0) return 0n;
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const text = String(value);
  return WHOLE.test(text) ? BigInt(text) : undefined;
}

function readCost(value: unknown): bigint | null | undefined {
  if (value === null) return null;
  if (typeof value !== 'string') return undefined;
  const cost = parseQuantity(value);
  return cost === null || cost < 0n ? undefined : cost;
}

function readTokens(value: unknown): Readonly<Record<TokenKind, bigint>> | null {
  if (!isObject(value)) return null;
  const input = readWhole(value['input']);
  const output = readWhole(value['output']);
  const cache_read = readWhole(value['cache_read'] ?? 0);
  const cache_write_5m = readWhole(value['cache_write_5m'] ?? 0);
  const cache_write_1h = readWhole(value['cache_write_1h'] ?? 0);
  const reasoning = readWhole(value['reasoning'] ?? 0);
  if (typeof input !== 'bigint' || typeof output !== 'bigint') return null;
  if (typeof cache_read !== 'bigint' || typeof reasoning !== 'bigint') return null;
  if (typeof cache_write_5m !== 'bigint' || typeof cache_write_1h !== 'bigint') return null;
  return { input, output, cache_read, cache_write_5m, cache_write_1h, reasoning };
}
