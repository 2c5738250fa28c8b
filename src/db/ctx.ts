/** What a verb receives: the current moment, the actor, and the stores. It reaches the outside in no other way. */
import type { Actor } from '../core/actor.ts';
import type { Outside } from '../core/ports.ts';
import type { HotDatabase, Shards } from './hot.ts';
import type { Ledger } from './ledger.ts';

export interface Ctx extends Outside {
  /** Epoch milliseconds, read once when the request or job began. */
  readonly now: number;
  readonly requestId: string;
  readonly actor: Actor;
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
  readonly ledger: Ledger;
  /** For work that needs a second connection besides `ledger`; the caller closes it. */
  readonly openLedger: () => Ledger;
  readonly directory: HotDatabase;
  readonly shards: Shards;
}
