/** The PDFs of issued documents, and the fonts in which they are drawn. */
import * as z from 'zod';
import type { DocumentKind } from '../../documents/document-model.ts';
import { retryDocuments } from '../../documents/emails/retry-documents.ts';
import { addFont } from '../../documents/pdf/add-font.ts';
import { getPdf } from '../../documents/pdf/get-pdf.ts';
import { listFonts } from '../../documents/pdf/list-fonts.ts';
import { type Answer, defineRoute, type Route } from '../route.ts';
import { idParams } from '../schemas.ts';

const FONT_BYTES_MAX = 20 * 1024 * 1024;
const PDF = {
  200: { description: 'The PDF', mediaType: 'application/pdf' },
  304: { description: 'As before' },
};

/** Compared weakly (RFC 9110 §13.1.2): an intermediate cache may have made the tag weak. */
const matches = (ifNoneMatch: string | null, etag: string): boolean =>
  ifNoneMatch !== null &&
  (ifNoneMatch.trim() === '*' || ifNoneMatch.match(/"[^"]*"/g)?.includes(etag) === true);

async function answerPdf(issued: Awaited<ReturnType<typeof getPdf>>, request: Headers): Promise<Answer> {
  const etag = `"${issued.sha256}"`;
  const headers = {
    etag,
    // The bytes never change, but the reader's access may.
    'cache-control': 'private, no-cache',
    'content-type': 'application/pdf',
  };
  if (matches(request.get('if-none-match'), etag)) return { status: 304, body: null, headers };
  return {
    status: 200,
    body: await issued.readBytes(),
    headers: { ...headers, 'content-disposition': `inline; filename="${issued.filename}"` },
  };
}

const pdfRoute = (collection: string, kind: DocumentKind, noun: string): Route =>
  defineRoute({
    method: 'get',
    path: `/v1/admin/${collection}/:id/pdf`,
    audience: 'admin',
    action: `${kind}.read`,
    summary: `The PDF of an issued ${noun}. Available within minutes of issue; its bytes never change`,
    params: idParams,
    responses: PDF,
    problems: [404, 409],
    handle: async (ctx, { params, headers }) =>
      await answerPdf(await getPdf(ctx, { kind, id: params.id }), headers),
  });

export const DOCUMENT_ROUTES: readonly Route[] = [
  pdfRoute('invoices', 'invoice', 'invoice'),
  pdfRoute('credit-notes', 'credit_note', 'credit note'),
  defineRoute({
    method: 'post',
    path: '/v1/admin/fonts',
    audience: 'admin',
    action: 'font.add',
    summary: 'Add a font for missing characters. Documents that wait for it are rendered again',
    query: z.strictObject({
      name: z
        .string()
        .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,95}\.(ttf|otf)$/)
        .meta({
          description: 'A file name such as NotoSansSC-Regular.ttf; fonts for bold text end in -Bold',
        }),
    }),
    rawBody: {
      mediaTypes: ['font/ttf', 'font/otf', 'application/octet-stream'],
      bytesMax: FONT_BYTES_MAX,
    },
    responses: {
      201: {
        description: 'The font',
        schema: z.object({
          name: z.string(),
          sha256: z.string(),
          bytes: z.int(),
          documents_retried: z.int(),
        }),
      },
    },
    problems: [409, 413, 415],
    handle: async (ctx, { query, bytes }) => ({
      status: 201,
      body: await addFont(ctx, { name: query.name, bytes, retryDocuments: (tx) => retryDocuments(tx, ctx) }),
    }),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/fonts',
    audience: 'admin',
    action: 'font.read',
    summary: 'List the names of added fonts',
    responses: {
      200: {
        description: 'The fonts',
        schema: z.object({ data: z.array(z.object({ name: z.string() })), next_cursor: z.null() }),
      },
    },
    handle: async (ctx) => ({
      status: 200,
      body: { data: (await listFonts(ctx)).map((name) => ({ name })), next_cursor: null },
    }),
  }),
];
