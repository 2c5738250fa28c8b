/** The fields of a call on the wire, by their places below it. */
export const CALL_FIELDS = {
  provider: '/provider',
  model: '/model',
  generation_type: '/generation_type',
  scene: '/scene',
  scene_description: '/scene_description',
  user_id: '/user_id',
  session_id: '/session_id',
  application_id: '/application_id',
  sku: '/sku',
  request_id: '/request_id',
  response_id: '/response_id',
  status: '/status',
  error_code: '/error_code',
  error_message: '/error_message',
  duration_ms: '/duration_ms',
  service_tier: '/service_tier',
  tokens: '/tokens',
  cost_usd: '/cost_usd',
  input_summary: '/input_summary',
  output_summary: '/output_summary',
  request_data: '/request_data',
  response_data: '/response_data',
  ip_address: '/ip_address',
  user_agent: '/user_agent',
  occurred_at: '/occurred_at',
  idempotency_key: '/idempotency_key',
} as const;

export const TOKEN_FIELDS = {
  input: '/tokens/input',
  output: '/tokens/output',
  cache_read: '/tokens/cache_read',
  cache_write_5m: '/tokens/cache_write_5m',
  cache_write_1h: '/tokens/cache_write_1h',
  reasoning: '/tokens/reasoning',
  convention: '/tokens/convention',
} as const;

export const CALL_POINTERS = { ...CALL_FIELDS, ...TOKEN_FIELDS } as const;
export type CallField = keyof typeof CALL_POINTERS;
