/** Events as a seller of an AI product sends them: about 224 bytes of JSON, keys that never repeat. */
import { randomBytes } from 'node:crypto';

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

export function makeEvents(count: number, now = Date.now()): BenchEvent[] {
  const keys = randomBytes(count * 10).toString('hex');
  return Array.from({ length: count }, (_, index): BenchEvent => {
    const [metric_name, unit] = METRICS[index % METRICS.length] ?? METRICS[0];
    return {
      metric_name,
      metric_value: `${(index * 37) % 5000}.${index % 10}`,
      unit,
      timestamp: new Date(now - ((index * 13) % SPAN_MS)).toISOString(),
      idempotency_key: `evt_${keys.slice(index * 20, index * 20 + 20)}`,
      user_id: `user_${index % 997}`,
      metadata: { model: MODELS[index % MODELS.length] ?? '', region: 'eu-1' },
    };
  });
}
