/** Takes spans through the pure part of the trace API: decoding, sorting and reading. */
import type { UsageEvent } from '../../../src/ingest/event.ts';
import { readAttribution } from '../../../src/ingest/traces/attribution.ts';
import { decodeJsonSpans } from '../../../src/ingest/traces/decode-json.ts';
import { type ParsedTraces, sortSpans } from '../../../src/ingest/traces/parse-traces.ts';
import { keptOf } from '../../ai/calls.ts';
import { type AttributeFields, jsonTraces, type TestSpan } from './spans.ts';

export const NOW = Date.UTC(2026, 10, 21, 12);

export const sorted = (
  spans: readonly TestSpan[],
  resource: AttributeFields = {},
  headers: Readonly<Record<string, string>> = {},
): ParsedTraces =>
  sortSpans(
    decodeJsonSpans(JSON.stringify(jsonTraces(spans, resource))),
    readAttribution(new Headers(headers)),
    NOW,
  );

export const contentOf = (event: UsageEvent | undefined): Readonly<Record<string, unknown>> => {
  if (!event?.generation) throw new Error('no call');
  return keptOf(event.generation);
};

/** The stored content of the single call in these spans. */
export function callOf(
  span: TestSpan,
  resource: AttributeFields = {},
  headers: Readonly<Record<string, string>> = {},
): Record<string, unknown> {
  const { events, refused, lacking } = sorted([span], resource, headers);
  if (events.length !== 1) throw new Error(JSON.stringify({ refused, lacking }));
  return contentOf(events[0]);
}

/** The numbers of accepted, refused, lacking and ignored spans. */
export const countsOf = ({ events, refused, lacking, ignored }: ParsedTraces): number[] => [
  events.length,
  refused.length,
  lacking.length,
  ignored,
];
