/**
 * The state of an event by its key: pending, counted and where, or quarantined and why; and later events with the
 * same key.
 */
import { projectOf, readWithin } from '../../access/reach.ts';
import { formatQuantity, parseQuantity } from '../../core/decimal.ts';
import { assert, notFound } from '../../core/error.ts';
import { isStorableText } from '../../core/read-fields.ts';
import { formatInstant } from '../../core/time.ts';
import type { Ctx } from '../../db/ctx.ts';
import { hotDatabase } from '../../db/hot.ts';
import { findHotEvent, listHotConflicts } from '../../rollup/hot-store.ts';
import { findOrganisation } from '../../tenants/store.ts';
import type { EventPlace } from './event-place.ts';
import { readEventRecord } from './locate-store.ts';

/** An event of the actor's project. Throws `not_found` if neither store has the key. */
export async function locateEvent(
  ctx: Ctx,
  { idempotency_key }: Pick<EventPlace, 'idempotency_key'>,
): Promise<Record<string, unknown>> {
  // No event can have such a key, and Postgres refuses it as a parameter.
  if (!isStorableText(idempotency_key)) throw notFound('event');
  const place: EventPlace = { ...projectOf(ctx.actor), idempotency_key };
  const { organisation_id, project_id } = place;
  const organisation = await readWithin(ctx, place, (tx) => findOrganisation(tx, organisation_id));
  assert(organisation, 'a key belongs to an organisation');
  // Read the ledger after the hot store, so that an event drained between the two reads is found.
  const database = hotDatabase(ctx.shards, organisation.shard);
  const hot = await findHotEvent(database, project_id, idempotency_key);
  const hotConflicts = await listHotConflicts(database, project_id, idempotency_key);
  const record = await readWithin(ctx, place, (tx) => readEventRecord(tx, place, hot?.id ?? null));
  const { event, quarantined, known } = record;
  const listed = new Set(known.map(({ id }) => id));
  const later = [
    ...known.map(({ kind, event, received_at, id }) => ({ status: kind, id, received_at, event })),
    ...hotConflicts
      .filter(({ id }) => !listed.has(id))
      .map(({ kind, id, event, received_at }) => ({
        status: kind,
        id,
        received_at: formatInstant(received_at),
        event: JSON.parse(event) as unknown,
      })),
  ];
  if (quarantined) {
    const { id, reason, detail, received_at, resolved_at } = quarantined;
    return { idempotency_key, status: 'quarantined', id, received_at, reason, detail, resolved_at, later };
  }
  if (event) {
    const { aggregate, adjustment, invoice, credit_note, metric_value, quantities, ...rest } = event;
    const value = formatQuantity(parseQuantity(metric_value) ?? 0n);
    return {
      idempotency_key,
      status: 'counted',
      id: event.id,
      received_at: event.ingested_at,
      event: { ...rest, metric_value: value, ...(quantities && { quantities }) },
      counted_in: { aggregate, adjustment },
      invoice,
      credit_note,
      later,
    };
  }
  if (!hot) throw notFound('event');
  return {
    idempotency_key,
    status: 'pending',
    id: hot.id,
    received_at: formatInstant(hot.ingested_at),
    later,
  };
}
