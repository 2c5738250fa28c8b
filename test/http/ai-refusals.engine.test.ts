/** Invalid queries of AI calls. */
import { describe, expect, test } from 'vitest';
import { encodeCursor } from '../../src/core/page.ts';
import { type Answer, ask, problemOf } from './wire.ts';

const get = (path: string): Promise<Answer> => ask(`/v1/admin/ai/${path}`);

describe('what cannot be meant is refused', () => {
  test.each([
    ['generations?from=2026-11-02&to=2026-11-01', '?from'],
    ['generations?from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z', '?from'],
    ['generations?scene=a&generation_type=b', '?scene'],
    ['generations?status=done', '?status'],
    ['generations?cost_source=free', '?cost_source'],
    ['generations?limit=0', '?limit'],
    ['generations?from=yesterday', '?from'],
    ['generations?page=2', '?page'],
    ['generations?organisation_id=x', '?organisation_id'],
    ['spend', '?group_by'],
    ['spend?group_by=colour', '?group_by'],
    ['spend?group_by=day&status=failed', '?status'],
    ['errors?status=success', '?status'],
    ['statistics?from=2026-11-01T00:00:00Z', '?from'],
    ['statistics?from=2026-11-02&to=2026-11-01', '?from'],
    ['latency?group_by=colour', '?group_by'],
    ['projection?project_id=x', '?project_id'],
  ])('%s', async (path, pointer) => {
    expect(problemOf(await get(path), 422).pointers).toEqual([pointer]);
  });

  test.each([
    ['generations', '{}', ['', '{', '[]', '[1,2]', '["x","y"]', '["2026-11-01","x"]', 'null', '"x"']],
    ['statistics', '{}', ['', '{', '["x"]', '["2026-11-01","x","y"]', '["2026-99-01"]']],
    ['errors', '{}', ['', '{', '["x","y"]', '[1e999,"y"]', '["NaN"]']],
    ['spend?group_by=type', '{"group_by":"type"}', ['', '{', '["x","y"]', '[[],{}]']],
    ['latency', '{"group_by":"model"}', ['', '["x","y"]']],
  ])('a cursor of %s that it did not give', async (path, filter, afters) => {
    const [name = ''] = path.split('?');
    for (const after of afters) {
      const cursor = encodeCursor(`${name} ${filter}`, after);
      const answer = await get(`${path}${path.includes('?') ? '&' : '?'}cursor=${cursor}`);
      // Any text that can be decoded as a position is one; none causes a server error.
      if (answer.status !== 200)
        expect([after, problemOf(answer, 422).pointers]).toEqual([after, ['?cursor']]);
    }
  });

  test('a cursor of other filters', async () => {
    const cursor = encodeCursor('generations {}', '["2026-11-01","0198f000-0000-7000-8000-00000000dead"]');
    expect(problemOf(await get(`generations?user_id=x&cursor=${cursor}`), 422).pointers).toEqual(['?cursor']);
  });
});
