/** Gives each line the hash of the events it counts. Pure. */
import type { BookedDay, LateKeysHash } from '../book-store.ts';
import type { LineItem } from '../invoice.ts';
import { type BillingInput, metricKeyOf } from './billing-input.ts';
import { combineKeysHashes, type EventsProof, type KeysHash } from './events-hash.ts';
import { narrowestLine } from './late-lines.ts';

/** The events of a late line. */
export interface LateProof extends KeysHash {
  readonly line_number: number;
}

/**
 * Assigns late adjustments to parts. The events of a part are hashed together before it is decided which line
 * counts them. A part is a metric, a unit and a day, which no two lines share. Adjustments of periods that are not
 * adjusted have no part.
 */
export function partsOfLateUsage({
  adjustments,
  invoiced,
}: Pick<BillingInput, 'adjustments' | 'invoiced'>): Map<string, number> {
  const parts = new Map<string, number>();
  const partOf = new Map<string, number>();
  for (const adjustment of adjustments) {
    const isAdjusted = invoiced.some(
      ({ year, month }) => year === adjustment.year && month === adjustment.month,
    );
    if (adjustment.kind !== 'late' || !isAdjusted) continue;
    const key = `${adjustment.day} ${metricKeyOf(adjustment)}`;
    const part = parts.get(key) ?? parts.size;
    parts.set(key, part);
    partOf.set(adjustment.id, part);
  }
  return partOf;
}

/** The hashed parts by the lines that claim them. Parts without a line are ignored. */
export function proofsOfClaims(
  lateEvents: readonly LateKeysHash[],
  partOf: ReadonlyMap<string, number>,
  claims: ReadonlyMap<string, number>,
): LateProof[] {
  const lineOf = new Map<number, number>();
  for (const [id, line_number] of claims) {
    const part = partOf.get(id);
    if (part !== undefined && line_number > 0) lineOf.set(part, line_number);
  }
  return lateEvents.flatMap(({ part, ...row }) => {
    const line_number = lineOf.get(part);
    return line_number === undefined ? [] : [{ ...row, line_number }];
  });
}

/** The events of each line, by line number: for usage lines by the events' day, for late lines by their adjustments. */
export function proofsOf(
  lines: readonly LineItem[],
  days: readonly (KeysHash & { readonly metric_name: string; readonly unit: string })[],
  lateEvents: readonly LateProof[],
): Map<number, EventsProof> {
  const usageLines = lines.filter((line) => line.kind === 'usage');
  const rows = new Map<number, KeysHash[]>();
  const add = (lineNumber: number, row: KeysHash): void => {
    rows.set(lineNumber, [...(rows.get(lineNumber) ?? []), row]);
  };
  for (const day of days) {
    const line = narrowestLine(usageLines, day, day.day);
    if (line) add(line.line_number, day);
  }
  for (const late of lateEvents) add(late.line_number, late);
  return new Map(
    lines.map((line) => [line.line_number, combineKeysHashes(rows.get(line.line_number) ?? [])]),
  );
}

/** Throws if a line's event count differs from the ledger's for its days. */
export function proveLines(
  lines: readonly LineItem[],
  days: readonly BookedDay[],
  lateEvents: readonly LateProof[],
): LineItem[] {
  const proofs = proofsOf(lines, days, lateEvents);
  return lines.map((line) => {
    const proof = proofs.get(line.line_number);
    if (proof?.event_count !== line.event_count) {
      throw new Error(
        `line ${line.line_number} counts ${line.event_count} events, its days hold ${proof?.event_count}`,
      );
    }
    return { ...line, events_hash: proof.events_hash };
  });
}
