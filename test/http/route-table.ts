/**
 * Every route of the product, in an order in which each can succeed: what it takes to call it, and which ids in it name
 * something of a tenant. The matrix compares this table with the router both ways.
 */
import { randomUUID } from 'node:crypto';
import type { Json, Tenant } from '../setup/world.ts';
import { eventOf } from './wire.ts';

/** What earlier rows made, for later ones. */
export interface Made {
  readonly tenant: Tenant;
  readonly eventKey: string;
  readonly year: number;
  readonly month: number;
  apiKeyId: string;
  planId: string;
  invoiceId: string;
}

export interface Call {
  readonly path: string;
  readonly body?: unknown;
}

export interface RouteRow {
  readonly call: (made: Made) => Call;
  /** What a good call answers; 200 where absent. */
  readonly status?: number;
  readonly remember?: (made: Made, body: Json) => void;
  /** The path ends in (or holds) an id: the same route for another id. Unknown and malformed ids answer 404. */
  readonly pathOf?: (id: string) => string;
  /** The body names a parent in this field; an unknown one is refused as here. */
  readonly parent?: { readonly field: string; readonly status: 404 | 422 };
}

const admin = (path: string): string => `/v1/admin/${path}`;
const list = (path: string): RouteRow => ({
  call: ({ tenant }) => ({ path: `${admin(path)}?organisation_id=${tenant.organisation_id}` }),
});
const read = (collection: string, idOf: (made: Made) => string): RouteRow => ({
  call: (made) => ({ path: admin(`${collection}/${idOf(made)}`) }),
  pathOf: (id) => admin(`${collection}/${id}`),
});
const act = (verb: string, idOf: (made: Made) => string): RouteRow => {
  const [collection, action] = verb.split(' ');
  return {
    call: (made) => ({ path: admin(`${collection}/${idOf(made)}/${action}`), body: {} }),
    pathOf: (id) => admin(`${collection}/${id}/${action}`),
  };
};
const change = (collection: string, idOf: (made: Made) => string, body: unknown): RouteRow => ({
  call: (made) => ({ path: admin(`${collection}/${idOf(made)}`), body }),
  pathOf: (id) => admin(`${collection}/${id}`),
});

const organisationId = ({ tenant }: Made): string => tenant.organisation_id;
const projectId = ({ tenant }: Made): string => tenant.project_id;
const apiKeyId = ({ apiKeyId }: Made): string => apiKeyId;
const planId = ({ planId }: Made): string => planId;
const invoiceId = ({ invoiceId }: Made): string => invoiceId;
const ofPeriod = (path: string) => (made: Made) => ({
  path: admin(path),
  body: { organisation_id: organisationId(made), year: made.year, month: made.month },
});

