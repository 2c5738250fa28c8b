/** The shipped trace (test/fixtures): one call per line, `TIMESTAMP,ContextTokens,GeneratedTokens`, times in UTC. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from '../paths.ts';

export interface TraceCall {
  readonly timestamp: string;
  readonly inputTokens: string;
  readonly outputTokens: string;
}

export function readTrace(): TraceCall[] {
  const text = readFileSync(join(REPOSITORY, 'test/fixtures/azure-llm-code-2023.csv'), 'utf8');
  return text
    .trim()
    .split(/\r?\n/)
    .slice(1)
    .map((line) => {
      const [time = '', inputTokens = '', outputTokens = ''] = line.split(',');
      return { timestamp: `${time.replace(' ', 'T')}Z`, inputTokens, outputTokens };
    });
}

export interface TraceEvent {
  readonly metric_name: string;
  readonly metric_value: string;
  readonly unit: string;
  readonly timestamp: string;
  readonly idempotency_key: string;
}

/** Each call is two events: tokens in, tokens out. */
export const eventsOf = (calls: readonly TraceCall[]): TraceEvent[] =>
  calls.flatMap(({ timestamp, inputTokens, outputTokens }, index) => {
    const key = `azure-llm-code-2023/${index + 1}`;
    const common = { unit: 'token', timestamp };
    return [
      { ...common, metric_name: 'tokens.input', metric_value: inputTokens, idempotency_key: `${key}/in` },
      { ...common, metric_name: 'tokens.output', metric_value: outputTokens, idempotency_key: `${key}/out` },
    ];
  });
