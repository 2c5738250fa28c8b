/** AI generations in the form in which the edge writes them to a hot store. */
import { createHash } from 'node:crypto';
import { CALL_EVENT, CONTENT_FIELDS, contentText, hotText } from '../../src/ai/call-content.ts';
import { TOKEN_KINDS } from '../../src/ai/generation-row.ts';
import { canonicalJson } from '../../src/core/canonical-json.ts';
import { uuidv7 } from '../../src/core/id.ts';
import type { Suite } from '../invoicing/ledger-of-suite.ts';

export interface GenerationContent {
  readonly [field: string]: unknown;
  readonly tokens?: Readonly<Record<string, string>> | undefined;
}

/** The content of a call, with defaults for the required fields. */
export const contentOf = (fields: GenerationContent = {}): Record<string, unknown> => ({
  provider: 'anthropic',
  // In no price book: tests state the cost of a call where it matters.
  model: 'claude-of-the-tests',
  generation_type: 'chat',
  status: 'success',
  tokens: { input: '1000', output: '200' },
  idempotency_key: 'caller-key',
  ...fields,
});

/** The text that a hot row stores for a call with this content. */
export function hotTextOf({ tokens, priced, ...content }: GenerationContent): string {
  const fields = { ...content, tokens: tokens && TOKEN_KINDS.map((kind) => tokens[kind] ?? '0').join(' ') };
  const values = CONTENT_FIELDS.map((name) => (fields as Record<string, unknown>)[name] ?? null);
  const text = contentText(values.map((value) => (value === null ? null : canonicalJson(value))));
  return hotText(text, pricedOf((priced ?? null) as EdgeCost | null));
}

interface EdgeCost {
  readonly cost_usd: string;
  readonly price_ids: readonly string[];
}

const pricedOf = (cost: EdgeCost | null): string | null =>
  cost && [cost.cost_usd, ...cost.price_ids].map((each) => JSON.stringify(each)).join(',');

export interface SentGeneration {
  readonly project_id: string;
  readonly timestamp: string;
  /** The event's key; defaults to the content's. */
  readonly idempotency_key?: string;
  readonly ingested_at?: string;
  /** Replaces the content's text. */
  readonly text?: string;
  readonly fingerprint?: string;
  readonly content?: GenerationContent;
}

const fingerprintOf = (text: string): string => createHash('sha256').update(text).digest('base64url');

/** Returns the ids of the events. */
export function sendGenerations(
  suite: Suite,
  organisationId: string,
  sent: readonly SentGeneration[],
): string[] {
  const insert = suite.sqlite.prepare(
    `INSERT INTO usage_events (id, organisation_id, project_id, metric_name, metric_value, unit, timestamp, user_id, metadata,
       generation, idempotency_key, fingerprint, ingested_at) VALUES (?, ?, ?, 'ai.calls', '1', 'call', ?, ?, '{}', ?, ?, ?, ?)`,
  );
  return sent.map(({ project_id, timestamp, ingested_at, text, content, ...row }) => {
    const full = contentOf(content);
    const json = text ?? hotTextOf(full);
    const at = Date.parse(timestamp);
    const id = uuidv7(at);
    const userId = typeof full['user_id'] === 'string' ? full['user_id'] : null;
    const key = row.idempotency_key ?? String(full['idempotency_key']);
    const fingerprint = row.fingerprint ?? fingerprintOf(json);
    insert.run(
      id,
      organisationId,
      project_id,
      at,
      userId,
      json,
      key,
      fingerprint,
      Date.parse(ingested_at ?? timestamp),
    );
    return id;
  });
}

export interface SentFill {
  readonly organisation_id: string;
  readonly project_id: string;
  readonly idempotency_key: string;
  readonly first_event_id: string;
  readonly content: GenerationContent;
  readonly received_at: string;
  readonly kind?: 'fill' | 'conflict';
}

/** Inserts a later arrival under the key of an earlier call. */
export function sendFill(suite: Suite, fill: SentFill): void {
  const { organisation_id, project_id, idempotency_key, first_event_id } = fill;
  const generation = contentOf(fill.content);
  const user_id = generation['user_id'] ?? null;
  const event = { ...CALL_EVENT, metadata: {}, user_id, idempotency_key, generation };
  const fingerprint = fingerprintOf(canonicalJson(generation));
  const receivedAt = Date.parse(fill.received_at);
  suite.sqlite
    .prepare(
      `INSERT INTO event_conflicts (id, organisation_id, project_id, idempotency_key, fingerprint, kind, event, first_event_id,
         received_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      uuidv7(receivedAt),
      organisation_id,
      project_id,
      idempotency_key,
      fingerprint,
      fill.kind ?? 'fill',
      JSON.stringify(event),
      first_event_id,
      receivedAt,
    );
}

/** A call with every field set. */
export const FULL: GenerationContent = {
  scene_description: 'a chat',
  user_id: 'u1',
  session_id: 's1',
  application_id: 'app',
  sku: 'pro',
  request_id: 'req_1',
  response_id: 'msg_1',
  error_code: 'e',
  error_message: 'said "no"\\',
  duration_ms: 1234,
  service_tier: 'batch',
  tokens: {
    input: '1000',
    output: '200',
    cache_read: '30',
    cache_write_5m: '4',
    cache_write_1h: '5',
    reasoning: '60',
  },
  cost_usd: '0.004500000001',
  input_summary: 'in',
  output_summary: 'öut',
  request_data: { messages: [{ role: 'user', content: 'hi "there"\\' }] },
  response_data: ['x', null, 1.5],
  ip_address: '192.0.2.1',
  user_agent: 'curl',
};
