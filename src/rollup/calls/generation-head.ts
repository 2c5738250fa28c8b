/** Pure: what many calls of a batch have in common, which its insert sends once. */
import type { BookedGeneration } from '../ports.ts';

export const headOf = ({ event, row, hour, day, adjustment_ids }: BookedGeneration): string =>
  [
    event.organisation_id,
    event.project_id,
    row.provider,
    row.model,
    row.generation_type,
    row.status,
    row.service_tier,
    row.cost_source,
    row.price_ids,
    hour,
    day,
    adjustment_ids && JSON.stringify(adjustment_ids),
  ].join('\0');

/** `headOf` would be equal; not always set for late calls, which are few. */
export const hasSameHead = (booked: BookedGeneration, before: BookedGeneration): boolean => {
  const [row, other] = [booked.row, before.row];
  return (
    row.model === other.model &&
    row.provider === other.provider &&
    row.generation_type === other.generation_type &&
    row.status === other.status &&
    row.service_tier === other.service_tier &&
    row.cost_source === other.cost_source &&
    isSameList(row.price_ids, other.price_ids) &&
    booked.hour === before.hour &&
    booked.day === before.day &&
    booked.event.project_id === before.event.project_id &&
    booked.event.organisation_id === before.event.organisation_id &&
    booked.adjustment_ids === null &&
    before.adjustment_ids === null
  );
};

const isSameList = (ids: readonly string[] | null, others: readonly string[] | null): boolean =>
  ids === null || others === null
    ? ids === others
    : ids.length === others.length && ids.every((id, index) => id === others[index]);
