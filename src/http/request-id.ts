import { isUuid, uuidv7 } from '../core/id.ts';

export const REQUEST_ID_HEADER = 'x-request-id';

/** The id that one of the product's Workers gave the request before it came here, otherwise a new one. */
export function requestIdOf(request: Request, now: number): string {
  const given = request.headers.get(REQUEST_ID_HEADER);
  return given !== null && isUuid(given) ? given : uuidv7(now);
}

/** The headers of every answer. */
export function withCommonHeaders(response: Response, requestId: string): Response {
  const answer = new Response(response.body, response);
  answer.headers.set(REQUEST_ID_HEADER, requestId);
  answer.headers.set('x-content-type-options', 'nosniff');
  answer.headers.set('cache-control', answer.headers.get('cache-control') ?? 'no-store');
  return answer;
}
