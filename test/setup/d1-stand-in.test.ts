import { expect, test } from 'vitest';
import { openD1StandIn } from './d1-stand-in.ts';

test("the stand-in's batch is one transaction: where a statement fails nothing of it stays", async () => {
  const { hot, sqlite } = openD1StandIn();
  const insert = (place: string) =>
    hot.prepare('INSERT INTO span_marks (project_id, mark, received_at) VALUES (?1, ?2, 0)').bind('p', place);
  const count = () => sqlite.prepare('SELECT count(*) AS n FROM span_marks').get()?.['n'];
  await expect(hot.batch([insert('a'), insert('b'), insert('a')])).rejects.toThrow(/UNIQUE/);
  expect(count()).toBe(0);
  const answers = await hot.batch([insert('a'), insert('b')]);
  expect(answers.map(({ meta }) => meta.changes)).toEqual([1, 1]);
  expect(count()).toBe(2);
});
