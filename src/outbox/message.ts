/** One effect that has to leave, and how an attempt to deliver it can end. */
import type { Ctx } from '../db/ctx.ts';
import type { LedgerTransaction } from '../db/ledger.ts';

export interface OutboxMessage {
  readonly organisation_id: string;
  /** The same at every attempt. */
  readonly id: string;
  readonly topic: string;
  readonly payload: Readonly<Record<string, unknown>>;
  /** Attempts begun, this one included: it also names the attempt. */
  readonly attempts: number;
  /** Until when the attempt has the row. */
  readonly next_attempt_at: string;
}

/** What an attempt leaves in Postgres, written in the transaction that also marks the row. */
type Commit = (tx: LedgerTransaction) => Promise<void>;

export type Outcome =
  | { readonly kind: 'delivered'; readonly commit?: Commit }
  /** What it needs is not there yet; the attempt does not count. */
  | { readonly kind: 'postponed' }
  | { readonly kind: 'failed'; readonly error: string; readonly commit?: Commit };

/**
 * One attempt. `ctx.now` is its moment, `ctx.ledger` a connection that no other attempt uses meanwhile. What it throws
 * counts as `failed`. It may come a second time after it succeeded.
 */
export type OutboxHandler = (ctx: Ctx, message: OutboxMessage) => Promise<Outcome>;

/** By topic; rows of a topic without a handler wait untouched. */
export type OutboxHandlers = Readonly<Record<string, OutboxHandler>>;
