import type { EventFormat, ParsedEvents } from '../event.ts';
import { EVENTS_BODY_BYTES_MAX, jsonParserOf, mediaTypeOf, unsupported } from '../parse-events.ts';
import { readBody } from '../read-body.ts';
import { readGeneration } from './read-generation.ts';

const GENERATIONS: EventFormat = { plural: 'generations', decimal: 'cost_usd', read: readGeneration };

/**
 * The AI calls of a request: one, an array, `{"generations": [...]}`, or NDJSON. Errors and limits are those of
 * events (src/ingest/parse-events.ts). The receipt includes the keys, because a call with a response_id does not
 * use the sender's key.
 */
export async function parseGenerations(request: Request, now: number): Promise<ParsedEvents> {
  const parse = jsonParserOf(mediaTypeOf(request.headers));
  if (!parse)
    throw unsupported(
      'Unsupported Content-Type. Send generations as application/json or application/x-ndjson.',
    );
  const parsed = parse(await readBody(request, EVENTS_BODY_BYTES_MAX), now, GENERATIONS);
  return { ...parsed, idempotencyKeyInReceipt: true };
}
