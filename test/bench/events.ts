/** Events as a seller of an AI product sends them: about 224 bytes of JSON, keys that never repeat. */
import { randomBytes } from 'node:crypto';

/**
 * `ordered`: keys that grow with time, like UUIDv7, ULID and counters. `random`: like UUIDv4; each then falls
 * on a different page of the index, which is expensive for any B-tree.
 */
export type KeyOrder = 'ordered' | 'random';

export const METRICS = [
  ['tokens.input', 'tokens'],
  ['tokens.output', 'tokens'],
  ['requests', 'count'],
  ['compute.time', 'seconds'],
  ['storage.read', 'bytes'],
] as const;

export interface BenchEvent {
  readonly metric_name: string;
  readonly metric_value: string;
  readonly unit: string;
  readonly timestamp: string;
  readonly idempotency_key: string;
  readonly user_id: string;
  readonly metadata: Readonly<Record<string, string>>;
}

const MODELS = ['small-2', 'large-3', 'embed-1'];
const SPAN_MS = 60_000;
const KEY_DIGITS = 20;

let made = Date.now() * 1000;

function makeKeys(count: number, order: KeyOrder): string[] {
  const random = randomBytes((count * KEY_DIGITS) / 2).toString('hex');
  return Array.from({ length: count }, (_, index) => {
    const digits = random.slice(index * KEY_DIGITS, (index + 1) * KEY_DIGITS);
    if (order === 'random') return `evt_${digits}`;
    return `evt_${(made++).toString(16).padStart(14, '0')}${digits.slice(14)}`;
  });
}

export function makeEvents(count: number, order: KeyOrder = 'ordered'): BenchEvent[] {
  const now = Date.now();
  return makeKeys(count, order).map((idempotency_key, index): BenchEvent => {
    const [metric_name, unit] = METRICS[index % METRICS.length] ?? METRICS[0];
    return {
      metric_name,
      metric_value: `${(index * 37) % 5000}.${index % 10}`,
      unit,
      timestamp: new Date(now - ((index * 13) % SPAN_MS)).toISOString(),
      idempotency_key,
      user_id: `user_${index % 997}`,
      metadata: { model: MODELS[index % MODELS.length] ?? '', region: 'eu-1' },
    };
  });
}
