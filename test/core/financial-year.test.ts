import { expect, test } from 'vitest';
import { financialYearOf, formatDocumentNumber } from '../../src/core/document-number.ts';
import { combineKeysHashes } from '../../src/invoicing/lines/events-hash.ts';

test.each([
  ['2026-01-01', 1, '2026'],
  ['2026-12-31', 1, '2026'],
  ['2026-03-31', 4, '2025-26'],
  ['2026-04-01', 4, '2026-27'],
  ['2026-11-30', 12, '2025-26'],
  ['2026-12-01', 12, '2026-27'],
  ['2099-10-01', 10, '2099-00'],
])('%s with years from month %i is in %s', (day, month, expected) => {
  expect(financialYearOf(day, month)).toBe(expected);
});

test.each([
  ['{series}-{fy}-{seq}', 1, 'INV-2026-27-000001'],
  ['{series}-{fy}-{seq}', 1_234_567, 'INV-2026-27-1234567'],
  ['{fy}/{series}/{seq}', 42, '2026-27/INV/000042'],
  ['{series}', 42, 'INV-000042'],
])('%s with %i is %s: it ends in its sequence digits', (format, sequence, expected) => {
  expect(formatDocumentNumber(format, { series: 'INV', financialYear: '2026-27', sequence })).toBe(expected);
});

test('the hash of a line does not depend on the order of its days, and changes with each of them', () => {
  const rows = [
    { project_id: 'b', day: '2026-09-01', event_count: 1, keys_hash: 'x' },
    { project_id: 'a', day: '2026-09-02', event_count: 2, keys_hash: 'y' },
    { project_id: 'a', day: '2026-09-01', event_count: 3, keys_hash: 'z' },
  ];
  const { event_count, events_hash } = combineKeysHashes(rows);
  expect(event_count).toBe(6);
  expect(combineKeysHashes(rows.toReversed()).events_hash).toBe(events_hash);
  for (const row of rows) {
    const others = rows.filter((other) => other !== row);
    expect(combineKeysHashes(others).events_hash).not.toBe(events_hash);
    expect(combineKeysHashes([...others, { ...row, keys_hash: 'w' }]).events_hash).not.toBe(events_hash);
  }
  expect(combineKeysHashes([])).toEqual({ event_count: 0, events_hash: null });
});
