/**
 * Of a span and one below it only one counts; and the marks that a counted span leaves for spans in other requests.
 */
import { describe, expect, test } from 'vitest';
import { countsOf, sorted } from './calls.ts';
import { type AttributeFields, bareSpan, newId, newTrace, spanOf, type TestSpan } from './spans.ts';

const UNTOLD: AttributeFields = {
  'gen_ai.operation.name': 'chat',
  'gen_ai.provider.name': 'openai',
  'gen_ai.request.model': 'm',
};

type Made = 'used' | 'failed' | 'without_usage' | 'agent';

/** `['used', ['agent', ['used']]]`: a span and the spans below it. */
type Tree = readonly [made: Made, ...below: Tree[]];

function spansOf([made, ...below]: Tree, trace = newTrace(), parent = ''): TestSpan[] {
  const fields = { trace, parent, id: newId() };
  const failed = { ...fields, status: { code: 2, message: 'no' } };
  const span = {
    used: () => spanOf(fields),
    failed: () => bareSpan(UNTOLD, failed),
    without_usage: () => bareSpan(UNTOLD, fields),
    agent: () => spanOf({ ...fields, attributes: { 'gen_ai.operation.name': 'invoke_agent' } }),
  }[made]();
  return [span, ...below.flatMap((each) => spansOf(each, trace, span.id))];
}

describe('in one request, in whichever order', () => {
  test.each<[string, Tree, number[]]>([
    ['a call alone counts', ['used'], [1, 0, 0, 0]],
    ['an agent over its calls', ['agent', ['used'], ['used']], [2, 0, 0, 1]],
    ['an embedding over embeddings', ['used', ['used'], ['used']], [2, 0, 0, 1]],
    ['an embedding without counts over one with', ['without_usage', ['used']], [1, 0, 0, 1]],
    ['three levels', ['used', ['used', ['used']]], [1, 0, 0, 2]],
    ['a call over an agent over calls', ['used', ['agent', ['used'], ['used']]], [2, 0, 0, 2]],
    ['siblings of which one is over another', ['agent', ['used', ['used']], ['used']], [2, 0, 0, 2]],
    ['a failed call alone is recorded', ['failed'], [1, 0, 0, 0]],
    ['a failed call over the one that failed', ['failed', ['failed']], [1, 0, 0, 1]],
    ['a call over an attempt that failed and one that did not', ['used', ['failed'], ['used']], [2, 0, 0, 1]],
    ['a call whose attempts tell nothing', ['used', ['failed']], [2, 0, 0, 0]],
    ['a call that alone tells counts', ['used', ['without_usage']], [1, 0, 0, 1]],
    ['a failed call over one that used something', ['failed', ['used']], [1, 0, 0, 1]],
    ['a call that tells nothing', ['without_usage'], [0, 0, 1, 0]],
    ['calls that tell nothing', ['without_usage', ['without_usage']], [0, 0, 2, 0]],
  ])('%s', (_, tree, counts) => {
    const spans = spansOf(tree);
    expect(countsOf(sorted(spans))).toEqual(counts);
    expect(countsOf(sorted(spans.toReversed()))).toEqual(counts);
  });

  test('a chat over an embedding repeats nothing of it, and both count', () => {
    const [chat, embedding] = spansOf(['used', ['used']]) as [TestSpan, TestSpan];
    const attributes = { ...embedding.attributes, 'gen_ai.operation.name': 'embeddings' };
    const traces = sorted([chat, { ...embedding, attributes }]);
    expect(countsOf(traces)).toEqual([2, 0, 0, 0]);
    const [of, other] = traces.events.map(({ generation }) => generation?.nesting);
    const marks = [...(of?.counted_below ?? []), ...(of?.counted_above ?? [])];
    for (const mark of [...(other?.marks_above ?? []), ...(other?.marks_below ?? [])])
      expect(marks).not.toContain(mark);
  });

  test('a call that cannot be read covers nothing above it', () => {
    const [above, below] = spansOf(['used', ['used']]) as [TestSpan, TestSpan];
    const broken = { ...below, attributes: { ...below.attributes, 'gen_ai.usage.input_tokens': -1 } };
    expect(countsOf(sorted([above, broken]))).toEqual([1, 1, 0, 0]);
  });

  test('spans of another trace with the same ids are others', () => {
    const [above, below] = spansOf(['used', ['used']]) as [TestSpan, TestSpan];
    expect(countsOf(sorted([above, { ...below, trace: newTrace() }]))).toEqual([2, 0, 0, 0]);
  });

  test('spans that are their own ancestors are calls like any other', () => {
    const [trace, a, b] = [newTrace(), newId(), newId()];
    const self = spanOf({ trace, id: a, parent: a });
    expect(countsOf(sorted([self]))).toEqual([1, 0, 0, 0]);
    const ring = [spanOf({ trace, id: a, parent: b }), spanOf({ trace, id: b, parent: a })];
    expect(countsOf(sorted(ring))).toEqual([2, 0, 0, 0]);
    const below = spanOf({ trace, id: newId(), parent: a });
    expect(countsOf(sorted([...ring, below]))[0]).toBeGreaterThanOrEqual(1);
  });

  test('a span that comes twice is one node of its trace', () => {
    const [above, below] = spansOf(['used', ['used']]) as [TestSpan, TestSpan];
    expect(countsOf(sorted([above, below, above, below]))).toEqual([2, 0, 0, 2]);
  });
});

