/**
 * The event's JSON body as a zod schema, from which OpenAPI is generated. The edge validates with hand-written code
 * (event.ts), which is ten times as fast; a test proves that the two agree. The descriptions cover what JSON Schema
 * cannot express.
 */
import * as z from 'zod';
import { TIMESTAMP_SECONDS_BELOW } from '../core/read-fields.ts';
import { codePointLength } from '../core/text.ts';
import {
  EVENTS_MAX,
  KEY_CHARACTERS_MAX,
  METRIC_NAME_CHARACTERS_MAX,
  UNIT_CHARACTERS_MAX,
  USER_ID_CHARACTERS_MAX,
} from './event.ts';

/** JSON Schema counts code points; zod's own min and max count UTF-16 units. */
const text = (min: number, max: number) =>
  z
    .string()
    .refine((value) => {
      const length = codePointLength(value);
      return length >= min && length <= max;
    })
    .meta({ minLength: min, maxLength: max });

const NULL_IS_ABSENT = 'null counts as absent.';

/** Any JSON value, as a named component of the description; zod's own JSON schema has no name. */
export const jsonValue: z.ZodType<unknown> = z
  .lazy(() =>
    z.union([
      z.string(),
      z.number(),
      z.boolean(),
      z.null(),
      z.array(jsonValue),
      z.record(z.string(), jsonValue),
    ]),
  )
  .meta({ id: 'JSON' });

export const eventSchema = z
  .strictObject({
    metric_name: text(1, METRIC_NAME_CHARACTERS_MAX).describe(
      'The metric that is counted, for example `tokens.input`.',
    ),
    metric_value: z
      .union([z.string().regex(/^-?0*[0-9]{1,26}(?:\.[0-9]{1,12})?$/), z.number()])
      .describe(
        'A decimal in plain notation with at most 26 integer digits and 12 decimals; negative values are corrections. As a JSON ' +
          'number it may have at most 15 significant digits and no exponent.',
      ),
    unit: text(0, UNIT_CHARACTERS_MAX).describe('May be empty.'),
    timestamp: z
      .union([
        z.string().meta({ format: 'date-time' }),
        z.int().min(TIMESTAMP_SECONDS_BELOW).describe('Epoch milliseconds.'),
      ])
      .nullish()
      .describe(
        `When the usage occurred, from 2000-01-01T00:00:00Z to one hour ahead; the time of receipt by default. ${NULL_IS_ABSENT}`,
      ),
    idempotency_key: text(1, KEY_CHARACTERS_MAX).describe(
      'Identifies the event permanently within its project: a repeat with the same content is a duplicate and is not counted.',
    ),
    user_id: text(1, USER_ID_CHARACTERS_MAX).nullish().describe(`The end user. ${NULL_IS_ABSENT}`),
    metadata: z
      .record(z.string(), jsonValue)
      .nullish()
      .describe(`At most 4096 bytes as canonical JSON, nested at most 8 levels deep. ${NULL_IS_ABSENT}`),
  })
  .meta({ id: 'Event', description: 'All text must be valid Unicode without U+0000.' });

export const eventsBodySchema = z
  .union([
    eventSchema,
    z.array(eventSchema).min(1).max(EVENTS_MAX),
    z.strictObject({ events: z.array(eventSchema).min(1).max(EVENTS_MAX) }),
  ])
  .meta({ id: 'Events' });
