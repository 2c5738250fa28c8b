import { AppError } from '../core/error.ts';

/**
 * The text of a request's body, inflated if it is gzip, of at most `limitBytes` inflated bytes; a leading byte
 * order mark is dropped. Neither stores nor inflates anything beyond the limit. Throws AppError: payload_too_large,
 * unsupported_media_type (another Content-Encoding), malformed_json (broken gzip, not UTF-8, or cut off by its
 * sender).
 */
export const readBody = async (
  request: Request,
  limitBytes: number,
  discardBytesMax = DISCARD_BYTES_MAX,
): Promise<string> => decode(await readBytes(request, limitBytes, discardBytesMax));

/** The same for a binary body. */
export async function readBytes(
  request: Request,
  limitBytes: number,
  discardBytesMax = DISCARD_BYTES_MAX,
): Promise<Uint8Array> {
  const isGzip = isGzipEncoded(request.headers.get('content-encoding'));
  const sentBytes = Number(request.headers.get('content-length') ?? Number.NaN);
  if (!isGzip && sentBytes > limitBytes) {
    await discardBody(request, discardBytesMax);
    throw tooLarge(limitBytes);
  }
  if (!isGzip && !Number.isNaN(sentBytes)) {
    const bytes = new Uint8Array(await request.arrayBuffer().catch(refuseAborted));
    if (bytes.length > limitBytes) throw tooLarge(limitBytes);
    return bytes;
  }
  const { body } = request;
  if (body === null) return new Uint8Array();
  const leave: Leave = (reader) => discard(reader, discardBytesMax);
  if (isGzip) return await inflate(body, limitBytes, leave);
  const excess = tooLarge(limitBytes);
  return await collect(body.getReader(), limitBytes, excess, leave).catch((error) =>
    error === excess ? Promise.reject(error) : refuseAborted(error),
  );
}

/** The sender disconnected before the end of its body: a fault of the request, so nothing is logged. */
function refuseAborted(cause: unknown): never {
  throw new AppError('malformed_json', 'The body ended early.', { cause });
}

const DISCARD_BYTES_MAX = 16 * 1024 * 1024;

/**
 * Reads and drops the rest of a body, within bounds: many clients send the whole body before they read the
 * response, and closing the connection earlier would hide the response from them.
 */
async function discard(reader: ByteReader, bytesMax: number): Promise<void> {
  for (let length = 0; length < bytesMax; ) {
    const { done, value } = await reader.read();
    if (done) return;
    length += value.length;
  }
  // The result of the cancellation no longer matters.
  reader.cancel().catch(() => undefined);
}

/** For a response that does not need the body. */
export async function discardBody(request: Request, bytesMax = DISCARD_BYTES_MAX): Promise<void> {
  if (request.body === null || request.bodyUsed) return;
  await discard(request.body.getReader(), bytesMax).catch(() => undefined);
}

type Leave = (reader: ByteReader) => Promise<void>;

const cancel: Leave = async (reader) => {
  reader.cancel().catch(() => undefined);
};

const tooLarge = (limitBytes: number): AppError =>
  new AppError('payload_too_large', `Request too large: at most ${limitBytes} bytes after decompression.`);

function isGzipEncoded(header: string | null): boolean {
  const encoding = (header ?? '').trim().toLowerCase();
  if (encoding === '' || encoding === 'identity') return false;
  if (encoding === 'gzip' || encoding === 'x-gzip') return true;
  throw new AppError('unsupported_media_type', 'Unsupported Content-Encoding. Use gzip.');
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new AppError('malformed_json', 'The body is not valid UTF-8.');
  }
}

type ByteReader = ReadableStreamDefaultReader<Uint8Array>;

/**
 * All bytes of a stream. At the first byte beyond the limit it passes the reader to `leave` and throws `excess`.
 */
async function collect(
  reader: ByteReader,
  limitBytes: number,
  excess: AppError,
  leave: Leave,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > limitBytes) {
      await leave(reader).catch(() => {});
      throw excess;
    }
    chunks.push(value);
  }
  return joined(chunks, length);
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const [only] = chunks;
  if (chunks.length === 1 && only) return only;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/**
 * A runtime may inflate its whole input before the first byte is read, and gzip expands up to 1,032 times. It
 * therefore gets at most this much at once, so that at most 4 MiB are buffered unread.
 */
const SLICE_BYTES = 4096;

/** Gzip of incompressible bytes is longer than the bytes themselves, by five bytes per 16 KiB at worst. */
const GZIP_SLACK_BYTES = 65_536;

async function inflate(
  body: ReadableStream<Uint8Array>,
  limitBytes: number,
  leave: Leave,
): Promise<Uint8Array> {
  const excess = tooLarge(limitBytes);
  const gzip = new DecompressionStream('gzip');
  const source = body.getReader();
  const feeding = feed(source, gzip.writable.getWriter(), limitBytes + GZIP_SLACK_BYTES, excess);
  // A failure of one side also fails the other: whichever is awaited first reports it.
  feeding.catch(() => {});
  try {
    const bytes = await collect(gzip.readable.getReader(), limitBytes, excess, cancel);
    await feeding;
    return bytes;
  } catch (error) {
    await feeding.catch(() => {});
    await leave(source).catch(() => {});
    if (error === excess) throw excess;
    throw new AppError('malformed_json', 'The body is not valid gzip.', { cause: error });
  }
}

/**
 * Feeds the inflater slice by slice. Its input is bounded as well, because empty gzip blocks inflate to nothing.
 */
async function feed(
  source: ByteReader,
  writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>,
  limitBytes: number,
  excess: AppError,
): Promise<void> {
  let length = 0;
  for (;;) {
    // Without the abort the inflater would wait forever for more input.
    const { done, value } = await source.read().catch(async (error) => {
      await writer.abort(error);
      throw error;
    });
    if (done) return writer.close();
    length += value.length;
    if (length > limitBytes) {
      await writer.abort(excess);
      throw excess;
    }
    for (let at = 0; at < value.length; at += SLICE_BYTES) {
      await writer.ready;
      await writer.write(value.slice(at, at + SLICE_BYTES));
    }
  }
}
