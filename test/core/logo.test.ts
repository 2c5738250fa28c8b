import { deflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readLogo, UnusableLogoError } from '../../src/core/logo.ts';
import { renderPdf } from '../../src/documents/pdf/render-pdf.ts';
import { joinPng, pngChunk, pngHeader, SAMPLE_JPEG, samplePng } from '../documents/sample-logo.ts';
import { FONTS, sampleInvoice } from '../documents/sample-model.ts';

const end = pngChunk('IEND', Buffer.alloc(0));
const pixels = (bytes: number): Buffer => pngChunk('IDAT', deflateSync(Buffer.alloc(bytes)));
const png = samplePng(4, 3, [1, 2, 3, 4]);

test.each<[string, Uint8Array, number, number]>([
  ['a PNG with alpha', png, 4, 3],
  ['a PNG without', samplePng(5, 2, [1, 2, 3]), 5, 2],
  ['a PNG in grey with 1 bit', joinPng(pngHeader(9, 2, 0, 1), pixels(6), end), 9, 2],
  ['a JPEG', SAMPLE_JPEG, 8, 4],
])('the size of %s', async (_name, bytes, width, height) => {
  expect(await readLogo(bytes)).toMatchObject({ width, height });
});

// A size of -16 would make a reader loop backwards forever.
const backwards = pngChunk('tEXt', Buffer.alloc(4));
backwards.writeInt32BE(-16, 0);

test.each<[string, Uint8Array]>([
  ['nothing', new Uint8Array()],
  ['a text', new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg"/>')],
  ['a PNG that was cut off', png.slice(0, -20)],
  ['a PNG without its header', joinPng(pixels(51), end)],
  ['a PNG without pixels', joinPng(pngHeader(4, 3), end)],
  ['a PNG with too few pixels', joinPng(pngHeader(4, 3), pixels(50), end)],
  ['a PNG with too many pixels', joinPng(pngHeader(4, 3), pixels(52), end)],
  ['a PNG that unpacks to far more', joinPng(pngHeader(4, 3), pixels(50_000_000), end)],
  [
    'a PNG with a filter that does not exist',
    joinPng(pngHeader(1, 1), pngChunk('IDAT', deflateSync(Buffer.from([9, 0, 0, 0, 0]))), end),
  ],
  ['a PNG with pixels that are not packed', joinPng(pngHeader(1, 1), pngChunk('IDAT', Buffer.alloc(5)), end)],
  ['an interlaced PNG', joinPng(pngHeader(4, 3, 6, 8, 1), pixels(51), end)],
  ['a PNG with a palette that is missing', joinPng(pngHeader(4, 3, 3), pixels(15), end)],
  ['a PNG as wide as nothing', joinPng(pngHeader(0, 3), pixels(3), end)],
  ['a PNG of a billion pixels', joinPng(pngHeader(40_000, 30_000), pixels(1), end)],
  ['a PNG with a chunk of negative size', joinPng(pngHeader(4, 3), backwards, pixels(51), end)],
  ['a JPEG that was cut off', SAMPLE_JPEG.slice(0, 60)],
  ['a JPEG of which only the mark is left', SAMPLE_JPEG.slice(0, 2)],
])('%s is no logo, and no document is rendered with it', async (_name, bytes) => {
  await expect(readLogo(bytes)).rejects.toThrow(UnusableLogoError);
  await expect(renderPdf(sampleInvoice(), { fonts: FONTS, logo: bytes })).rejects.toThrow(UnusableLogoError);
});
