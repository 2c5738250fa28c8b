/**
 * Law 12: an effect requested by a transaction happens after it, at least once. Runs may overlap and die at
 * any point: one run claims an attempt in a transaction of its own, and an attempt that does not end is
 * retried when its lease expires.
 */
import { describeError } from '../core/error.ts';
import { formatInstant } from '../core/time.ts';
import type { Ctx } from '../db/ctx.ts';
import { type Ledger, PLATFORM, tenant } from '../db/ledger.ts';
import { ATTEMPTS_MAX, deriveNextAttempt } from './derive-next-attempt.ts';
import type { OutboxHandlers, OutboxMessage, Outcome } from './message.ts';
import {
  claimMessage,
  type DueMessage,
  listDueMessages,
  markDelivered,
  markFailed,
  markPostponed,
} from './store.ts';

export interface DeliverOutboxInput {
  /** The current moment, read for each row: a run lasts longer than a row may wait. */
  readonly moment: () => number;
  readonly hasTime: () => boolean;
  readonly handlers: OutboxHandlers;
}

export interface DeliverOutboxResult {
  /** `partial`: due rows are left. */
  readonly status: 'succeeded' | 'partial';
  readonly delivered: number;
  readonly postponed: number;
  /** Will be retried later. */
  readonly failed: number;
  /** Failed for the last time. */
  readonly given_up: number;
}

/** Longer than any attempt takes. */
const LEASE_MS = 120_000;
const POSTPONE_MS = 60_000;
/** Each lane has a connection and waits for one external call; a Worker may have six of both together. */
const LANES = 3;
const ROWS_PER_ROUND = 200;

type Counts = Record<'delivered' | 'postponed' | 'failed' | 'given_up', number>;

export async function deliverOutbox(ctx: Ctx, input: DeliverOutboxInput): Promise<DeliverOutboxResult> {
  const topics = Object.keys(input.handlers);
  const counts: Counts = { delivered: 0, postponed: 0, failed: 0, given_up: 0 };
  const ledgers = [ctx.ledger, ...Array.from({ length: LANES - 1 }, ctx.openLedger)];
  try {
    for (;;) {
      const now = formatInstant(input.moment());
      const due = await ctx.ledger.transaction(PLATFORM, (tx) =>
        listDueMessages(tx, { topics, now, limit: ROWS_PER_ROUND }),
      );
      if (due.length === 0) return { status: 'succeeded', ...counts };
      if (!input.hasTime()) return { status: 'partial', ...counts };
      const claimed = await runRound(ctx, ledgers, due, input, counts);
      // Other runs are working on all of them.
      if (claimed === 0 && input.hasTime()) return { status: 'succeeded', ...counts };
    }
  } finally {
    await Promise.all(ledgers.slice(1).map((ledger) => ledger.close()));
  }
}

/**
 * The lanes take tenants in turn, one row at a time. The rows of one tenant are processed in sequence, so
 * that an e-mail finds the PDF that was requested before it.
 */
async function runRound(
  ctx: Ctx,
  ledgers: readonly Ledger[],
  due: readonly DueMessage[],
  input: DeliverOutboxInput,
  counts: Counts,
): Promise<number> {
  const tenants = [...Map.groupBy(due, (row) => row.organisation_id).values()];
  let claimed = 0;
  const runLane = async (ledger: Ledger): Promise<void> => {
    for (let rows = tenants.shift(); rows && input.hasTime(); rows = tenants.shift()) {
      const [row, ...rest] = rows;
      const ended = row && (await deliverOne({ ...ctx, ledger, now: input.moment() }, row, input.handlers));
      if (ended) {
        counts[ended] += 1;
        claimed += 1;
      }
      if (rest.length > 0) tenants.push(rest);
    }
  };
  const lanes = await Promise.allSettled(ledgers.map(runLane));
  for (const lane of lanes) if (lane.status === 'rejected') throw lane.reason;
  return claimed;
}

/** Throws only if Postgres itself fails; then the row is retried when its lease expires. */
async function deliverOne(ctx: Ctx, row: DueMessage, handlers: OutboxHandlers): Promise<keyof Counts | null> {
  const reach = tenant(row.organisation_id);
  const claim = { now: formatInstant(ctx.now), leaseEnd: formatInstant(ctx.now + LEASE_MS) };
  const message = await ctx.ledger.transaction(reach, (tx) => claimMessage(tx, row, claim));
  if (!message) return null;
  const outcome = await attempt(ctx, message, handlers);
  try {
    return await conclude(ctx, message, outcome);
  } catch (error) {
    // The attempt's writes were rejected, or the answer to its commit was lost; in the latter case this
    // changes nothing.
    return await conclude(ctx, message, { kind: 'failed', error: describeError(error) });
  }
}

async function attempt(ctx: Ctx, message: OutboxMessage, handlers: OutboxHandlers): Promise<Outcome> {
  const handler = handlers[message.topic];
  if (!handler) throw new Error(`no handler for the topic ${message.topic}`);
  // Only attempts that died without recording an outcome get this far.
  if (message.attempts > ATTEMPTS_MAX) return { kind: 'failed', error: 'no attempts left' };
  try {
    return await handler(ctx, message);
  } catch (error) {
    return { kind: 'failed', error: describeError(error) };
  }
}

async function conclude(ctx: Ctx, message: OutboxMessage, outcome: Outcome): Promise<keyof Counts> {
  const { organisation_id, id, topic, attempts } = message;
  return await ctx.ledger.transaction(tenant(organisation_id), async (tx) => {
    if (outcome.kind === 'postponed') {
      await markPostponed(tx, message, formatInstant(ctx.now + POSTPONE_MS));
      return 'postponed';
    }
    await outcome.commit?.(tx);
    if (outcome.kind === 'delivered') {
      await markDelivered(tx, message, formatInstant(ctx.now));
      return 'delivered';
    }
    const error = describeError(outcome.error);
    const next = deriveNextAttempt(attempts, id, ctx.now);
    await markFailed(tx, message, {
      error,
      nextAttemptAt: next === null ? null : formatInstant(next),
      failedAt: next === null ? formatInstant(ctx.now) : null,
    });
    console.error(
      // Only the row keeps the reason: a provider's answer may contain the recipient's name.
      JSON.stringify({ message: 'delivery failed', organisation_id, outbox_id: id, topic, attempts }),
    );
    return next === null ? 'given_up' : 'failed';
  });
}
