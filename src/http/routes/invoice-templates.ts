import * as z from 'zod';
import { FOOTER_LINES_MAX, PDF_BLOCKS } from '../../documents/document-model.ts';
import { createTemplate } from '../../documents/templates/create-template.ts';
import { type InvoiceTemplate, TEMPLATE_TYPES } from '../../documents/templates/invoice-template.ts';
import { previewTemplate } from '../../documents/templates/preview-template.ts';
import { getTemplate, listTemplates } from '../../documents/templates/read-templates.ts';
import { TEMPLATE_CHARACTERS_MAX } from '../../documents/templates/template.ts';
import { describeAllVariables, listVariables } from '../../documents/templates/template-variables.ts';
import { updateTemplate } from '../../documents/templates/update-template.ts';
import { assertIfMatch, withEtag } from '../etag.ts';
import { answerPage, PRIVATE_HEADERS } from '../page-answer.ts';
import { type Answer, defineRoute, type Route } from '../route.ts';
import { id, idParams, name, pageOf, textOf, time } from '../schemas.ts';
import { answerList, listQuery } from './list.ts';

const LINE_END = /\r\n|[\n\r\u2028\u2029]/;

const settings = z.strictObject({
  accent_color: z
    .string()
    .regex(/^#[0-9a-fA-F]{6}$/)
    .optional(),
  show_logo: z.boolean().optional(),
  paper: z.enum(['A4', 'LETTER']).optional(),
  blocks: z.array(z.enum(PDF_BLOCKS)).max(PDF_BLOCKS.length).optional(),
  intro: textOf(0, 4000).optional(),
  notes: textOf(0, 4000).optional(),
  footer: textOf(0, 500)
    .refine((text) => text.split(LINE_END).length <= FOOTER_LINES_MAX, {
      error: `Must have at most ${FOOTER_LINES_MAX} lines.`,
    })
    .optional()
    .meta({ description: `Footer of each page: at most ${FOOTER_LINES_MAX} lines` }),
});

const fields = {
  description: textOf(0, 2000).nullish(),
  html_content: textOf(0, TEMPLATE_CHARACTERS_MAX)
    .nullish()
    .meta({
      description:
        'For HTML templates: page content, or a whole document of which the content of <body> is kept. CSS goes into ' +
        'css_content. Mustache without partials, changed delimiters or unescaped output. ' +
        listVariables()
          .map(([variable, description]) => `\`${variable}\`: ${description}.`)
          .join(' '),
    }),
  css_content: textOf(0, TEMPLATE_CHARACTERS_MAX).nullish(),
  settings: settings.nullish(),
  variables: z.record(textOf(1, 100), textOf(0, 1000)).optional(),
  preview_data: z.record(textOf(0, 100), z.unknown()).nullish(),
  is_default: z.boolean().optional(),
  is_active: z.boolean().optional(),
};

const listedTemplate = z
  .object({
    id,
    organisation_id: id.nullable(),
    name: z.string(),
    description: z.string().nullable(),
    template_type: z.enum(TEMPLATE_TYPES),
    is_default: z.boolean(),
    is_active: z.boolean(),
    html_content: z.string().nullable(),
    css_content: z.string().nullable(),
    settings: settings.nullable(),
    variables: z.record(z.string(), z.string()),
    preview_data: z.object({}).loose().nullable(),
    created_by: z.string(),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'ListedInvoiceTemplate' });
const template = listedTemplate
  .extend({
    available_variables: z.record(z.string(), z.string()).meta({
      description: 'The variables of an HTML template and their meaning; empty for a PDF template',
    }),
  })
  .meta({ id: 'InvoiceTemplate' });

/** The tag covers only the stored template, the only state that a change can overwrite. */
function answerTemplate(found: InvoiceTemplate, status = 200): Answer {
  const available_variables = found.template_type === 'html' ? describeAllVariables() : {};
  return { ...withEtag(found, status), body: { ...found, available_variables } };
}

export const INVOICE_TEMPLATE_ROUTES: readonly Route[] = [
  defineRoute({
    method: 'post',
    path: '/v1/admin/invoice-templates',
    audience: 'admin',
    action: 'invoice_template.create',
    summary: 'Create a template for HTML pages or PDFs, for one organisation or for all',
    body: z.strictObject({
      organisation_id: id.nullish(),
      name,
      template_type: z.enum(TEMPLATE_TYPES),
      ...fields,
    }),
    responses: { 201: { description: 'The template', schema: template } },
    problems: [404],
    handle: async (ctx, { body }) => answerTemplate(await createTemplate(ctx, body), 201),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/invoice-templates',
    audience: 'admin',
    action: 'invoice_template.read',
    summary: 'List templates',
    query: listQuery({ organisation_id: id.optional(), template_type: z.enum(TEMPLATE_TYPES).optional() }),
    responses: { 200: { description: 'A page of templates', schema: pageOf(listedTemplate) } },
    handle: (ctx, { query }) =>
      answerList('invoice-templates', query, (filter, page) => listTemplates(ctx, filter, page)),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/invoice-templates/:id',
    audience: 'admin',
    action: 'invoice_template.read',
    summary: 'Read a template',
    params: idParams,
    responses: { 200: { description: 'The template', schema: template } },
    problems: [404],
    handle: async (ctx, { params }) => answerTemplate(await getTemplate(ctx, params)),
  }),
  defineRoute({
    method: 'patch',
    path: '/v1/admin/invoice-templates/:id',
    audience: 'admin',
    action: 'invoice_template.update',
    summary: 'Change a template. Issued documents keep the version they were issued with',
    params: idParams,
    body: z.strictObject({ name: name.optional(), ...fields }),
    responses: { 200: { description: 'The template', schema: template } },
    problems: [404, 412],
    handle: async (ctx, { params, body, headers }) =>
      answerTemplate(
        await updateTemplate(ctx, {
          id: params.id,
          changes: body,
          assertUnchanged: (current) => assertIfMatch(headers, current),
        }),
      ),
  }),
  defineRoute({
    method: 'post',
    path: '/v1/admin/invoice-templates/:id/preview',
    audience: 'admin',
    action: 'invoice_template.read',
    summary: 'Render a sample or an issued invoice with the template, as HTML or PDF',
    params: idParams,
    body: z.strictObject({
      invoice_id: id.optional(),
      data: z
        .record(textOf(0, 100), z.unknown())
        .optional()
        .meta({ description: 'HTML templates only: variables that override the document and preview_data' }),
    }),
    bodyOptional: true,
    responses: { 200: { description: 'text/html or application/pdf', mediaType: 'text/html' } },
    problems: [404, 409],
    handle: async (ctx, { params, body }) => {
      const preview = await previewTemplate(ctx, { id: params.id, ...body });
      if (preview.kind === 'html') return answerPage(preview.page);
      const headers = { ...PRIVATE_HEADERS, 'content-type': 'application/pdf' };
      return { status: 200, body: preview.bytes, headers };
    },
  }),
];
