/**
 * Pure: what a later arrival of the same AI call adds to the first. Only what describes a call can be added; what it was
 * counted by (tokens, cost, status, model, tier, duration, user) stays as it came first.
 */
export const FILLABLE_FIELDS = [
  'scene_description',
  'session_id',
  'application_id',
  'sku',
  'request_id',
  'error_code',
  'error_message',
  'input_summary',
  'output_summary',
  'request_data',
  'response_data',
  'ip_address',
  'user_agent',
] as const;

export type FillableField = (typeof FILLABLE_FIELDS)[number];

/** Whether the content, as JSON text, has a field that the first lacks; `lacks` has a bit for each of FILLABLE_FIELDS. */
export function fillsAny(json: string, lacks: number): boolean {
  if (lacks === 0) return false;
  const content = JSON.parse(json) as Readonly<Record<string, unknown>>;
  return FILLABLE_FIELDS.some((field, bit) => (lacks & (1 << bit)) !== 0 && Object.hasOwn(content, field));
}
