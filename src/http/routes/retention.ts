import * as z from 'zod';
import { listArchives } from '../../operations/retention/list-archives.ts';
import { defineRoute, type Route } from '../route.ts';
import { id, pageOf, quantity, time } from '../schemas.ts';
import { answerList, listQuery } from './list.ts';

const archive = z
  .object({
    organisation_id: id,
    id,
    status: z.enum(['writing', 'kept', 'deleting', 'deleted']),
    file_key: z.string().meta({ description: 'Gzip NDJSON in the bucket, one line per call' }),
    rows: z.int(),
    bytes: z.int().meta({ description: 'Size of the file; sha256 is the hash of the same bytes' }),
    sha256: z.string(),
    first_occurred_at: time,
    last_occurred_at: time,
    last_received_at: time.meta({ description: 'Retention is counted from this time' }),
    input_tokens: quantity,
    output_tokens: quantity,
    cache_read_tokens: quantity,
    cache_write_5m_tokens: quantity,
    cache_write_1h_tokens: quantity,
    reasoning_tokens: quantity,
    cost_usd: quantity.meta({
      description: 'Cost of its calls at the time of writing; 0 for calls without a cost',
    }),
    replaced_by: id
      .nullable()
      .meta({ description: 'The archive that replaced this one, without the lines of a deleted user' }),
    created_at: time,
    verified_at: time.nullable().meta({ description: 'When the file was read back and compared' }),
    deleted_at: time.nullable(),
  })
  .meta({ id: 'PayloadArchive' });

export const RETENTION_ROUTES: readonly Route[] = [
  defineRoute({
    method: 'get',
    path: '/v1/admin/ai/archives',
    audience: 'admin',
    action: 'payload_archive.read',
    summary: 'List archives of AI call payloads, with their expected content',
    query: listQuery({ organisation_id: id.optional() }),
    responses: { 200: { description: 'A page of files', schema: pageOf(archive) } },
    handle: (ctx, { query }) =>
      answerList('archives', query, (filter, page) => listArchives(ctx, filter, page)),
  }),
];
