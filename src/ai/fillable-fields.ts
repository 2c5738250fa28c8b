/**
 * Pure: fields that a later arrival of the same AI call adds to the first. Only empty fields are filled. Fields that
 * metering and pricing use (tokens, cost, status, model, tier) never change after the first arrival.
 */
import { CONTENT_FIELDS } from './call-content.ts';

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

/** Also filled, which updates the statistics of the call's day. */
const COUNTED_FIELDS = ['user_id', 'duration_ms'] as const;

/** All fields that a later arrival can fill. */
export const ARRIVAL_FIELDS = [...FILLABLE_FIELDS, ...COUNTED_FIELDS] as const;

const PLACES = ARRIVAL_FIELDS.map((field) => CONTENT_FIELDS.indexOf(field));

/**
 * Whether the content (call-content.ts) has a field that the first lacks. `lacks` has one bit for each of
 * ARRIVAL_FIELDS.
 */
export function fillsAny(content: string, lacks: number): boolean {
  if (lacks === 0) return false;
  const values = JSON.parse(content) as readonly unknown[];
  return PLACES.some((place, bit) => (lacks & (1 << bit)) !== 0 && (values[place] ?? null) !== null);
}
