/** Streams rows as CSV. A page is read once the previous one has been consumed, so at most two are in memory. */
import type { Page } from '../../core/page.ts';
import { type CsvColumn, csvHeader, csvRecord } from './csv.ts';

export interface CsvSource<Row> {
  readonly columns: readonly CsvColumn<Row>[];
  readonly readPage: (after: string | null) => Promise<Page<Row>>;
  /** Called at the end, on failure, and when the reader cancels. */
  readonly close: () => Promise<void>;
}

/** Throws if the first page cannot be read: a response that has begun cannot report errors. */
export async function streamCsv<Row>(source: CsvSource<Row>): Promise<ReadableStream<Uint8Array>> {
  const { columns, readPage, close } = source;
  const encoder = new TextEncoder();
  const encodePage = ({ data }: Page<Row>): Uint8Array =>
    encoder.encode(data.map((row) => csvRecord(columns, row)).join(''));
  const orClose = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      await close();
      throw error;
    }
  };

  let page: Page<Row> | null = await orClose(readPage(null));
  let head: Uint8Array | null = encoder.encode(csvHeader(columns));
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (head) {
          controller.enqueue(head);
          head = null;
          return;
        }
        if (page && page.data.length > 0) controller.enqueue(encodePage(page));
        const after: string | null = page?.nextAfter ?? null;
        page = null;
        if (after === null) {
          await close();
          controller.close();
          return;
        }
        page = await orClose(readPage(after));
      },
      cancel: close,
    },
    { highWaterMark: 0 },
  );
}
