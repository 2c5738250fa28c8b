/** The only place that decides who may do what. Every route calls it before anything else. */
import type { Actor } from '../core/actor.ts';
import { AppError } from '../core/error.ts';

/** The audience of a route: `admin` (mb_admin_ keys), `project` (mb_live_ keys) or `open`. */
export type Audience = 'admin' | 'project' | 'open';

/**
 * Throws `unauthorized` for an actor of the wrong kind. The single admin role may do everything that is open
 * to admins.
 */
export function assertAllowed(actor: Actor, audience: Audience, _action: string): void {
  if (audience === 'open' || actor.kind === audience) return;
  throw unauthorized();
}

/** One answer for a missing, malformed, unknown, revoked or expired key, and for a key of the other kind. */
export const unauthorized = (): AppError =>
  new AppError('unauthorized', 'A valid API key is required: send Authorization: Bearer <key>.');
