/** Single AI model calls. */
import * as z from 'zod';
import { getGeneration } from '../../reports/ai/get-generation.ts';
import { listGenerations } from '../../reports/ai/list-generations.ts';
import { exportGenerations } from '../../reports/csv/export-csv.ts';
import { generation, generationFilter, generationWithPayloads, readCallFilter } from '../ai-schemas.ts';
import { defineRoute, type Route } from '../route.ts';
import { id, idParams, pageOf } from '../schemas.ts';
import { answerCsv } from './exports.ts';
import { answerList, listQuery } from './list.ts';

export const AI_GENERATION_ROUTES: readonly Route[] = [
  defineRoute({
    method: 'get',
    path: '/v1/admin/ai/generations',
    audience: 'admin',
    action: 'generation.read',
    summary: 'List AI calls, newest first. With Accept: text/csv, all of them as CSV, like the export',
    query: listQuery(generationFilter),
    responses: {
      200: { description: 'A page of calls, without their payloads', schema: pageOf(generation) },
    },
    handle: async (ctx, { query, headers }) => {
      const asked = readCallFilter(query);
      if (/\btext\/csv\b/i.test(headers.get('accept') ?? '')) {
        const { limit: _, cursor: __, ...filter } = asked;
        return answerCsv('ai-generations', await exportGenerations(ctx, filter));
      }
      return await answerList('generations', asked, (filter, page) => listGenerations(ctx, filter, page));
    },
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/ai/generations/:id',
    audience: 'admin',
    action: 'generation.read',
    summary: 'Read an AI call with its request and response, if the organisation stores payloads',
    params: idParams,
    query: z.strictObject({ organisation_id: id.optional() }),
    responses: { 200: { description: 'The call', schema: generationWithPayloads } },
    problems: [404],
    handle: async (ctx, { params, query }) => ({
      status: 200,
      body: await getGeneration(ctx, { ...query, id: params.id }),
    }),
  }),
];
