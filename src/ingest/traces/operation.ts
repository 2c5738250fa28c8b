/**
 * What a span is: a call of a model, which may count, or anything else, which never does. An agent's span repeats the sum
 * of its calls, so nothing counts by its token counts alone.
 */
import { NAMES, USAGE_NAMES } from './names.ts';
import { type Attributes, INTERNAL_KIND, type Span } from './span.ts';

export const OPERATIONS = ['chat', 'text_completion', 'generate_content', 'embeddings'] as const;
export type Operation = (typeof OPERATIONS)[number];

const OF_CONVENTIONS: ReadonlyMap<string, Operation> = new Map([
  ...OPERATIONS.map((name) => [name, name] as const),
  ['completion', 'text_completion'],
  ['embedding', 'embeddings'],
]);
/** The calls below `ai.generateText`, `ai.embedMany` and the like, which repeat their sum. */
const OF_AI_SDK: ReadonlyMap<string, Operation> = new Map([
  ['doGenerate', 'chat'],
  ['doStream', 'chat'],
  ['doEmbed', 'embeddings'],
]);
const OF_LANGFUSE: ReadonlyMap<string, Operation> = new Map([
  ['generation', 'chat'],
  ['embedding', 'embeddings'],
]);
const OF_OPEN_INFERENCE: ReadonlyMap<string, Operation> = new Map([
  ['LLM', 'chat'],
  ['EMBEDDING', 'embeddings'],
]);

/** The attributes that name a span's operation; the first one present decides. */
const OPERATION_ATTRIBUTES: readonly (readonly [name: string, operations: ReadonlyMap<string, Operation>])[] =
  [
    ['ai.operationId', OF_AI_SDK],
    ['gen_ai.operation.name', OF_CONVENTIONS],
    ['langfuse.observation.type', OF_LANGFUSE],
    ['openinference.span.kind', OF_OPEN_INFERENCE],
    ['llm.request.type', OF_CONVENTIONS],
    ['traceloop.span.kind', new Map()],
  ];

/** Null if it is not a call of a model. */
export function operationOf({ attributes, kind }: Span): Operation | null {
  for (const [name, operations] of OPERATION_ATTRIBUTES) {
    const value = attributes.get(name);
    if (typeof value !== 'string') continue;
    return (
      operations.get(name === 'ai.operationId' ? value.slice(value.lastIndexOf('.') + 1) : value) ?? null
    );
  }
  // Gateways name no operation; frameworks' sums over their calls are internal spans.
  const isCall =
    kind !== INTERNAL_KIND &&
    hasAny(attributes, NAMES.model) &&
    (hasAny(attributes, NAMES.provider) || hasAny(attributes, NAMES.system)) &&
    (hasAny(attributes, USAGE_NAMES.input) || hasAny(attributes, USAGE_NAMES.output));
  return isCall ? 'chat' : null;
}

const hasAny = (attributes: Attributes, names: readonly string[]): boolean =>
  names.some((name) => attributes.has(name));
