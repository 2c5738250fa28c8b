/** What a request with a known key does with its events: they get their prices and go into the key's hot store. */
import { withoutPayloads } from '../ai/call-content.ts';
import type { PriceMemory } from '../ai/prices/price-memory.ts';
import { findPublishedPrices } from '../ai/prices/published-price-store.ts';
import { AppError } from '../core/error.ts';
import { type HotDatabase, hotDatabase, type Shards } from '../db/hot.ts';
import type { EdgeKey } from '../tenants/publication/published-tenant.ts';
import { acceptEvents } from './accept-events.ts';
import type { CommitQueue } from './commit-queue.ts';
import type { ReadEvent, SpanLink, UsageEvent } from './event.ts';
import { priceCalls } from './generations/price-calls.ts';
import { hotWriter } from './store.ts';
import { findMarked, linkPlaces } from './traces/span-store.ts';
import type { Verdict } from './verdict.ts';

export interface Reception {
  readonly key: EdgeKey;
  readonly now: number;
  /** The same events; calls among them have their cost, where the published price book gives one. */
  price<Read extends ReadEvent>(events: readonly Read[]): Promise<readonly Read[]>;
  accept(events: readonly UsageEvent[]): Promise<readonly Verdict[]>;
  /** Keeps the links between places of traces, for spans that come in other requests. */
  link(links: readonly SpanLink[]): Promise<void>;
  /** Of lists of marks, whether another span has left one of them. */
  findMarked(lists: readonly (readonly string[])[]): Promise<readonly boolean[]>;
}

export interface EdgeStores {
  readonly directory: HotDatabase;
  readonly shards: Shards;
}

/** What an isolate keeps between requests. */
export interface EdgeMemory {
  readonly prices: PriceMemory;
  /** The queue of a shard's commits. */
  readonly queueOf: (shard: number) => CommitQueue;
}

export function openReception(
  { directory, shards }: EdgeStores,
  { prices, queueOf }: EdgeMemory,
  key: EdgeKey,
  now: number,
): Reception {
  const { organisation_id, project_id, shard } = key;
  const hot = hotDatabase(shards, shard);
  const { insert } = queueOf(shard);
  return {
    key,
    now,
    price: (events) =>
      priceCalls(events, organisation_id, now, (models) =>
        prices.bookFor(organisation_id, models, now, (unknown) =>
          findPublishedPrices(directory, organisation_id, unknown),
        ),
      ),
    // Whatever goes wrong around the commit, sending it again is safe: that is the answer, never a bare 500.
    accept: async (events) =>
      events.length > 0
        ? await acceptEvents(hotWriter(hot), insert, key, keptOf(events, key), now).catch(retryLater)
        : [],
    link: async (links) => {
      if (links.length > 0) await linkPlaces(hot, project_id, links, now);
    },
    findMarked: async (lists) => (lists.length > 0 ? await findMarked(hot, project_id, lists) : []),
  };
}

/** Calls without their payloads, where the organisation keeps none; what they are known by stays. */
const keptOf = (events: readonly UsageEvent[], { storesPayloads }: EdgeKey): readonly UsageEvent[] =>
  storesPayloads
    ? events
    : events.map((event) => {
        const { generation } = event;
        if (generation === null) return event;
        return { ...event, generation: { ...generation, content: withoutPayloads(generation.content) } };
      });

function retryLater(cause: unknown): never {
  if (cause instanceof AppError) throw cause;
  throw new AppError('unavailable', 'The events could not be stored. A retry is safe.', {
    cause,
    log: 'ingest failed',
    retryAfterSeconds: 1,
  });
}
