/** How pages of documents are sent: nothing in them runs, loads, submits, frames or is remembered. */
import type { Answer } from './route.ts';

/**
 * `allow-downloads` is for the button of the PDF: a page in a sandbox may follow its links, but save no file without it. The
 * sandbox gives the page an origin of its own besides.
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

/** What a customer sees belongs to nobody's index, cache or referrer. */
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
