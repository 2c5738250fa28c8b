/** Rows of a hot store for the pure tests. */
import type { HotEvent } from '../../src/rollup/hot-event.ts';

export const uuid = (number: number): string => `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`;

export const NOW = Date.UTC(2026, 0, 15, 12, 30);

export const hotEvent = (seq: number, overrides: Partial<HotEvent> = {}): HotEvent => ({
  seq,
  id: uuid(seq),
  organisation_id: uuid(901),
  project_id: uuid(902),
  metric_name: 'tokens',
  metric_value: '1',
  unit: 'token',
  timestamp: NOW,
  user_id: null,
  metadata: '{}',
  generation: null,
  idempotency_key: `k${seq}`,
  fingerprint: 'f',
  ingested_at: NOW,
  ...overrides,
});
