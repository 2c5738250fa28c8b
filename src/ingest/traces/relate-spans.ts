/**
 * Pure: which spans of a request count, given that some repeat the usage of others. Of a span and one below it only
 * the lower counts if both generate or both embed: the usage of a chat is not that of an embedding below it. Spans
 * in other requests are known by the marks that counted spans leave (src/ingest/traces/span-store.ts).
 */
import type { SpanLink, SpanNesting } from '../event.ts';
import type { Operation } from './operation.ts';
import type { CallKind } from './read-span.ts';
import type { Span } from './span.ts';
import { COUNTED, COUNTED_BELOW, FAILED_BELOW, type Family } from './span-marks.ts';

/** A call's span. `unreadable`: it will be refused, and does not count. */
export interface Call {
  readonly span: Span;
  readonly operation: Operation;
  readonly kind: CallKind | 'unreadable';
}

export type Relation =
  | { readonly does: 'count'; readonly nesting: SpanNesting }
  /** Repeats the usage of another span in this request. */
  | { readonly does: 'repeat' }
  /** Cannot be priced: reported to the sender unless one of these marks shows that another span counts for it. */
  | { readonly does: 'lack'; readonly counted: readonly string[] };

/** Spans further up or down are ignored: traces of programs are not nested that deeply. */
const LEVELS_MAX = 64;
const MARKS_MAX = 32;

const placeOf = ({ trace_id, span_id }: Span): string => `${trace_id}:${span_id}`;

const familyOf = ({ operation }: Call): Family => (operation === 'embeddings' ? operation : 'generation');

interface Node {
  readonly place: string;
  readonly parent: string | null;
  readonly call: Call | null;
  /** The places of the spans below it in this request. */
  readonly below: string[];
  /** The families of the calls below it. */
  readonly usedBelow: Set<Family>;
  readonly failedBelow: Set<Family>;
}

/** One relation per call, in order. */
export function relateSpans(spans: readonly Span[], calls: readonly Call[]): Relation[] {
  const nodes = nodesOf(spans, calls);
  for (const node of nodes.values()) {
    const { call } = node;
    for (const ancestor of ancestorsOf(node, nodes)) {
      if (ancestor.below.length < MARKS_MAX) ancestor.below.push(node.place);
      if (call?.kind === 'used') ancestor.usedBelow.add(familyOf(call));
      if (call?.kind === 'failed') ancestor.failedBelow.add(familyOf(call));
    }
  }
  return calls.map((call): Relation => {
    // Every call is one of the spans.
    const node = nodes.get(placeOf(call.span)) as Node;
    const ancestors = ancestorsOf(node, nodes);
    const top = ancestors.at(-1) ?? node;
    const outside = top.parent === null || nodes.has(top.parent) ? [] : [top.parent];
    const callsAbove = ancestors.flatMap((each) => (each.call === null ? [] : [each.call]));
    const coversCall = (above: Call): boolean => above.kind === 'used' && familyOf(above) === familyOf(call);
    if (call.kind === 'without_usage' && callsAbove.some(coversCall)) return { does: 'repeat' };
    const above = [...outside, ...callsAbove.map(({ span }) => placeOf(span))];
    return relate(node, call, above.slice(0, MARKS_MAX));
  });
}

/**
 * For spans that do not count, links to the spans above them in another request. A span counted below one of them
 * is then known above it, and the other way round. Links are stored only for spans of AI traces.
 */
export function linkSpans(spans: readonly Span[], calls: readonly Call[]): SpanLink[] {
  const nodes = nodesOf(spans, calls);
  const links: SpanLink[] = [];
  for (const span of spans) {
    const node = nodes.get(placeOf(span));
    if (!node || span.trace_id === '' || span.span_id === '' || node.call?.kind === 'used') continue;
    if (node.call === null && !isOfAi(span)) continue;
    const { parent } = ancestorsOf(node, nodes).at(-1) ?? node;
    if (parent !== null && !nodes.has(parent)) links.push({ place: node.place, above: parent });
  }
  return links;
}

const OF_AI = /^(gen_ai|ai|llm|langfuse|openinference|traceloop)\./;
const isOfAi = ({ attributes }: Span): boolean => [...attributes.keys()].some((name) => OF_AI.test(name));

type Nodes = ReadonlyMap<string, Node>;

/** Every span of the request by its place. If a place is sent twice, the first span that is a call. */
function nodesOf(spans: readonly Span[], calls: readonly Call[]): Nodes {
  const callOf = new Map(calls.map((call) => [call.span, call]));
  const nodes = new Map<string, Node>();
  for (const span of spans) {
    const place = placeOf(span);
    const call = callOf.get(span) ?? null;
    if (nodes.has(place) && (call === null || nodes.get(place)?.call)) continue;
    const parent = span.parent_span_id === '' ? null : `${span.trace_id}:${span.parent_span_id}`;
    nodes.set(place, { place, parent, call, below: [], usedBelow: new Set(), failedBelow: new Set() });
  }
  return nodes;
}

/** Nearest first. A span that is its own ancestor has none. */
function ancestorsOf(node: Node, nodes: Nodes): Node[] {
  const found: Node[] = [];
  let next = node.parent === null ? undefined : nodes.get(node.parent);
  while (next && found.length < LEVELS_MAX) {
    if (next === node) return [];
    found.push(next);
    next = next.parent === null ? undefined : nodes.get(next.parent);
  }
  return found;
}

function relate(node: Node, call: Call, above: readonly string[]): Relation {
  const family = familyOf(call);
  const here = [node.place, ...node.below];
  const isUsedBelow = node.usedBelow.has(family);
  const isRepeat = isUsedBelow || node.failedBelow.has(family);
  const marked = (places: readonly string[], mark: string): string[] => places.map((place) => place + mark);
  const counted_above = marked(above, COUNTED[family]);
  const counted_below = marked(here, COUNTED_BELOW[family]);
  const failed_below = marked(here, FAILED_BELOW[family]);
  switch (call.kind) {
    case 'used':
      if (isUsedBelow) return { does: 'repeat' };
      return {
        does: 'count',
        nesting: {
          counted_above,
          counted_below,
          marks_below: marked(here, COUNTED[family]),
          marks_above: marked(above, COUNTED_BELOW[family]),
        },
      };
    case 'failed':
      if (isRepeat) return { does: 'repeat' };
      // It used nothing: any span above or below it that used something counts.
      return {
        does: 'count',
        nesting: {
          counted_above: [],
          counted_below: [...counted_below, ...failed_below],
          marks_below: [],
          marks_above: marked(above, FAILED_BELOW[family]),
        },
      };
    case 'without_usage':
      if (isRepeat) return { does: 'repeat' };
      return { does: 'lack', counted: [...counted_above, ...counted_below, ...failed_below] };
    case 'unreadable':
      return { does: 'lack', counted: [] };
  }
}
