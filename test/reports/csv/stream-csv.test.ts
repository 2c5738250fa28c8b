import { describe, expect, test } from 'vitest';
import type { Page } from '../../../src/core/page.ts';
import { type CsvSource, streamCsv } from '../../../src/reports/csv/stream-csv.ts';

interface Row {
  readonly n: number;
}

function sourceOf(total: number, pageRows: number, failAt = Number.POSITIVE_INFINITY) {
  const calls: (string | null)[] = [];
  let closed = 0;
  const source: CsvSource<Row> = {
    columns: [{ name: 'n', kind: 'value', of: ({ n }) => n }],
    async readPage(after): Promise<Page<Row>> {
      calls.push(after);
      if (calls.length > failAt) throw new Error('the store went away');
      const start = after === null ? 0 : Number(after) + 1;
      const data = Array.from({ length: Math.min(pageRows, total - start) }, (_, index) => ({
        n: start + index,
      }));
      const last = data.at(-1)?.n ?? -1;
      return { data, nextAfter: last + 1 < total ? String(last) : null };
    },
    close: async () => {
      closed++;
    },
  };
  return { source, calls, closedTimes: () => closed };
}

const numbers = (count: number): string =>
  `n\r\n${Array.from({ length: count }, (_, n) => `${n}\r\n`).join('')}`;

describe('rows as CSV', () => {
  test.each([0, 1, 9, 10, 11, 20, 25])('%i rows in pages of 10 come once each, in order', async (count) => {
    const { source, closedTimes } = sourceOf(count, 10);
    expect(await new Response(await streamCsv(source)).text()).toBe(numbers(count));
    expect(closedTimes()).toBe(1);
  });

  test('of 200,000 rows never more than one page lies ahead of the reader', async () => {
    const { source, calls } = sourceOf(200_000, 1000);
    const reader = (await streamCsv(source)).getReader();
    let chunks = 0;
    let bytes = 0;
    for (let result = await reader.read(); !result.done; result = await reader.read()) {
      chunks++;
      bytes += result.value.length;
      expect(calls.length).toBeLessThanOrEqual(chunks + 1);
    }
    expect(calls).toHaveLength(200);
    expect(bytes).toBe(numbers(200_000).length);
  });

  test('without a reader no second page is read', async () => {
    const { source, calls } = sourceOf(200_000, 1000);
    await streamCsv(source);
    await new Promise((resolve) => setImmediate(resolve));
    expect(calls).toHaveLength(1);
  });

  test('a reader that goes away closes the connection', async () => {
    const { source, calls, closedTimes } = sourceOf(200_000, 1000);
    const reader = (await streamCsv(source)).getReader();
    await reader.read();
    await reader.cancel();
    expect(closedTimes()).toBe(1);
    expect(calls.length).toBeLessThanOrEqual(2);
  });

  test('a failure of the first page is thrown, and closes the connection', async () => {
    const { source, closedTimes } = sourceOf(10, 10, 0);
    await expect(streamCsv(source)).rejects.toThrow('the store went away');
    expect(closedTimes()).toBe(1);
  });

  test('a later failure breaks the stream, which must not look whole', async () => {
    const { source, closedTimes } = sourceOf(30, 10, 1);
    await expect(new Response(await streamCsv(source)).text()).rejects.toThrow('the store went away');
    expect(closedTimes()).toBe(1);
  });
});
