/**
 * Of spans that repeat each other's usage exactly one counts, however an exporter splits a trace into requests, and
 * in whatever order they arrive, even twice or at once. Runs against the real D1, whose transactions decide.
 */
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { hotPathOf } from '../../../src/ai/call-content.ts';
import { ask, world } from '../../http/wire.ts';
import { queryD1 } from '../../setup/client.ts';
import { randomUUID } from '../../setup/seeded.ts';
import type { Tenant } from '../../setup/world.ts';
import { bookedOf } from './booked.ts';
import {
  type AttributeFields,
  bareSpan,
  jsonTraces,
  newId,
  newTrace,
  spanOf,
  type TestSpan,
  TRACES_PATH,
} from './spans.ts';

let tenant: Tenant;
beforeAll(async () => {
  tenant = await world.tenant();
});

interface Counts {
  readonly accepted: number;
  readonly duplicates: number;
  readonly ignored: number;
  readonly rejected: number;
}

async function send(...spans: TestSpan[]): Promise<Counts> {
  const answer = await ask(TRACES_PATH, { key: tenant.key, json: jsonTraces(spans) });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body.spans as Counts;
}

const accepted = { accepted: 1, duplicates: 0, ignored: 0, rejected: 0 };
const ignored = { ...accepted, accepted: 0, ignored: 1 };
const duplicate = { ...accepted, accepted: 0, duplicates: 1 };

/** The ids of a trace's counted spans. */
async function countedOf(trace: string): Promise<string[]> {
  const rows = await queryD1<{ key: string }>(
    'HOT_0',
    `SELECT coalesce(generation->>'${hotPathOf('idempotency_key')}', idempotency_key) AS key FROM usage_events
     WHERE project_id = ? AND generation->>'${hotPathOf('request_id')}' = ?`,
    tenant.project_id,
    trace,
  );
  return rows.map(({ key }) => key.split(':').at(-1) ?? '').sort();
}

/** A span and one below it; only the lower one may have a response id from the vendor. */
function pairOf(withId: boolean): { above: TestSpan; below: TestSpan } {
  const above = spanOf();
  const attributes = withId ? { 'gen_ai.response.id': randomUUID() } : {};
  return { above, below: spanOf({ trace: above.trace, parent: above.id, attributes }) };
}

describe.each([false, true])('a call over another, which has an id of the vendor’s: %s', (withId) => {
  test('the lower first: it counts, the upper is ignored, and so again', async () => {
    const { above, below } = pairOf(withId);
    expect(await send(below)).toEqual(accepted);
    expect(await send(above)).toEqual(ignored);
    expect(await send(above)).toEqual(ignored);
    expect(await send(below)).toEqual(duplicate);
    expect(await send(below, above)).toEqual({ ...duplicate, ignored: 1 });
    expect(await countedOf(above.trace)).toEqual([below.id]);
  });

  test('the upper first: it counts, the lower is ignored, and so again', async () => {
    const { above, below } = pairOf(withId);
    expect(await send(above)).toEqual(accepted);
    expect(await send(below)).toEqual(ignored);
    expect(await send(below)).toEqual(ignored);
    expect(await send(above)).toEqual(duplicate);
    // Both in one request afterwards: the lower one would count if the upper one were not known.
    expect(await send(below, above)).toEqual({ ...ignored, ignored: 2 });
    expect(await countedOf(above.trace)).toEqual([above.id]);
  });

  test('both at once, forty times: one counts', async () => {
    const pairs = Array.from({ length: 40 }, () => pairOf(withId));
    await Promise.all(
      pairs.flatMap(({ above, below }, index) =>
        index % 2 ? [send(above), send(below)] : [send(below), send(above)],
      ),
    );
    for (const { above } of pairs) expect(await countedOf(above.trace)).toHaveLength(1);
  });
});

test('further spans below one that was counted below are calls of their own', async () => {
  const above = spanOf();
  const below = () => spanOf({ trace: above.trace, parent: above.id });
  expect(await send(below())).toEqual(accepted);
  expect(await send(above)).toEqual(ignored);
  expect(await send(below())).toEqual(accepted);
  expect(await countedOf(above.trace)).toHaveLength(2);
});

test('a span that is no call between the two is looked through where it comes with either', async () => {
  for (const withUpper of [true, false]) {
    for (const upperFirst of [true, false]) {
      const above = spanOf();
      const between = bareSpan({ 'app.step': 'x' }, { trace: above.trace, parent: above.id });
      const below = spanOf({ trace: above.trace, parent: between.id });
      const parts = withUpper ? [[above, between], [below]] : [[above], [between, below]];
      for (const part of upperFirst ? parts : parts.toReversed()) await send(...part);
      expect(await countedOf(above.trace)).toEqual([upperFirst ? above.id : below.id]);
    }
  }
});

