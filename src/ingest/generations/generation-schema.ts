/**
 * The JSON body of an AI call as a zod schema, from which OpenAPI is generated. The edge validates by hand
 * (read-generation.ts); a test proves that the two agree. What JSON Schema cannot say stands in the descriptions.
 */
import * as z from 'zod';
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
import { GENERATION_STATUSES } from '../../ai/generation-row.ts';
import { describeConventions } from '../../ai/token-convention.ts';
import { TIMESTAMP_SECONDS_BELOW } from '../../core/read-fields.ts';
import { codePointLength, utf8Length } from '../../core/text.ts';
import { EVENTS_MAX, KEY_CHARACTERS_MAX, USER_ID_CHARACTERS_MAX } from '../event.ts';
import { jsonValue } from '../event-schema.ts';

/** JSON Schema counts code points, zod's own min and max count UTF-16 units. */
const text = (max: number) =>
  z
    .string()
    .refine((value) => value !== '' && codePointLength(value) <= max)
    .meta({ minLength: 1, maxLength: max });

const name = (max: number) => text(max).refine((value) => utf8Length(value) <= max);

const optional = (max: number) => text(max).nullish();

const prose = (what: string) =>
  z
    .string()
    .nullish()
    .describe(`${what} Truncated to ${PROSE_UNITS_MAX} UTF-16 units; empty counts as absent.`);

const payload = (what: string) =>
  jsonValue
    .optional()
    .describe(
      `${what} Any JSON. Above ${PAYLOAD_LIMITS.bytes} bytes as canonical JSON only the head is stored, as ` +
        '{"truncated": true, "bytes": n, "head": "…"}. Stored only if the organisation stores payloads.',
    );

const count = z
  .union([z.int().min(0).max(999_999_999_999), z.string().regex(/^0*[0-9]{1,12}$/)])
  .describe('A whole number, as a JSON number or a string.');

const tokens = z
  .strictObject({
    input: count,
    output: count,
    cache_read: count.nullish(),
    cache_write_5m: count.nullish(),
    cache_write_1h: count.nullish(),
    reasoning: count.nullish(),
    convention: z
      .enum(['inclusive', 'disjoint'])
      .nullish()
      .describe('Whether input includes cache reads and writes, and output includes reasoning.'),
  })
  .meta({ id: 'GenerationTokens', description: describeConventions() });

export const generationSchema = z
  .strictObject({
    provider: name(PROVIDER_CHARACTERS_MAX).describe(
      'The vendor, as in gen_ai.provider.name of OpenTelemetry: `anthropic`, `openai`. Stored in lower case. At most 64 bytes.',
    ),
    model: name(MODEL_CHARACTERS_MAX).describe('The exact id of the model. At most 255 bytes.'),
    generation_type: optional(TYPE_CHARACTERS_MAX).describe(
      'The purpose of the call. This field or its alias `scene` is required; if both are given they must be equal.',
    ),
    scene: optional(TYPE_CHARACTERS_MAX).describe('Alias of generation_type.'),
    scene_description: prose('Description of the scene.'),
    user_id: optional(USER_ID_CHARACTERS_MAX).describe('The end user.'),
    session_id: optional(ID_CHARACTERS_MAX),
    application_id: optional(ID_CHARACTERS_MAX),
    sku: optional(CODE_CHARACTERS_MAX),
    request_id: optional(ID_CHARACTERS_MAX),
    response_id: optional(ID_CHARACTERS_MAX).describe(
      'The id of the response at the vendor. With the provider it identifies the call permanently: sent again, over ' +
        'any route, the call is a duplicate and only fills fields that the first copy left empty.',
    ),
    status: z.enum(GENERATION_STATUSES).nullish().describe('`success` by default.'),
    error_code: optional(CODE_CHARACTERS_MAX),
    error_message: prose('The error message.'),
    duration_ms: z.int().min(0).max(DURATION_MS_MAX).nullish(),
    service_tier: optional(WORD_CHARACTERS_MAX),
    tokens: tokens.nullish().describe('Required if the status is success.'),
    cost_usd: z
      .union([z.string().regex(/^(?:0*[0-9]{1,26}(?:\.[0-9]{1,12})?|-0+(?:\.0{1,12})?)$/), z.number()])
      .nullish()
      .describe(
        'The cost billed by the vendor, if known, with at most 12 decimals. As a JSON number it may have at most 15 ' +
          'significant digits.',
      ),
    input_summary: prose('Summary of the request.'),
    output_summary: prose('Summary of the response.'),
    request_data: payload('The request to the model.'),
    response_data: payload('The response of the model.'),
    ip_address: optional(WORD_CHARACTERS_MAX),
    user_agent: prose('The user agent of the end user.'),
    occurred_at: z
      .union([
        z.string().meta({ format: 'date-time' }),
        z.int().min(TIMESTAMP_SECONDS_BELOW).describe('Epoch milliseconds.'),
      ])
      .nullish()
      .describe(
        'When the call was made, with the same limits as the timestamp of events; the time of receipt by default.',
      ),
    idempotency_key: text(KEY_CHARACTERS_MAX).describe(
      'Identifies the call permanently within its project. Not used for identity if response_id is given.',
    ),
  })
  .meta({ id: 'Generation', description: 'A call of an AI model. `null` counts as absent.' });

export const generationsBodySchema = z
  .union([
    generationSchema,
    z.array(generationSchema).min(1).max(EVENTS_MAX),
    z.strictObject({ generations: z.array(generationSchema).min(1).max(EVENTS_MAX) }),
  ])
  .meta({ id: 'Generations' });
