/** The rows of the route table for queries of AI calls. */
import {
  admin,
  exported,
  generationId,
  list,
  organisationId,
  type RouteRow,
  read,
} from './routes/route-row.ts';

const grouped = (path: string): RouteRow => ({
  call: (made) => ({ path: admin(`${path}&organisation_id=${organisationId(made)}`) }),
});

export const AI_ANSWER_ROWS: Readonly<Record<string, RouteRow>> = {
  'GET /v1/admin/ai/generations': {
    ...list('ai/generations'),
    remember: (made, body) => {
      made.generationId = body.data[0]?.id;
    },
  },
  'GET /v1/admin/ai/generations/:id': read('ai/generations', generationId),
  'GET /v1/admin/ai/spend': grouped('ai/spend?group_by=model'),
  'GET /v1/admin/ai/projection': grouped('ai/projection?user_id=u'),
  'GET /v1/admin/ai/statistics': list('ai/statistics'),
  'GET /v1/admin/ai/errors': list('ai/errors'),
  'GET /v1/admin/ai/latency': list('ai/latency'),
  'GET /v1/admin/exports/ai-generations': exported('ai-generations'),
};