describe('spans of AI that count for nothing, between the two', () => {
  const AGENT = { 'gen_ai.operation.name': 'invoke_agent' };
  /** A call above `count` agents and steps above another call, the uppermost first. */
  function chainOf(count: number, attributes: AttributeFields = AGENT): TestSpan[] {
    const chain = [spanOf()];
    const [{ trace }] = chain as [TestSpan];
    const next = (make: (fields: { trace: string; parent: string }) => TestSpan): void => {
      chain.push(make({ trace, parent: chain.at(-1)?.id ?? '' }));
    };
    for (let i = 0; i < count; i++) next((fields) => bareSpan(attributes, fields));
    next((fields) => spanOf(fields));
    return chain;
  }
  const ordersOf = <Item>(items: readonly Item[]): Item[][] =>
    items.length < 2
      ? [[...items]]
      : items.flatMap((item) =>
          ordersOf(items.filter((each) => each !== item)).map((rest) => [item, ...rest]),
        );

  test.each([1, 2])(
    '%i of them, each span in a request of its own: in every order in which a call comes last one counts',
    async (count) => {
      for (const order of ordersOf(chainOf(count))) {
        const ends = [order[0], order.at(-1)].map((span) => span?.attributes['gen_ai.operation.name']);
        if (ends[1] === 'invoke_agent') continue;
        for (const span of order) await send(span);
        for (const span of order) await send(span);
        expect(await countedOf(order[0]?.trace ?? ''), order.map(({ id }) => id).join()).toHaveLength(1);
      }
    },
  );

  test('as they end, each while the one before it is still under way: one counts', async () => {
    const chains = Array.from({ length: 20 }, () => chainOf(3));
    await Promise.all(
      chains.map(async (chain) => {
        const [top, ...others] = chain as [TestSpan, ...TestSpan[]];
        await Promise.all(others.toReversed().map((span) => send(span)));
        await send(top);
      }),
    );
    for (const [top] of chains) expect(await countedOf(top?.trace ?? '')).toHaveLength(1);
  });

  test('twenty in one request, between calls of others', async () => {
    const chain = chainOf(20);
    const [top, bottom] = [chain[0], chain.at(-1)] as [TestSpan, TestSpan];
    await send(bottom);
    await send(...chain.slice(1, -1));
    expect(await send(top)).toEqual(ignored);
    const whole = chainOf(20);
    expect(await send(...whole)).toMatchObject({ accepted: 1, ignored: 21 });
  });

  test('an embedding and a failed attempt are passed on as what they are', async () => {
    const embedding = { 'gen_ai.operation.name': 'embeddings' };
    const chain = chainOf(1);
    const [top, step, bottom] = chain as [TestSpan, TestSpan, TestSpan];
    const below = { ...bottom, attributes: { ...bottom.attributes, ...embedding } };
    for (const span of [below, step]) await send(span);
    expect(await send(top)).toEqual(accepted);
  });

  test('another tenant’s spans of the same trace lead nowhere', async () => {
    const [top, step, bottom] = chainOf(1) as [TestSpan, TestSpan, TestSpan];
    await send(bottom);
    const other = await world.tenant();
    await ask(TRACES_PATH, { key: other.key, json: jsonTraces([step]) });
    expect(await send(top)).toEqual(accepted);
  });

  test('of what is no span of AI nothing is kept', async () => {
    const marks = () =>
      queryD1<{ n: number }>(
        'HOT_0',
        'SELECT count(*) AS n FROM span_marks WHERE project_id = ?',
        tenant.project_id,
      );
    const before = await marks();
    const [, step] = chainOf(1, { 'http.route': '/x' }) as [TestSpan, TestSpan];
    await send(step);
    expect(await marks()).toEqual(before);
  });
});

test('a root that tells nothing is rejected before the call below it is known, and ignored after', async () => {
  const untold = {
    'gen_ai.operation.name': 'embeddings',
    'gen_ai.system': 'openai',
    'gen_ai.request.model': 'm',
  };
  const root = bareSpan(untold);
  const attributes = { 'gen_ai.operation.name': 'embeddings' };
  const call = spanOf({ trace: root.trace, parent: root.id, attributes });
  expect(await send(root)).toEqual({ ...ignored, ignored: 0, rejected: 1 });
  expect(await send(call)).toEqual(accepted);
  expect(await send(root)).toEqual(ignored);
});

