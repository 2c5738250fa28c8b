/** Headers of document pages: no scripts, external resources, forms, framing or caching. */
import type { Answer } from './route.ts';

/**
 * `allow-downloads` is for the PDF button: a sandboxed page may follow its links, but cannot save a file
 * without it. The sandbox also gives the page an origin of its own.
 */
export const PAGE_POLICY = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  'sandbox allow-downloads',
].join('; ');

/** A customer's pages must not appear in any index, cache or referrer. */
export const PRIVATE_HEADERS = {
  'cache-control': 'private, no-store',
  'referrer-policy': 'no-referrer',
  'x-robots-tag': 'noindex',
} as const;

export const answerPage = (page: string, status = 200): Answer => ({
  status,
  body: page,
  headers: {
    ...PRIVATE_HEADERS,
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': PAGE_POLICY,
    'x-frame-options': 'DENY',
  },
});
