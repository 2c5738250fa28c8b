/** Gives each line the hash of the events that it counts. */
import type { BookedDay, LateKeysHash } from '../book-store.ts';
import type { LineItem } from '../invoice.ts';
import { combineKeysHashes, type EventsProof, type KeysHash } from './events-hash.ts';
import { narrowestLine } from './late-lines.ts';

/** The events of each line, by its number: a usage line's by the day they count to, a late line's by their adjustments. */
export function proofsOf(
  lines: readonly LineItem[],
  days: readonly (KeysHash & { readonly metric_name: string; readonly unit: string })[],
  lateEvents: readonly LateKeysHash[],
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

/** Throws where a line counts other events than the ledger holds for its days. */
export function proveLines(
  lines: readonly LineItem[],
  days: readonly BookedDay[],
  lateEvents: readonly LateKeysHash[],
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
