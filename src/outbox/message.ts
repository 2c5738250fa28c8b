/** One effect to deliver, and the possible outcomes of an attempt. */
import type { Ctx } from '../db/ctx.ts';
import type { LedgerTransaction } from '../db/ledger.ts';

export interface OutboxMessage {
  readonly organisation_id: string;
  /** The same for every attempt. */
  readonly id: string;
  readonly topic: string;
  readonly payload: Readonly<Record<string, unknown>>;
  /** Attempts begun, including this one: it also identifies the attempt. */
  readonly attempts: number;
  /** Until when the attempt holds the row. */
  readonly next_attempt_at: string;
}

/** The writes of an attempt to Postgres, in the transaction that also marks the row. */
type Commit = (tx: LedgerTransaction) => Promise<void>;

export type Outcome =
  | { readonly kind: 'delivered'; readonly commit?: Commit }
  /** A prerequisite does not exist yet; the attempt does not count. */
  | { readonly kind: 'postponed' }
  | { readonly kind: 'failed'; readonly error: string; readonly commit?: Commit };

/**
 * One attempt. `ctx.now` is its moment, `ctx.ledger` a connection that no other attempt uses meanwhile. An
 * exception counts as `failed`. The handler may run again after it succeeded.
 */
export type OutboxHandler = (ctx: Ctx, message: OutboxMessage) => Promise<Outcome>;

/** By topic; rows of a topic without a handler stay untouched. */
export type OutboxHandlers = Readonly<Record<string, OutboxHandler>>;