describe('for spans of other requests', () => {
  const nestingOf = (spans: readonly TestSpan[]) =>
    sorted(spans).events.map(({ generation }) => generation?.nesting);

  test('a counted span marks what is below it, and the first above it that is not here', () => {
    const [trace, outside] = [newTrace(), newId()];
    const agent = spanOf({ trace, parent: outside, attributes: { 'gen_ai.operation.name': 'agent_step' } });
    const call = spanOf({ trace, parent: agent.id });
    const http = bareSpan({}, { trace, parent: call.id });
    expect(nestingOf([agent, call, http])).toEqual([
      {
        counted_above: [`${trace}:${outside}>`],
        counted_below: [`${trace}:${call.id}<`, `${trace}:${http.id}<`],
        marks_below: [`${trace}:${call.id}>`, `${trace}:${http.id}>`],
        marks_above: [`${trace}:${outside}<`],
      },
    ]);
  });

  test('a failed one that used nothing hinders none that did', () => {
    const [trace, outside] = [newTrace(), newId()];
    const call = bareSpan(UNTOLD, { trace, parent: outside, status: { code: 2, message: '' } });
    expect(nestingOf([call])).toEqual([
      {
        counted_above: [],
        counted_below: [`${trace}:${call.id}<`, `${trace}:${call.id}~`],
        marks_below: [],
        marks_above: [`${trace}:${outside}~`],
      },
    ]);
  });

  test('a root leaves nothing above it', () => {
    expect(nestingOf([spanOf()])[0]).toMatchObject({ counted_above: [], marks_above: [] });
  });

  test('marks are bounded, however many spans are below a call', () => {
    const root = spanOf();
    const below = Array.from({ length: 1000 }, () => bareSpan({}, { trace: root.trace, parent: root.id }));
    expect(nestingOf([root, ...below])[0]?.marks_below.length).toBeLessThanOrEqual(33);
  });
});

test('twenty thousand spans in one chain are sorted in time', () => {
  const trace = newTrace();
  const ids = Array.from({ length: 20_000 }, (_, index) => (index + 1).toString(16).padStart(16, '0'));
  const spans = ids.map((id, index) => bareSpan({}, { trace, id, parent: ids[index - 1] ?? '' }));
  const call = spanOf({ trace, parent: ids.at(-1) ?? '' });
  expect(countsOf(sorted([...spans, call]))).toEqual([1, 0, 0, 20_000]);
});
