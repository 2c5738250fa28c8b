import { constants, deflateRawSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { AppError } from '../../src/core/error.ts';
import { readBody } from '../../src/ingest/read-body.ts';

const MIB = 1024 * 1024;

interface Sent {
  readonly body?: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null;
  readonly headers?: Record<string, string>;
}

const requestOf = ({ body = null, headers = {} }: Sent): Request => {
  const duplex = body instanceof ReadableStream ? { duplex: 'half' } : {};
  return new Request('http://edge/', { method: 'POST', body, headers, ...duplex } as RequestInit);
};

const codeOf = async (sent: Sent, limitBytes = 100): Promise<string> => {
  try {
    await readBody(requestOf(sent), limitBytes, 0);
    return 'read';
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
};

/** A body that records how many chunks were read and whether the reader cancelled it. */
function counted(chunks: Iterable<Uint8Array>) {
  const iterator = chunks[Symbol.iterator]();
  const seen = { chunks: 0, cancelled: false };
  const body = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        const { done, value } = iterator.next();
        if (done) return controller.close();
        seen.chunks += 1;
        controller.enqueue(value);
      },
      cancel: () => {
        seen.cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { body, seen };
}

function* cut(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

const gzip = (content: string | Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(gzipSync(content));
const GZIP_HEAD = new Uint8Array([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
const GZIP = { 'content-encoding': 'gzip' };
const TEXT = '{"a":"é€😀"}';

describe('the text of a body', () => {
  test.each([
    ['plain', { body: TEXT }],
    ['identity', { body: TEXT, headers: { 'content-encoding': 'identity' } }],
    ['with its length', { body: TEXT, headers: { 'content-length': '19' } }],
    ['gzip', { body: gzip(TEXT), headers: GZIP }],
    ['x-gzip in capitals', { body: gzip(TEXT), headers: { 'content-encoding': ' X-GZIP ' } }],
    ['a byte order mark is dropped', { body: `\ufeff${TEXT}` }],
    ['a byte order mark in gzip', { body: gzip(`\ufeff${TEXT}`), headers: GZIP }],
    ['in chunks of one byte', { body: counted(cut(new TextEncoder().encode(TEXT), 1)).body }],
    ['gzip in chunks of one byte', { body: counted(cut(gzip(TEXT), 1)).body, headers: GZIP }],
  ])('%s', async (_, sent) => {
    expect(await readBody(requestOf(sent), 100)).toBe(TEXT);
  });

  test('no body is the empty text', async () => {
    expect(await readBody(requestOf({}), 100)).toBe('');
    expect(await readBody(requestOf({ body: gzip(''), headers: GZIP }), 100)).toBe('');
  });

  test.each([{}, { 'content-length': '90' }, { 'content-encoding': 'gzip' }])(
    'a body that its sender cuts off is refused, sent with %j',
    async (headers) => {
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          controller.enqueue(new Uint8Array(10));
          controller.error(new Error('Network connection lost.'));
        },
      });
      expect(await codeOf({ body, headers: headers as Record<string, string> })).toBe('malformed_json');
    },
  );

  test('a large body survives slices, chunks and gzip', async () => {
    const text = Array.from({ length: 200_000 }, (_, i) => `${(i * 2654435761) % 4294967296},`).join('');
    const limit = 4 * MIB;
    expect(await readBody(requestOf({ body: gzip(text), headers: GZIP }), limit)).toBe(text);
    const chunked = counted(cut(gzip(text), 10_007)).body;
    expect(await readBody(requestOf({ body: chunked, headers: GZIP }), limit)).toBe(text);
  });
});

describe('limits, in the order of the check', () => {
  test.each([
    ['deflate', { body: TEXT, headers: { 'content-encoding': 'deflate' } }, 'unsupported_media_type'],
    ['br', { body: TEXT, headers: { 'content-encoding': 'br' } }, 'unsupported_media_type'],
    ['two codings', { body: TEXT, headers: { 'content-encoding': 'gzip, gzip' } }, 'unsupported_media_type'],
    ['100 bytes', { body: 'x'.repeat(100) }, 'read'],
    ['101 bytes', { body: 'x'.repeat(101) }, 'payload_too_large'],
    ['a length of 101', { body: 'x', headers: { 'content-length': '101' } }, 'payload_too_large'],
    [
      'a length beyond all',
      { body: 'x', headers: { 'content-length': '9'.repeat(400) } },
      'payload_too_large',
    ],
    [
      'a length that lies',
      { body: 'x'.repeat(101), headers: { 'content-length': '1' } },
      'payload_too_large',
    ],
    ['100 bytes inflated', { body: gzip('x'.repeat(100)), headers: GZIP }, 'read'],
    ['101 bytes inflated', { body: gzip('x'.repeat(101)), headers: GZIP }, 'payload_too_large'],
    ['no gzip', { body: TEXT, headers: GZIP }, 'malformed_json'],
    ['an empty body as gzip', { body: '', headers: GZIP }, 'malformed_json'],
    ['gzip cut short', { body: gzip(TEXT).slice(0, -9), headers: GZIP }, 'malformed_json'],
    [
      'gzip with a wrong checksum',
      { body: gzip(TEXT).map((b, i, all) => (i === all.length - 8 ? b ^ 1 : b)), headers: GZIP },
      'malformed_json',
    ],
    ['gzip in gzip', { body: gzip(gzip(TEXT)), headers: GZIP }, 'malformed_json'],
    ['a byte that is not UTF-8', { body: new Uint8Array([34, 0xff, 34]) }, 'malformed_json'],
    ['UTF-8 cut short', { body: new Uint8Array([34, 0xe2, 0x82]) }, 'malformed_json'],
    ['an encoded surrogate', { body: new Uint8Array([34, 0xed, 0xa0, 0x80, 34]) }, 'malformed_json'],
    ['an overlong form', { body: new Uint8Array([0xc0, 0x80]) }, 'malformed_json'],
    ['UTF-16', { body: new Uint8Array([0xff, 0xfe, 0x7b, 0]) }, 'malformed_json'],
  ])('%s: %s', async (_, sent, code) => {
    expect(await codeOf(sent)).toBe(code);
  });

  test('after a body that is not UTF-8 the next is read as ever', async () => {
    expect(await codeOf({ body: new Uint8Array([0xe2, 0x82]) })).toBe('malformed_json');
    expect(await readBody(requestOf({ body: TEXT }), 100)).toBe(TEXT);
  });

  test('a length above the limit is refused before a byte is read', async () => {
    const { body, seen } = counted(cut(new Uint8Array(1000), 10));
    expect(await codeOf({ body, headers: { 'content-length': '1000' } })).toBe('payload_too_large');
    expect(seen.chunks).toBe(0);
  });

  test('a body of unknown length is left at the limit', async () => {
    const { body, seen } = counted(cut(new Uint8Array(1000), 10));
    expect(await codeOf({ body })).toBe('payload_too_large');
    expect(seen.chunks).toBeLessThanOrEqual(12);
    expect(seen.cancelled).toBe(true);
  });
});

describe('a body that inflates beyond measure', () => {
  const bomb = gzip(new Uint8Array(64 * MIB));

  test('64 MiB of zeros in 64 kB: 413', async () => {
    expect(bomb.length).toBeLessThan(70_000);
    expect(await codeOf({ body: bomb, headers: GZIP }, 5 * MIB)).toBe('payload_too_large');
  });

  test('of a bomb without end little is drawn, and the sender is let go', async () => {
    const mebibyte = new Uint8Array(
      deflateRawSync(new Uint8Array(MIB), { finishFlush: constants.Z_FULL_FLUSH }),
    );
    const endless = function* (): Generator<Uint8Array> {
      yield GZIP_HEAD;
      for (;;) yield mebibyte;
    };
    const { body, seen } = counted(endless());
    expect(await codeOf({ body, headers: GZIP }, 5 * MIB)).toBe('payload_too_large');
    // The runtime's own queues hold about 64 kB of input before backpressure starts; each chunk inflates to 1 MiB.
    expect(seen.chunks).toBeLessThan(150);
    expect(seen.cancelled).toBe(true);
  });

  test('the inflater is fed at most 4 KiB at once, and inflates hardly more than the limit', async () => {
    const original = globalThis.DecompressionStream;
    const counts = { largest: 0, produced: 0, chunks: 0 };
    globalThis.DecompressionStream = class {
      readonly readable: ReadableStream;
      readonly writable: WritableStream;
      constructor() {
        const inner = new original('gzip');
        const before = new TransformStream<Uint8Array, Uint8Array>({
          transform: (chunk, controller) => {
            counts.largest = Math.max(counts.largest, chunk.length);
            controller.enqueue(chunk);
          },
        });
        const after = new TransformStream<Uint8Array, Uint8Array>({
          transform: (chunk, controller) => {
            counts.produced += chunk.length;
            counts.chunks += 1;
            controller.enqueue(chunk);
          },
        });
        this.writable = before.writable;
        this.readable = before.readable.pipeThrough(inner).pipeThrough(after);
      }
    } as unknown as typeof DecompressionStream; // a counting stand-in of the same shape
    try {
      expect(await codeOf({ body: bomb, headers: GZIP }, 5 * MIB)).toBe('payload_too_large');
    } finally {
      globalThis.DecompressionStream = original;
    }
    expect(counts.largest).toBe(4096);
    expect(counts.produced).toBeLessThan(6 * MIB);
    expect(counts.chunks).toBeLessThan(6 * 64);
  });

  test('gzip that never inflates to anything is bounded too', async () => {
    const emptyBlocks = new Uint8Array(5000).map((_, i) => [0, 0, 0, 0xff, 0xff][i % 5] as number);
    const chunks = function* (): Generator<Uint8Array> {
      yield GZIP_HEAD;
      for (let i = 0; i < 10_000; i++) yield emptyBlocks;
    };
    const { body, seen } = counted(chunks());
    expect(await codeOf({ body, headers: GZIP })).toBe('payload_too_large');
    expect(seen.chunks).toBeLessThan(20);
    expect(seen.cancelled).toBe(true);
  });
});

test('what is refused is read to its end, within bounds, so that the sender comes to read the answer', async () => {
  let drawn = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      drawn += 1;
      if (drawn > 100) controller.close();
      else controller.enqueue(new Uint8Array(1000));
    },
  });
  const request = new Request('http://localhost/', { method: 'POST', body, duplex: 'half' } as RequestInit);
  await expect(readBody(request, 5_000)).rejects.toMatchObject({ code: 'payload_too_large' });
  expect(drawn).toBe(101);
});
