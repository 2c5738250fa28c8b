/**
 * Pure: which spans of a request count, where some repeat the usage of others. Of a span and one below it only the lower
 * counts; what is in another request is known by the marks that counted spans leave (src/ingest/span-store.ts).
 */
import type { SpanNesting } from '../ingest/event.ts';
import type { CallKind } from './read-span.ts';
import type { Span } from './span.ts';

/** A call's span. `unreadable`: it will be refused, and counts for nobody. */
export interface Call {
  readonly span: Span;
  readonly kind: CallKind | 'unreadable';
}

export type Relation =
  | { readonly does: 'count'; readonly nesting: SpanNesting }
  /** Its usage is that of another span of this request. */
  | { readonly does: 'repeat' }
  /** Cannot be priced: told to the sender, unless one of these marks says that another span counts for it. */
  | { readonly does: 'lack'; readonly counted: readonly string[] };

/** Further up or down is not looked: traces of programs do not nest so deep. */
const LEVELS_MAX = 16;
const MARKS_MAX = 32;

const placeOf = ({ trace_id, span_id }: Span): string => `${trace_id}:${span_id}`;
/** Something at the place, or above it, was counted: what is below it repeats nothing new. */
const counted = (place: string): string => `${place}>`;
/** Something below the place was counted. */
const hasCounted = (place: string): string => `${place}<`;
/** Something below the place failed, and used nothing. */
const hasFailed = (place: string): string => `${place}~`;

interface Node {
  readonly place: string;
  readonly parent: string | null;
  readonly call: Call | null;
  /** The places of spans below it in this request. */
  readonly below: string[];
  usedBelow: boolean;
  failedBelow: boolean;
}

/** One relation for each call, in order. */
export function relateSpans(spans: readonly Span[], calls: readonly Call[]): Relation[] {
  const nodes = nodesOf(spans, calls);
  for (const node of nodes.values()) {
    const kind = node.call?.kind;
    for (const ancestor of ancestorsOf(node, nodes)) {
      if (ancestor.below.length < MARKS_MAX) ancestor.below.push(node.place);
      ancestor.usedBelow ||= kind === 'used';
      ancestor.failedBelow ||= kind === 'failed';
    }
  }
  return calls.map(({ span, kind }) => {
    const node = nodes.get(placeOf(span)) as Node;
    const ancestors = ancestorsOf(node, nodes);
    const top = ancestors.at(-1) ?? node;
    const outside = top.parent === null || nodes.has(top.parent) ? [] : [top.parent];
    const callsAbove = ancestors.filter(({ call }) => call !== null);
    if (kind === 'untold' && callsAbove.some(({ call }) => call?.kind === 'used')) return { does: 'repeat' };
    return relate(node, kind, [...outside, ...callsAbove.map(({ place }) => place)].slice(0, MARKS_MAX));
  });
}

type Nodes = ReadonlyMap<string, Node>;

/** Every span of the request by its place; sent twice, the first that is a call. */
function nodesOf(spans: readonly Span[], calls: readonly Call[]): Nodes {
  const callOf = new Map(calls.map((call) => [call.span, call]));
  const nodes = new Map<string, Node>();
  for (const span of spans) {
    const place = placeOf(span);
    const call = callOf.get(span) ?? null;
    if (nodes.has(place) && (call === null || nodes.get(place)?.call)) continue;
    const parent = span.parent_span_id === '' ? null : `${span.trace_id}:${span.parent_span_id}`;
    nodes.set(place, { place, parent, call, below: [], usedBelow: false, failedBelow: false });
  }
  return nodes;
}

/** The nearest first. A span that is its own ancestor has none. */
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

function relate(node: Node, kind: Call['kind'], above: readonly string[]): Relation {
  const here = [node.place, ...node.below];
  const counted_above = above.map(counted);
  const counted_below = here.map(hasCounted);
  switch (kind) {
    case 'used':
      if (node.usedBelow) return { does: 'repeat' };
      return {
        does: 'count',
        nesting: {
          counted_above,
          counted_below,
          marks_below: here.map(counted),
          marks_above: above.map(hasCounted),
        },
      };
    case 'failed':
      if (node.usedBelow || node.failedBelow) return { does: 'repeat' };
      // It used nothing: whatever used something above it or below it counts.
      return {
        does: 'count',
        nesting: {
          counted_above: [],
          counted_below: [...counted_below, ...here.map(hasFailed)],
          marks_below: [],
          marks_above: above.map(hasFailed),
        },
      };
    case 'untold':
      if (node.usedBelow || node.failedBelow) return { does: 'repeat' };
      return { does: 'lack', counted: [...counted_above, ...counted_below, ...here.map(hasFailed)] };
    case 'unreadable':
      return { does: 'lack', counted: [] };
  }
}
