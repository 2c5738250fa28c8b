import { describe, expect, test } from 'vitest';
import { decodeCursor, encodeCursor } from '../../src/core/page.ts';

/** The maximum length of the query parameter (src/http/schemas.ts). */
const CURSOR_CHARACTERS_MAX = 4096;

describe('cursors', () => {
  // Four bytes per character, in each text that can be part of a list's key.
  const longest = '𝔐'.repeat(64) + '漢'.repeat(64);

  test('a cursor of the longest names in every filter and key is one that the list takes', () => {
    const scope = `events ${JSON.stringify({ metric_name: longest, unit: longest, user_id: longest.repeat(2) })}`;
    const after = JSON.stringify([longest, longest, '01890000-0000-7000-8000-000000000000']);
    const cursor = encodeCursor(scope, after) ?? '';
    expect(cursor.length).toBeLessThanOrEqual(CURSOR_CHARACTERS_MAX);
    expect(cursor).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(decodeCursor(scope, cursor)).toBe(after);
  });

  test('a cursor of another list, of other filters or of nobody is refused', () => {
    const cursor = encodeCursor('events {"unit":"a"}', 'key') ?? '';
    for (const [scope, sent] of [
      ['invoices {"unit":"a"}', cursor],
      ['events {"unit":"b"}', cursor],
      ['events {"unit":"a"}', cursor.slice(1)],
      ['events {"unit":"a"}', '%%%'],
      ['events {"unit":"a"}', btoa('[1,2]')],
      ['events {"unit":"a"}', ''],
    ] as const) {
      expect(() => decodeCursor(scope, sent)).toThrow('Not a cursor of this list.');
    }
  });

  test('no cursor is the first page, and no next page no cursor', () => {
    expect(decodeCursor('events {}', undefined)).toBeNull();
    expect(encodeCursor('events {}', null)).toBeNull();
  });
});
