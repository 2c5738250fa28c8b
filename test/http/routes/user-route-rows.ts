/** The rows of the route table for users and for the stored payloads of calls. */

import { randomUUID } from '../../setup/seeded.ts';
import { admin, change, list, type Made, organisationId, type RouteRow, read } from './route-row.ts';

const userId = ({ userId = '' }: Made): string => userId;

export const USER_ROUTE_ROWS: Readonly<Record<string, RouteRow>> = {
  'POST /v1/admin/users': {
    status: 201,
    call: (made) => ({
      path: admin('users'),
      body: { organisation_id: organisationId(made), user_id: randomUUID(), email: 'Matrix@example.com' },
    }),
    remember: (made, body) => {
      made.userId = body.id;
    },
    parent: { field: 'organisation_id', status: 404 },
  },
  'GET /v1/admin/users': list('users'),
  'GET /v1/admin/users/:id': read('users', userId),
  'PATCH /v1/admin/users/:id': change('users', userId, { department: 'Matrices' }),
  'DELETE /v1/admin/users/:id': read('users', userId),
  'GET /v1/admin/ai/archives': list('ai/archives'),
};
