/** A route as data: from it come the router, the checks before the verb, the description of the API and the test matrix. */
import type * as z from 'zod';
import type { Audience } from '../access/authorise.ts';
import type { Ctx } from '../db/ctx.ts';
import type { JobSettings } from '../operations/job.ts';

export type Method = 'get' | 'post' | 'patch' | 'delete';

/** What a handler is given beside the context. */
export interface Settings extends JobSettings {
  readonly testClock: boolean;
  readonly schedules: boolean;
}

export interface Answer {
  readonly status: number;
  /** Sent as JSON; or, where `headers` name a content-type, as it is. */
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A body that is no JSON: what it may be, and how large. */
export interface RawBody {
  readonly mediaTypes: readonly string[];
  readonly bytesMax: number;
}

export interface RouteInput<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** Where the route takes a raw body; else empty. */
  readonly bytes: Uint8Array;
  readonly headers: Headers;
  /** The Idempotency-Key with its sender, as a row keeps it that a retry must find again; null where none was sent. */
  readonly idempotencyKey: string | null;
  readonly settings: Settings;
}

type Schema = z.ZodType;
type Out<S> = S extends Schema ? z.output<S> : undefined;

export interface RouteDefinition<
  P extends Schema | undefined,
  Q extends Schema | undefined,
  B extends Schema | undefined,
> {
  readonly method: Method;
  /** In Hono's form: `/v1/admin/invoices/:id`. */
  readonly path: string;
  readonly audience: Audience;
  /** What is done, for the authorization: `invoice.finalize`. */
  readonly action: string;
  readonly summary: string;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly bodyOptional?: boolean;
  readonly rawBody?: RawBody;
  /** Whether an Idempotency-Key is heeded: stored answers for what creates or moves money. */
  readonly idempotency?: 'optional' | 'required';
  /** By status; errors need not be named. `mediaType`: of an answer that is no JSON. */
  readonly responses: Readonly<
    Record<number, { readonly description: string; readonly schema?: Schema; readonly mediaType?: string }>
  >;
  /** The statuses of the problems that the verb itself answers, for the description. */
  readonly problems?: readonly number[];
  readonly handle: (ctx: Ctx, input: RouteInput<Out<P>, Out<Q>, Out<B>>) => Promise<Answer>;
}

export interface Route
  extends Omit<RouteDefinition<Schema, Schema, Schema>, 'handle' | 'params' | 'query' | 'body'> {
  readonly params?: Schema | undefined;
  readonly query?: Schema | undefined;
  readonly body?: Schema | undefined;
  readonly handle: (ctx: Ctx, input: RouteInput<unknown, unknown, unknown>) => Promise<Answer>;
}

export function defineRoute<
  P extends Schema | undefined = undefined,
  Q extends Schema | undefined = undefined,
  B extends Schema | undefined = undefined,
>(definition: RouteDefinition<P, Q, B>): Route {
  // The app hands each handler only what its own schemas have parsed: the one place where the types are widened.
  return definition as unknown as Route;
}
