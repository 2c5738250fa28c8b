/** The one place that says who may do what. Every route asks it before anything else. */
import type { Actor } from '../core/actor.ts';
import { AppError } from '../core/error.ts';

/** Who a route is for: `admin` (mb_admin_ keys), `project` (mb_live_ keys) or `open`. */
export type Audience = 'admin' | 'project' | 'open';

/** Throws `unauthorized` for an actor of the wrong kind. One admin role may do everything that is for admins. */
export function assertAllowed(actor: Actor, audience: Audience, _action: string): void {
  if (audience === 'open' || actor.kind === audience) return;
  throw unauthorized();
}

/** One answer for no key, a malformed, unknown, revoked or expired one, and one of the other kind. */
export const unauthorized = (): AppError =>
  new AppError('unauthorized', 'A valid API key is required: send Authorization: Bearer <key>.');
