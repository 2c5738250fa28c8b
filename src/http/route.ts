/**
 * A route as data: the router, the checks before the verb, the API description and the test matrix are
 * derived from it.
 */
import type * as z from 'zod';
import type { Audience } from '../access/authorise.ts';
import type { Ctx } from '../db/ctx.ts';
import type { JobSettings } from '../operations/job.ts';

export type Method = 'get' | 'post' | 'patch' | 'delete';

/** The settings that a handler receives besides the context. */
export interface Settings extends JobSettings {
  readonly testClock: boolean;
  readonly schedules: boolean;
}

export interface Answer {
  readonly status: number;
  /** Sent as JSON; or unchanged, if `headers` contain a content-type. */
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A body that is not JSON: its media types and its maximum size. */
export interface RawBody {
  readonly mediaTypes: readonly string[];
  readonly bytesMax: number;
}

export interface RouteInput<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** The body, if the route takes a raw one; otherwise empty. */
  readonly bytes: Uint8Array;
  readonly headers: Headers;
  /**
   * The Idempotency-Key together with its caller, as stored in a row that a retry must find; null if none was
   * sent.
   */
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
  /** The action, for the authorization: `invoice.finalize`. */
  readonly action: string;
  readonly summary: string;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly bodyOptional?: boolean;
  readonly rawBody?: RawBody;
  /** Whether the route uses an Idempotency-Key: stored answers for requests that create or move money. */
  readonly idempotency?: 'optional' | 'required';
  /** By status; errors may be omitted. `mediaType`: of an answer that is not JSON. */
  readonly responses: Readonly<
    Record<number, { readonly description: string; readonly schema?: Schema; readonly mediaType?: string }>
  >;
  /** The statuses of the problems that the verb itself answers, for the API description. */
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
  // The app passes each handler only the output of its own schemas: the only place where the types are
  // widened.
  return definition as unknown as Route;
}