test('an attempt that failed hinders neither the call above it nor another below it', async () => {
  const failed = (span: TestSpan): TestSpan => ({
    ...span,
    status: { code: 2, message: 'no' },
    attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.system': 'openai', 'gen_ai.request.model': 'm' },
  });
  const above = spanOf();
  const attempt = failed(spanOf({ trace: above.trace, parent: above.id }));
  expect(await send(attempt)).toEqual(accepted);
  expect(await send(above)).toEqual(accepted);
  const wrapper = failed(spanOf());
  const inner = failed(spanOf({ trace: wrapper.trace, parent: wrapper.id }));
  expect(await send(inner)).toEqual(accepted);
  expect(await send(wrapper)).toEqual(ignored);
});

/** Calls arranged as a tree: the parent of each is an earlier one, or none. */
const tree = (levels: number): fc.Arbitrary<TestSpan[]> =>
  fc.array(fc.nat(100), { minLength: 1, maxLength: 7 }).map((choices) => {
    const trace = newTrace();
    const spans: { span: TestSpan; level: number }[] = [];
    for (const choice of choices) {
      const parents = spans.filter(({ level }) => level < levels);
      const parent = choice < 15 ? undefined : parents[choice % Math.max(1, parents.length)];
      spans.push({
        span: spanOf({ trace, id: newId(), parent: parent?.span.id ?? '' }),
        level: parent ? parent.level + 1 : 1,
      });
    }
    return spans.map(({ span }) => span);
  });

const cuts = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 7, maxLength: 7 });

/** Splits spans into requests of one to three. */
function cutUp(spans: readonly TestSpan[], sizes: readonly number[]): TestSpan[][] {
  const requests: TestSpan[][] = [];
  let at = 0;
  for (const size of sizes) {
    if (at < spans.length) requests.push(spans.slice(at, at + size));
    at += size;
  }
  return requests;
}

const leavesOf = (spans: readonly TestSpan[]): string[] =>
  spans.filter(({ id }) => !spans.some(({ parent }) => parent === id)).map(({ id }) => id);

test('as exporters send them, the lower before the upper, exactly the lowest count, however they are cut', async () => {
  await fc.assert(
    fc.asyncProperty(tree(5), cuts, async (spans, sizes) => {
      const requests = cutUp(spans.toReversed(), sizes);
      const answers = [];
      for (const request of requests) answers.push(await send(...request));
      const trace = spans[0]?.trace ?? '';
      const counted = await countedOf(trace);
      expect(counted).toEqual(leavesOf(spans).sort());
      for (const [index, request] of requests.entries()) {
        const { accepted, ignored } = answers[index] as Counts;
        expect(await send(...request)).toEqual({ accepted: 0, duplicates: accepted, ignored, rejected: 0 });
      }
      expect(await countedOf(trace)).toEqual(counted);
    }),
    { numRuns: 25 },
  );
});

test('in any order, cut in any way, and at once, of each pair one counts and no usage is lost', async () => {
  await fc.assert(
    fc.asyncProperty(
      tree(2).chain((spans) =>
        fc.tuple(fc.constant(spans), fc.shuffledSubarray(spans, { minLength: spans.length })),
      ),
      cuts,
      fc.boolean(),
      async ([spans, shuffled], sizes, atOnce) => {
        const requests = cutUp(shuffled, sizes);
        if (atOnce) await Promise.all(requests.map((request) => send(...request)));
        else for (const request of requests) await send(...request);
        const counted = new Set(await countedOf(spans[0]?.trace ?? ''));
        for (const { id, parent } of spans) {
          const below = spans.filter((each) => each.parent === id);
          if (parent !== '') expect(counted.has(id) && counted.has(parent)).toBe(false);
          // It is counted, or another span with the same usage is.
          expect(counted.has(id) || counted.has(parent) || below.some((each) => counted.has(each.id))).toBe(
            true,
          );
        }
      },
    ),
    { numRuns: 25 },
  );
});

test('what the ledger holds is what counted', async () => {
  const own = await world.tenant();
  const before = tenant;
  tenant = own;
  const { above, below } = pairOf(true);
  await send(below);
  await send(above);
  await send(above, below);
  tenant = before;
  expect((await bookedOf(own)).usage).toEqual({
    'ai.calls': '1',
    'ai.input_tokens': '100',
    'ai.output_tokens': '20',
  });
});
