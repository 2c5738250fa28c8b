/** Pure: fields that a later arrival of a call adds to the row of the first. */
import {
  type FillFields,
  parseContent,
  readCountedFields,
  readFillFields,
  withoutPayloads,
} from './generation-row.ts';

/** Identifies the call that owns the key in the ledger. It may be older than the one in the hot store. */
export interface GenerationFill {
  readonly organisation_id: string;
  readonly project_id: string;
  readonly idempotency_key: string;
  readonly fields: FillFields;
  readonly user_id: string | null;
  readonly duration_ms: bigint | null;
}

type Arrival = Pick<GenerationFill, 'fields' | 'user_id' | 'duration_ms'>;

/** The fillable fields of a generation's JSON. Null if it cannot be parsed. */
export function readFill(generation: string): Arrival | null {
  const content = parseContent(generation);
  const fields = content && readFillFields(content);
  const counted = content && readCountedFields(content);
  return fields && counted && { fields, ...counted };
}

/**
 * Merges fills, in order of arrival, into one for each generation. Each field comes from the first fill that has it.
 */
export function mergeFills(fills: readonly GenerationFill[]): GenerationFill[] {
  const merged = new Map<string, GenerationFill>();
  for (const fill of fills) {
    const key = `${fill.organisation_id} ${fill.project_id} ${fill.idempotency_key}`;
    const before = merged.get(key);
    merged.set(key, before ? { ...fill, ...mergeArrivals(before, fill) } : fill);
  }
  return [...merged.values()];
}

const mergeArrivals = (first: Arrival, later: Arrival): Arrival => ({
  fields: fillEmpty(first.fields, later.fields),
  user_id: first.user_id ?? later.user_id,
  duration_ms: first.duration_ms ?? later.duration_ms,
});

/** `fields`, with empty ones filled from `later`. */
export function fillEmpty<Fields extends FillFields>(fields: Fields, later: FillFields): Fields {
  const given = Object.entries(later).filter(([name]) => fields[name as keyof FillFields] === null);
  return { ...fields, ...Object.fromEntries(given) };
}

export const fillsWithoutPayloads = (
  fills: readonly GenerationFill[],
  organisations: ReadonlySet<string>,
): GenerationFill[] =>
  fills.map((fill) =>
    organisations.has(fill.organisation_id) ? { ...fill, fields: withoutPayloads(fill.fields) } : fill,
  );
