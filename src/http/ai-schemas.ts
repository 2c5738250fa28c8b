/** Schemas of AI model calls, shared by several routes. */
import * as z from 'zod';
import {
  CODE_CHARACTERS_MAX,
  ID_CHARACTERS_MAX,
  MODEL_CHARACTERS_MAX,
  PROVIDER_CHARACTERS_MAX,
  TYPE_CHARACTERS_MAX,
} from '../ai/generation.ts';
import { COST_SOURCES, GENERATION_STATUSES } from '../ai/generation-row.ts';
import { invalidRequest } from '../core/error.ts';
import { isDay } from '../core/time.ts';
import type { CallFilter } from '../reports/ai/call-filter.ts';
import { filterText, id, quantity, time, usageBound } from './schemas.ts';

const generationStatus = z.enum(GENERATION_STATUSES);
const costSource = z.enum(COST_SOURCES);
const type = filterText(TYPE_CHARACTERS_MAX);
const code = filterText(CODE_CHARACTERS_MAX);
const senderId = filterText(ID_CHARACTERS_MAX);

/** The filters that every query of calls accepts. */
export const callFilter = {
  organisation_id: id.optional(),
  project_id: id.optional(),
  user_id: senderId.optional(),
  application_id: senderId.optional(),
  provider: filterText(PROVIDER_CHARACTERS_MAX).optional(),
  model: filterText(MODEL_CHARACTERS_MAX).optional(),
  generation_type: type.optional(),
  scene: type.optional().meta({ description: 'Alias of `generation_type`' }),
  from: usageBound.optional(),
  to: usageBound.optional().meta({ description: 'Exclusive: an instant or a day' }),
};

export const generationFilter = {
  ...callFilter,
  session_id: senderId.optional(),
  status: generationStatus.optional(),
  error_code: code.optional(),
  request_id: senderId.optional(),
  response_id: senderId.optional(),
  cost_source: costSource.optional(),
};

export const failureFilter = {
  ...callFilter,
  status: generationStatus.exclude(['success']).optional(),
  error_code: code.optional(),
};

/**
 * `scene` is an alias of `generation_type`. Throws `invalid_request` if the two differ or the bounds are out
 * of order.
 */
export function readCallFilter<Query extends CallFilter & { readonly scene?: string | undefined }>(
  query: Query,
): Omit<Query, 'scene'> {
  const { scene, ...filter } = query;
  const { generation_type = scene, from, to } = filter;
  if (scene !== undefined && scene !== generation_type) {
    const detail = 'scene is an alias of generation_type: send one of them, or the same value in both.';
    throw invalidRequest([{ pointer: '?scene', code: 'conflicting_fields', detail }]);
  }
  // A day and an instant can be ordered only with a time zone.
  const isOrdered = from === undefined || to === undefined || isDay(from) !== isDay(to) || from <= to;
  if (!isOrdered) {
    throw invalidRequest([{ pointer: '?from', code: 'invalid_order', detail: 'from must not be after to.' }]);
  }
  return { ...filter, ...(generation_type !== undefined && { generation_type }) };
}

const text = z.string();
const tokens = z.int();

/** A call as a list item. */
export const generation = z
  .object({
    organisation_id: id,
    project_id: id,
    id,
    idempotency_key: text,
    client_key: text
      .nullable()
      .meta({ description: "The sender's idempotency key, if the call is stored under its response_id" }),
    provider: text,
    model: text,
    generation_type: text,
    scene: text.meta({ description: 'Alias of `generation_type`' }),
    scene_description: text.nullable(),
    user_id: text.nullable(),
    session_id: text.nullable(),
    application_id: text.nullable(),
    sku: text.nullable(),
    request_id: text.nullable(),
    response_id: text.nullable(),
    status: generationStatus,
    error_code: text.nullable(),
    error_message: text.nullable(),
    duration_ms: z.int().nullable(),
    service_tier: text.nullable(),
    input_tokens: tokens.meta({ description: 'Excludes cache reads and writes' }),
    output_tokens: tokens.meta({ description: 'Excludes reasoning' }),
    cache_read_tokens: tokens,
    cache_write_5m_tokens: tokens,
    cache_write_1h_tokens: tokens,
    reasoning_tokens: tokens,
    prompt_tokens: tokens.meta({ description: 'Input plus cache' }),
    completion_tokens: tokens.meta({ description: 'Output plus reasoning' }),
    total_tokens: tokens,
    cost_usd: quantity.nullable().meta({ description: 'Null if unknown' }),
    cost_source: costSource,
    price_ids: z.array(id).nullable().meta({ description: 'Prices from which the cost was computed' }),
    input_summary: text.nullable(),
    output_summary: text.nullable(),
    ip_address: text.nullable(),
    user_agent: text.nullable(),
    occurred_at: time,
    ingested_at: time,
    day: text.meta({ description: "Day in the organisation's time zone" }),
    archive_id: id
      .nullable()
      .meta({ description: 'The archive that holds the payloads, see /v1/admin/ai/archives' }),
  })
  .meta({ id: 'RecordedGeneration' });

export const generationWithPayloads = generation
  .extend({ request_data: z.unknown(), response_data: z.unknown() })
  .meta({ id: 'RecordedGenerationWithPayloads' });