export const ROUTE_TABLE: Readonly<Record<string, RouteRow>> = {
  'GET /health': { call: () => ({ path: '/health' }) },
  'GET /ready': { call: () => ({ path: '/ready' }) },
  'GET /openapi.json': { call: () => ({ path: '/openapi.json' }) },

  'POST /v1/events': { status: 202, call: () => ({ path: '/v1/events', body: eventOf() }) },
  'GET /v1/usage': { call: () => ({ path: '/v1/usage?granularity=month' }) },
  'GET /v1/events/:idempotency_key': {
    call: ({ eventKey }) => ({ path: `/v1/events/${eventKey}` }),
    pathOf: (id) => `/v1/events/${id}`,
  },
  'GET /v1/events': {
    call: () => ({ path: '/v1/events?source=matrix&id=1' }),
    pathOf: (id) => `/v1/events?source=matrix&id=${id}`,
  },

  'POST /v1/admin/organisations': {
    status: 201,
    call: () => ({
      path: admin('organisations'),
      body: { name: 'Matrix', billing_email: 'm@example.com', currency: 'EUR' },
    }),
  },
  'GET /v1/admin/organisations': { call: () => ({ path: admin('organisations?limit=2') }) },
  'GET /v1/admin/organisations/:id': read('organisations', organisationId),
  'PATCH /v1/admin/organisations/:id': change('organisations', organisationId, { grace_hours: 1 }),
  'POST /v1/admin/projects': {
    status: 201,
    call: (made) => ({
      path: admin('projects'),
      body: { organisation_id: organisationId(made), name: 'Second' },
    }),
    parent: { field: 'organisation_id', status: 404 },
  },
  'GET /v1/admin/projects': list('projects'),
  'GET /v1/admin/projects/:id': read('projects', projectId),
  'PATCH /v1/admin/projects/:id': change('projects', projectId, { description: 'Changed' }),
  'POST /v1/admin/api-keys': {
    status: 201,
    call: (made) => ({ path: admin('api-keys'), body: { project_id: projectId(made), name: 'Second' } }),
    remember: (made, body) => {
      made.apiKeyId = body.id;
    },
    parent: { field: 'project_id', status: 404 },
  },
  'GET /v1/admin/api-keys': list('api-keys'),
  'GET /v1/admin/api-keys/:id': read('api-keys', apiKeyId),
  'POST /v1/admin/api-keys/:id/revoke': act('api-keys revoke', apiKeyId),
  'POST /v1/admin/pricing-plans': {
    status: 201,
    call: (made) => ({
      path: admin('pricing-plans'),
      body: {
        organisation_id: organisationId(made),
        metric_name: 'tokens.input',
        unit: 'token',
        currency: 'USD',
        charge_model: 'per_unit',
        price_per_unit: '2',
        effective_from: '2020-01-01',
      },
    }),
    remember: (made, body) => {
      made.planId = body.id;
    },
    parent: { field: 'organisation_id', status: 404 },
  },
  'GET /v1/admin/pricing-plans': list('pricing-plans'),
  'GET /v1/admin/pricing-plans/:id': read('pricing-plans', planId),
  'PATCH /v1/admin/pricing-plans/:id': change('pricing-plans', planId, { effective_to: '2990-01-01' }),

  'POST /v1/admin/jobs/:name': {
    call: () => ({ path: admin('jobs/rollup'), body: {} }),
    pathOf: (id) => admin(`jobs/${id}`),
  },
  'GET /v1/admin/jobs': { call: () => ({ path: admin('jobs?limit=3') }) },
  'GET /v1/admin/status': { call: () => ({ path: admin('status') }) },
  // Only a halted shard takes it, and no suite may halt the one that all share.
  'POST /v1/admin/shards/:shard/resync': {
    status: 409,
    call: () => ({ path: admin('shards/0/resync') }),
    pathOf: (id) => admin(`shards/${id}/resync`),
  },

  'GET /v1/admin/usage-events': list('usage-events'),
  'GET /v1/admin/usage-aggregates': list('usage-aggregates'),
  'GET /v1/admin/event-conflicts': list('event-conflicts'),
  'GET /v1/admin/event-quarantine': list('event-quarantine'),
  'POST /v1/admin/invoices/preview': {
    call: ofPeriod('invoices/preview'),
    parent: { field: 'organisation_id', status: 404 },
  },
  'POST /v1/admin/invoices': {
    status: 201,
    call: ofPeriod('invoices'),
    remember: (made, body) => {
      made.invoiceId = body.id;
    },
    parent: { field: 'organisation_id', status: 404 },
  },
  'GET /v1/admin/invoices': list('invoices'),
  'GET /v1/admin/invoices/:id': read('invoices', invoiceId),
  'POST /v1/admin/invoices/:id/regenerate': act('invoices regenerate', invoiceId),
  'GET /v1/admin/invoices/:id/explain': {
    call: (made) => ({ path: admin(`invoices/${invoiceId(made)}/explain`) }),
    pathOf: (id) => admin(`invoices/${id}/explain`),
  },
  'POST /v1/admin/invoices/:id/finalize': act('invoices finalize', invoiceId),
  'POST /v1/admin/invoices/:id/cancel': act('invoices cancel', invoiceId),
};

/** Ids that name nothing, each in another way. */
export const NO_IDS: readonly string[] = [
  randomUUID(),
  '00000000-0000-0000-0000-000000000000',
  'nothing',
  '%00',
  '%27%20OR%201%3D1--',
  'x'.repeat(2000),
];
