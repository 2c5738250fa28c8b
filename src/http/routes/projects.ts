import * as z from 'zod';
import { createApiKey } from '../../tenants/create-api-key.ts';
import { createProject } from '../../tenants/create-project.ts';
import { getApiKey, listApiKeys } from '../../tenants/read-api-keys.ts';
import { getProject, listProjects } from '../../tenants/read-projects.ts';
import { revokeApiKey } from '../../tenants/revoke-api-key.ts';
import { updateProject } from '../../tenants/update-project.ts';
import { defineRoute, type Route } from '../route.ts';
import { filterText, id, idParams, instant, name, pageOf, textOf, time } from '../schemas.ts';
import { answerList, listQuery } from './list.ts';

const description = textOf(0, 2000);

const project = z
  .object({
    organisation_id: id,
    id,
    name: z.string(),
    description: z.string().nullable(),
    external_key: z.string().nullable(),
    is_active: z.boolean(),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'Project' });

const apiKeyShape = {
  organisation_id: id,
  id,
  project_id: id,
  prefix: z.string(),
  name: z.string(),
  is_active: z.boolean(),
  expires_at: time.nullable(),
  revoked_at: time.nullable(),
  last_used_at: time.nullable(),
  created_at: time,
  updated_at: time,
};
const apiKey = z.object(apiKeyShape).meta({ id: 'ApiKey' });
const newApiKey = z
  .object({ ...apiKeyShape, key: z.string().meta({ description: 'The key itself, shown only once' }) })
  .meta({ id: 'NewApiKey' });

export const PROJECT_ROUTES: readonly Route[] = [
  defineRoute({
    method: 'post',
    path: '/v1/admin/projects',
    audience: 'admin',
    action: 'project.create',
    summary: 'Create a project in an organisation',
    body: z.strictObject({
      organisation_id: id,
      name,
      description: description.optional(),
      external_key: textOf(1, 255).optional(),
    }),
    responses: { 201: { description: 'The project', schema: project } },
    problems: [409],
    handle: async (ctx, { body }) => ({ status: 201, body: await createProject(ctx, body) }),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/projects',
    audience: 'admin',
    action: 'project.read',
    summary: 'List projects',
    query: listQuery({ organisation_id: id.optional(), external_key: filterText(255).optional() }),
    responses: { 200: { description: 'A page of projects', schema: pageOf(project) } },
    handle: (ctx, { query }) =>
      answerList('projects', query, (filter, page) => listProjects(ctx, filter, page)),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/projects/:id',
    audience: 'admin',
    action: 'project.read',
    summary: 'Read a project',
    params: idParams,
    responses: { 200: { description: 'The project', schema: project } },
    problems: [404],
    handle: async (ctx, { params }) => ({ status: 200, body: await getProject(ctx, params) }),
  }),
  defineRoute({
    method: 'patch',
    path: '/v1/admin/projects/:id',
    audience: 'admin',
    action: 'project.update',
    summary: 'Change a project. Keys of an inactive project stop working within 60 s',
    params: idParams,
    body: z.strictObject({
      name: name.optional(),
      description: description.nullable().optional(),
      is_active: z.boolean().optional(),
    }),
    responses: { 200: { description: 'The project', schema: project } },
    problems: [404],
    handle: async (ctx, { params, body }) => ({
      status: 200,
      body: await updateProject(ctx, { id: params.id, ...body }),
    }),
  }),
  defineRoute({
    method: 'post',
    path: '/v1/admin/api-keys',
    audience: 'admin',
    action: 'api_key.create',
    summary: 'Create a project key. It is shown only in this response',
    body: z.strictObject({ project_id: id, name, expires_at: instant.optional() }),
    responses: { 201: { description: 'The key', schema: newApiKey } },
    handle: async (ctx, { body }) => ({ status: 201, body: await createApiKey(ctx, body) }),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/api-keys',
    audience: 'admin',
    action: 'api_key.read',
    summary: 'List keys, without their secrets',
    query: listQuery({ organisation_id: id.optional(), project_id: id.optional() }),
    responses: { 200: { description: 'A page of keys', schema: pageOf(apiKey) } },
    handle: (ctx, { query }) =>
      answerList('api-keys', query, (filter, page) => listApiKeys(ctx, filter, page)),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/api-keys/:id',
    audience: 'admin',
    action: 'api_key.read',
    summary: 'Read a key, without its secret',
    params: idParams,
    responses: { 200: { description: 'The key', schema: apiKey } },
    problems: [404],
    handle: async (ctx, { params }) => ({ status: 200, body: await getApiKey(ctx, params) }),
  }),
  defineRoute({
    method: 'post',
    path: '/v1/admin/api-keys/:id/revoke',
    audience: 'admin',
    action: 'api_key.revoke',
    summary: 'Revoke a key. It stops working within 60 s',
    params: idParams,
    responses: { 200: { description: 'The key', schema: apiKey } },
    problems: [404],
    handle: async (ctx, { params }) => ({ status: 200, body: await revokeApiKey(ctx, { id: params.id }) }),
  }),
];
