import { describe, expect, test } from 'vitest';
import {
  CLOCK,
  columns,
  expression,
  insertOf,
  matching,
  NOW,
  pick,
  type RowOf,
  updateOf,
} from '../../src/db/columns.ts';
import type { HotRow, Row } from '../../src/db/rows.ts';

describe('a list of columns', () => {
  const LINK = columns('invoice_links', ['id', 'revoked_at']);

  test('names them in the given order, of an alias where there is one', () => {
    expect(`${LINK}`).toBe('id, revoked_at');
    expect(`${columns('invoice_links', ['revoked_at', 'id'], 'l')}`).toBe('l.revoked_at, l.id');
  });

  test('yields a row of these columns alone, with the types of the table', () => {
    const row: RowOf<typeof LINK> = { id: 'a', revoked_at: null };
    // @ts-expect-error an id is never null
    const other: RowOf<typeof LINK> = { id: null, revoked_at: null };
    expect([Object.keys(row), Object.keys(other)]).toEqual([
      ['id', 'revoked_at'],
      ['id', 'revoked_at'],
    ]);
  });

  test('with a column or a table that there is not does not compile', () => {
    // @ts-expect-error no such column
    columns('invoice_links', ['id', 'revoked']);
    // @ts-expect-error no such table
    columns('invoice_link', []);
    // @ts-expect-error no such column
    const ledger: Pick<Row<'invoice_links'>, 'revoked'> | null = null;
    // @ts-expect-error no such column
    const hot: Pick<HotRow<'usage_events'>, 'sequence'> | null = null;
    expect([ledger, hot]).toEqual([null, null]);
  });
});

describe('an insert', () => {
  const link = { organisation_id: 'o', id: 'a', invoice_id: 'i', expires_at: '2026-01-01T00:00:00Z' };

  test('binds every value, and leaves out what is undefined, for its default', () => {
    const { text, values } = insertOf('invoice_links', { ...link, revoked_at: null, created_at: undefined });
    expect(text).toBe(
      'INSERT INTO invoice_links (organisation_id, id, invoice_id, expires_at, revoked_at) VALUES ($1, $2, $3, $4, $5)',
    );
    expect(values).toEqual(['o', 'a', 'i', '2026-01-01T00:00:00Z', null]);
  });

  test('writes jsonb as JSON text, a list too, and puts an expression in its place', () => {
    const { text, values } = insertOf('billing_entities', {
      id: 'a',
      legal_name: "'); DROP TABLE invoices; --",
      tax_ids: [],
      created_at: NOW,
    });
    expect(text).toBe(
      'INSERT INTO billing_entities (id, legal_name, tax_ids, created_at) VALUES ($1, $2, $3, now())',
    );
    expect(values).toEqual(['a', "'); DROP TABLE invoices; --", '[]']);
  });

  test('goes on to bind what follows it', () => {
    const { values, bind } = insertOf('invoice_links', link);
    expect(bind(7)).toBe('$5');
    expect(values[4]).toBe(7);
  });

  test('without a needed column, with a foreign one or a value of another type does not compile', () => {
    const { expires_at: _, ...incomplete } = link;
    // @ts-expect-error without expires_at
    insertOf('invoice_links', incomplete);
    const more = { ...link, expiry: 'x' };
    // @ts-expect-error the table has no such column
    insertOf('invoice_links', more);
    // @ts-expect-error an instant is text
    insertOf('invoice_links', { ...link, expires_at: 1 });
  });

  test('refuses a name that is no identifier, also where a cast hides it from the compiler', () => {
    const row = { ...link, 'id) VALUES (1); --': 1 } as typeof link;
    expect(() => insertOf('invoice_links', row)).toThrow('not the name of a column');
  });
});

describe('an update', () => {
  test('binds the values that it sets and those that it looks for', () => {
    const { text, values } = updateOf(
      'organisations',
      {
        name: 'A',
        address: null,
        updated_at: CLOCK,
        publication_version: expression('publication_version + 1'),
      },
      { id: 'o', is_active: true },
    );
    expect(text).toBe(
      'UPDATE organisations SET name = $1, address = $2, updated_at = clock_timestamp(), publication_version = publication_version + 1 WHERE id = $3 AND is_active = $4',
    );
    expect(values).toEqual(['A', null, 'o', true]);
  });

  test('of all rows, or of nothing, is refused', () => {
    expect(() => updateOf('organisations', { name: 'A' }, {})).toThrow('chosen rows');
    expect(() => updateOf('organisations', { name: 'A' }, { id: undefined } as object)).toThrow(
      'chosen rows',
    );
    expect(() => updateOf('organisations', {}, { id: 'o' })).toThrow('sets columns');
  });

  test('of a column that there is not does not compile', () => {
    // @ts-expect-error the table has no such column
    updateOf('organisations', { title: 'A' }, { id: 'o' });
    // @ts-expect-error the table has no such column
    updateOf('organisations', { name: 'A' }, { identifier: 'o' });
  });
});

describe('the filters of a list', () => {
  test('use the named columns only, even if the filter carries more', () => {
    const filter = { status: 'paid', from: '2026-01-01', organisation_id: undefined };
    expect(matching('invoices', filter, ['organisation_id', 'status'])).toEqual([
      ['organisation_id =', undefined],
      ['status =', 'paid'],
    ]);
  });

  test('by a column that there is not do not compile', () => {
    // @ts-expect-error the table has no such column
    matching('invoices', { state: 'paid' }, ['state']);
    // @ts-expect-error a year is a number
    matching('invoices', { year: '2026' }, ['year']);
  });
});

test('pick leaves what was not asked for', () => {
  expect(pick({ a: 1, b: 2, c: 3 }, ['c', 'a'])).toEqual({ c: 3, a: 1 });
});
