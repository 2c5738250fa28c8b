/** A seller's logo. It is checked before it is drawn, because the library trusts the sizes that a file declares. */

/** The file cannot be used as a logo; the message gives the reason. */
export class UnusableLogoError extends Error {
  constructor(reason: string) {
    super(`the logo cannot be used: ${reason}`);
    this.name = 'UnusableLogoError';
  }
}

export interface LogoSize {
  readonly width: number;
  readonly height: number;
}

export interface LogoFacts extends LogoSize {
  readonly media_type: 'image/png' | 'image/jpeg';
}

const PIXELS_MAX = 4_000_000;
const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const COLOUR_INDEXED = 3;
/** Channels of each PNG colour type. */
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** The size in pixels of a PNG or JPEG that can be drawn. Throws UnusableLogoError. */
export async function readLogo(bytes: Uint8Array): Promise<LogoFacts> {
  const size = PNG_SIGNATURE.every((byte, index) => bytes[index] === byte)
    ? await readPng(bytes)
    : readJpeg(bytes);
  if (size.width === 0 || size.height === 0) throw new UnusableLogoError('it is empty');
  if (size.width * size.height > PIXELS_MAX) {
    throw new UnusableLogoError(`it has more than ${PIXELS_MAX} pixels`);
  }
  return size;
}

interface PngHeader extends LogoFacts {
  readonly bits: number;
  readonly colourType: number;
  readonly interlaced: boolean;
}

async function readPng(bytes: Uint8Array): Promise<LogoFacts> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data: Uint8Array[] = [];
  const types: string[] = [];
  let header: PngHeader | null = null;
  for (let at = PNG_SIGNATURE.length; types.at(-1) !== 'IEND'; ) {
    if (at + 12 > bytes.length) throw new UnusableLogoError('the PNG is truncated');
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const start = at + 8;
    if (start + length + 4 > bytes.length) throw new UnusableLogoError('the PNG is truncated');
    if (types.length === 0 && (type !== 'IHDR' || length !== 13))
      throw new UnusableLogoError('it is not a valid PNG');
    if (type === 'IHDR') header = readHeader(view, start);
    if (type === 'IDAT') data.push(bytes.subarray(start, start + length));
    types.push(type);
    at = start + length + 4;
  }
  if (!header) throw new UnusableLogoError('it is not a valid PNG');
  assertDrawable(header, types);
  await assertPixels(header, data);
  return header;
}

const readHeader = (view: DataView, at: number): PngHeader => ({
  media_type: 'image/png',
  width: view.getUint32(at),
  height: view.getUint32(at + 4),
  bits: view.getUint8(at + 8),
  colourType: view.getUint8(at + 9),
  interlaced: view.getUint8(at + 12) !== 0,
});

function assertDrawable(header: PngHeader, types: readonly string[]): void {
  const { width, height, bits, colourType, interlaced } = header;
  if (width * height > PIXELS_MAX) throw new UnusableLogoError(`it has more than ${PIXELS_MAX} pixels`);
  if (interlaced) throw new UnusableLogoError('the PNG is interlaced');
  if (!(colourType in CHANNELS) || ![1, 2, 4, 8, 16].includes(bits))
    throw new UnusableLogoError('it is not a valid PNG');
  if (colourType === COLOUR_INDEXED && !types.includes('PLTE'))
    throw new UnusableLogoError('it is not a valid PNG');
  if (types.includes('tRNS') && bits !== 8) {
    throw new UnusableLogoError('a PNG with transparency must have 8 bits per channel');
  }
}

/** Checks that the packed pixels are as many as the header declares, and that each row has a valid filter. */
async function assertPixels(header: PngHeader, data: readonly Uint8Array[]): Promise<void> {
  const { width, height, bits, colourType } = header;
  const rowBytes = 1 + Math.ceil((width * bits * (CHANNELS[colourType] ?? 0)) / 8);
  const packed = new Blob(data as Uint8Array<ArrayBuffer>[]);
  let pixels: Uint8Array;
  try {
    pixels = await inflate(packed, rowBytes * height);
  } catch {
    throw new UnusableLogoError('the pixel data of the PNG is corrupt');
  }
  if (pixels.length !== rowBytes * height)
    throw new UnusableLogoError('the pixel data of the PNG is corrupt');
  for (let at = 0; at < pixels.length; at += rowBytes) {
    if ((pixels[at] ?? 0) > 4) throw new UnusableLogoError('the pixel data of the PNG is corrupt');
  }
}

/** Stops above a maximum size, so that a small file cannot use up all memory. */
async function inflate(packed: Blob, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of packed.stream().pipeThrough(new DecompressionStream('deflate'))) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > bytesMax) break;
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

const JPEG_START = 0xffd8;
const JPEG_MARKER = 0xff;
/** Tables that share their number range with the frames: Huffman, arithmetic coding, reserved. */
const NO_FRAME = [0xc4, 0xc8, 0xcc];

function readJpeg(bytes: Uint8Array): LogoFacts {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4 || view.getUint16(0) !== JPEG_START)
    throw new UnusableLogoError('it is not a PNG or JPEG');
  for (let at = 2; at + 10 <= bytes.length; ) {
    const marker = view.getUint8(at + 1);
    if (view.getUint8(at) !== JPEG_MARKER) throw new UnusableLogoError('the JPEG is corrupt');
    const isFrame = marker >= 0xc0 && marker <= 0xcf && !NO_FRAME.includes(marker);
    if (isFrame) {
      const channels = view.getUint8(at + 9);
      if (![1, 3, 4].includes(channels))
        throw new UnusableLogoError('the JPEG uses an unsupported colour space');
      return { media_type: 'image/jpeg', height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    }
    at += 2 + view.getUint16(at + 2);
  }
  throw new UnusableLogoError('the JPEG is corrupt');
}
