/** AI calls for the pure tests of ingest. */

import { namedContent, shownContent } from '../../src/ai/call-content.ts';
import type { Fault } from '../../src/core/error.ts';
import type { EventGeneration, ReadEvent, UsageEvent } from '../../src/ingest/event.ts';
import { readGeneration } from '../../src/ingest/generations/read-generation.ts';

export const NOW = Date.UTC(2026, 10, 21, 12);

type Fields = Readonly<Record<string, unknown>>;

export const callOf = (fields: Fields = {}): Record<string, unknown> => ({
  provider: 'anthropic',
  model: 'claude-sonnet-5',
  generation_type: 'chat',
  tokens: { input: 740, output: 255 },
  idempotency_key: 'k1',
  ...fields,
});

export const read = (raw: unknown, costToken?: string): ReadEvent =>
  readGeneration(raw, costToken, NOW, '/3');

/** Pointer and code of each fault, in order. */
export const faultsOf = (event: ReadEvent): [string, string][] =>
  Array.isArray(event) ? event.map(({ pointer, code }: Fault): [string, string] => [pointer, code]) : [];

export type CallEvent = UsageEvent & { readonly generation: EventGeneration };

export function accepted(event: ReadEvent): CallEvent {
  if (Array.isArray(event) || event.generation === null) throw new Error(`refused: ${JSON.stringify(event)}`);
  return event as CallEvent;
}

/** The stored content of an accepted call, by field name. */
export const keptOf = ({ content }: EventGeneration): Readonly<Record<string, unknown>> =>
  shownContent(namedContent(JSON.parse(content)));

/** The stored content of a call with these fields. */
export const contentOf = (fields: Fields = {}, costToken?: string): Readonly<Record<string, unknown>> =>
  keptOf(accepted(read(callOf(fields), costToken)).generation);
