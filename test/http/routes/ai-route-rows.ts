/** The rows of the route table for AI calls. */
import { admin, change, list, modelPriceId, organisationId, type RouteRow, read } from './route-row.ts';

export const AI_ROUTE_ROWS: Readonly<Record<string, RouteRow>> = {
  'POST /v1/admin/ai/model-prices': {
    status: 201,
    call: (made) => ({
      path: admin('ai/model-prices'),
      body: {
        organisation_id: organisationId(made),
        provider: 'matrix',
        model: 'matrix-1',
        token_kind: 'input',
        price_per_million: '3',
        effective_from: '2020-01-01T00:00:00Z',
      },
    }),
    remember: (made, body) => {
      made.modelPriceId = body.id;
    },
    parent: { field: 'organisation_id', status: 404 },
  },
  'GET /v1/admin/ai/model-prices': list('ai/model-prices'),
  'GET /v1/admin/ai/model-prices/:id': read('ai/model-prices', modelPriceId),
  'PATCH /v1/admin/ai/model-prices/:id': change('ai/model-prices', modelPriceId, {
    effective_to: '2990-01-01T00:00:00Z',
  }),
  'POST /v1/admin/ai/reprice': {
    changesNothing: true,
    call: (made) => ({
      path: admin('ai/reprice'),
      body: { organisation_id: organisationId(made), from: '2020-01-01', to: '2020-02-01', apply: true },
    }),
    parent: { field: 'organisation_id', status: 404 },
  },
  'GET /v1/admin/ai/unpriced': list('ai/unpriced'),
};
