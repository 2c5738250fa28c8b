import * as z from 'zod';
import { codePointLength } from '../../core/text.ts';
import { USER_ID_CHARACTERS_MAX } from '../../ingest/event.ts';
import { deleteUser } from '../../operations/retention/delete-user.ts';
import { createUser } from '../../tenants/create-user.ts';
import { getUser, listUsers } from '../../tenants/read-users.ts';
import { updateUser } from '../../tenants/update-user.ts';
import { assertIfMatch, withEtag } from '../etag.ts';
import { defineRoute, type Route } from '../route.ts';
import { email, filterText, id, idParams, name, pageOf, textOf, time } from '../schemas.ts';
import { answerList, listQuery } from './list.ts';

const URL_CHARACTERS_MAX = 2048;
const IDENTITIES_MAX = 50;

/** Events count characters: one character can be two UTF-16 units. */
const USER_ID_UNITS_MAX = 2 * USER_ID_CHARACTERS_MAX;

const userId = textOf(1, USER_ID_UNITS_MAX)
  .refine((text) => codePointLength(text) <= USER_ID_CHARACTERS_MAX, {
    error: `Must have at most ${USER_ID_CHARACTERS_MAX} characters.`,
  })
  .meta({
    description: 'Your id of the user, as sent in user_id of events',
    minLength: 1,
    maxLength: USER_ID_CHARACTERS_MAX,
  });

const identity = z.strictObject({
  provider: textOf(1, 64),
  external_id: textOf(1, 255).meta({
    description: 'The user at this vendor: an id or an e-mail address',
  }),
  label: name.nullish(),
});

const profile = {
  email: email.nullish().meta({ description: 'Stored as sent; compared case-insensitively' }),
  first_name: name.nullish(),
  last_name: name.nullish(),
  full_name: name.nullish(),
  avatar_url: z
    .url({ protocol: /^https?$/ })
    .max(URL_CHARACTERS_MAX)
    .nullish(),
  department: name.nullish(),
  role: name.nullish(),
  is_active: z.boolean().optional(),
  identities: z
    .array(identity)
    .max(IDENTITIES_MAX)
    .optional()
    .meta({ description: 'The complete list: identities not listed are removed' }),
};

const user = z
  .object({
    organisation_id: id,
    id,
    user_id: z.string(),
    email: z.string().nullable(),
    first_name: z.string().nullable(),
    last_name: z.string().nullable(),
    full_name: z.string().nullable(),
    avatar_url: z.string().nullable(),
    department: z.string().nullable(),
    role: z.string().nullable(),
    is_active: z.boolean(),
    identities: z.array(
      z.object({ provider: z.string(), external_id: z.string(), label: z.string().nullable() }),
    ),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'User' });

const erasure = z
  .object({
    organisation_id: id,
    id: id.meta({ description: 'Id of the deleted user' }),
    pseudonym: z.string().meta({ description: 'Random pseudonym under which the figures are kept' }),
    events: z.int(),
    generations: z.int(),
    statistics: z.int().meta({ description: 'Rows of daily statistics' }),
    conflicts: z.int().meta({ description: 'Listed conflicts from which personal fields were removed' }),
    quarantined: z.int(),
    archives: z.int().meta({ description: 'Archives that the `retention` job rewrites without the user' }),
  })
  .meta({ id: 'DeletedUser' });

const flag = z
  .enum(['true', 'false'])
  .transform((text) => text === 'true')
  .meta({ description: '`true` or `false`' });

export const USER_ROUTES: readonly Route[] = [
  defineRoute({
    method: 'post',
    path: '/v1/admin/users',
    audience: 'admin',
    action: 'user.create',
    summary: 'Create an end user of an organisation. Users named in events are created on first sight',
    body: z.strictObject({ organisation_id: id, user_id: userId, ...profile }),
    responses: { 201: { description: 'The user', schema: user } },
    problems: [404, 409],
    handle: async (ctx, { body }) => withEtag(await createUser(ctx, body), 201),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/users',
    audience: 'admin',
    action: 'user.read',
    summary: 'List end users',
    query: listQuery({
      organisation_id: id.optional(),
      user_id: filterText(USER_ID_UNITS_MAX).optional(),
      email: filterText(320).optional(),
      department: filterText(255).optional(),
      role: filterText(255).optional(),
      is_active: flag.optional(),
    }),
    responses: { 200: { description: 'A page of users', schema: pageOf(user) } },
    handle: (ctx, { query }) => answerList('users', query, (filter, page) => listUsers(ctx, filter, page)),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/admin/users/:id',
    audience: 'admin',
    action: 'user.read',
    summary: 'Read an end user',
    params: idParams,
    responses: { 200: { description: 'The user', schema: user } },
    problems: [404],
    handle: async (ctx, { params }) => withEtag(await getUser(ctx, params)),
  }),
  defineRoute({
    method: 'patch',
    path: '/v1/admin/users/:id',
    audience: 'admin',
    action: 'user.update',
    summary: 'Change an end user',
    params: idParams,
    body: z.strictObject(profile),
    responses: { 200: { description: 'The user', schema: user } },
    problems: [404, 409, 412],
    handle: async (ctx, { params, body, headers }) =>
      withEtag(
        await updateUser(ctx, { id: params.id, ...body }, (current) => assertIfMatch(headers, current)),
      ),
  }),
  defineRoute({
    method: 'delete',
    path: '/v1/admin/users/:id',
    audience: 'admin',
    action: 'user.delete',
    summary: 'Delete an end user and all personal data. Figures are kept under a pseudonym',
    params: idParams,
    responses: { 200: { description: 'Number of records erased', schema: erasure } },
    problems: [404, 412, 503],
    handle: async (ctx, { params, headers }) => ({
      status: 200,
      body: await deleteUser(ctx, { id: params.id }, (current) => assertIfMatch(headers, current)),
    }),
  }),
];
